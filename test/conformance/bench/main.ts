/**
 * `make bench-cluster ROUTES=1000,5000 REPLICAS=1,2`: what routes cost on a real cluster of this machine. Prints tables;
 * `--json` prints every sample behind them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { thisMachine } from "../../bench/samples.ts";
import { ensureBinaries } from "../bed/binaries.ts";
import { layoutOf } from "../bed/layout.ts";
import { missingForBed } from "../bed/prerequisites.ts";
import { endBed } from "../bed/stop-bed.ts";
import type { BenchReport, BenchResult } from "./bench-settings.ts";
import { formatBench } from "./bench-table.ts";
import { measureSize } from "./measure-size.ts";

const { values } = parseArgs({
  options: {
    routes: { type: "string", default: "1000,5000" },
    replicas: { type: "string", default: "1,2" },
    samples: { type: "string", default: "100" },
    json: { type: "boolean", default: false },
  },
});

const missing = missingForBed();
if (missing !== undefined) {
  console.error(missing);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "bed-"));
const stateDirectory = join(folder, "state");
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
// Nobody else ends the cluster.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void endBed(layoutOf(stateDirectory)).finally(() => process.exit(1)));
}
await ensureBinaries();
const report = await measureAll();
console.log(formatBench(report));
if (values.json) console.log(JSON.stringify(report));

async function measureAll(): Promise<BenchReport> {
  const [loadBefore = 0] = loadavg();
  const results: BenchResult[] = [];
  const [samples = 0] = numbers("samples", values.samples);
  for (const replicas of numbers("replicas", values.replicas)) {
    for (const routes of numbers("routes", values.routes)) {
      const onProgress = (line: string): void => console.error(line);
      const result = await measureSize({ routes, replicas, samples }, { stateDirectory, onProgress });
      results.push(result);
    }
  }
  return { machine: thisMachine(), loadBefore, results };
}

function numbers(name: string, text: string): readonly number[] {
  const parsed = text.split(",").map(Number);
  if (parsed.some((value) => !Number.isInteger(value) || value < 1))
    throw new Error(`--${name} must be whole numbers with commas between them, not ${JSON.stringify(text)}`);
  return parsed;
}
