import { cpus, release, totalmem } from "node:os";

/** What one series of samples says, in the unit of the samples. */
export interface Summary {
  readonly count: number;
  readonly least: number;
  readonly median: number;
  readonly mean: number;
  readonly p90: number;
  readonly p99: number;
}

/** The machine that a figure came from: figures of different machines do not compare. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
}

/** Sums up samples. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    count: sorted.length,
    least: quantile(sorted, 0),
    median: quantile(sorted, 0.5),
    mean: sorted.reduce((sum, sample) => sum + sample, 0) / Math.max(1, sorted.length),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
  };
}

/** The middle one. */
export function median(samples: readonly number[]): number {
  return summarize(samples).median;
}

/** The machine that this runs on. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
