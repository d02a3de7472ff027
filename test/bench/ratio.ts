import { median } from "./samples.ts";
import { type TranslatedWorld, translateWorld } from "./translation.ts";

/** How a change with many routes compares with one with few. */
export interface Ratio {
  readonly fewRoutes: number;
  readonly manyRoutes: number;
  /** The median of the rounds' ratios of medians, wall time. */
  readonly wall: number;
  /** The same of the CPU time of the process, the garbage collector's share included. */
  readonly cpu: number;
  readonly fewMs: readonly number[];
  readonly manyMs: readonly number[];
  /** The most bytes that a change would send. */
  readonly fewBytes: number;
  readonly manyBytes: number;
}

/** One of two sizes of the same gateway, translated in one process so that both meet the same machine. */
export interface Sizes {
  readonly few: TranslatedWorld;
  readonly many: TranslatedWorld;
}

const rounds = 9;
const slicesPerRound = 4;
const changesPerSlice = 50;

/** Translates both sizes and warms the code up. */
export function prepareSizes(fewRoutes: number, manyRoutes: number): Sizes {
  const few = translateWorld("hostnames", fewRoutes);
  const many = translateWorld("hostnames", manyRoutes);
  for (let round = 0; round < 4; round++) {
    few.change(250);
    many.change(250);
  }
  return { few, many };
}

/** Measures both sizes in turn, so that whatever else the machine does falls on both. */
export function measureRatio({ few, many }: Sizes): Ratio {
  const results = Array.from({ length: rounds }, () => measureRound(few, many));
  const fewBytes = Math.max(...results.map((round) => round.few.bytes));
  const manyBytes = Math.max(...results.map((round) => round.many.bytes));
  return {
    fewRoutes: few.routes,
    manyRoutes: many.routes,
    wall: median(results.map((round) => round.many.wallMs / round.few.wallMs)),
    cpu: median(results.map((round) => round.many.cpuMs / round.few.cpuMs)),
    fewMs: results.map((round) => round.few.wallMs),
    manyMs: results.map((round) => round.many.wallMs),
    fewBytes,
    manyBytes,
  };
}

interface RoundCosts {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

function measureRound(few: TranslatedWorld, many: TranslatedWorld) {
  const slices = Array.from({ length: slicesPerRound }, () => ({
    few: few.change(changesPerSlice),
    many: many.change(changesPerSlice),
  }));
  const sum = (costs: readonly ReturnType<TranslatedWorld["change"]>[]): RoundCosts => ({
    wallMs: median(costs.flatMap(({ wallMs }) => wallMs)),
    cpuMs: costs.reduce((total, { cpuMs }) => total + cpuMs, 0) / costs.length,
    bytes: Math.max(...costs.flatMap(({ bytes }) => bytes)),
  });
  return { few: sum(slices.map((slice) => slice.few)), many: sum(slices.map((slice) => slice.many)) };
}
