/**
 * `make bench-cluster ROUTES=1000,5000 REPLICAS=1,2`: what routes cost on a real cluster of this machine. Prints tables;
 * `--json` prints every sample behind them.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { thisMachine } from "../../bench/samples.ts";
import { ensureBinaries } from "../bed/binaries.ts";
import { missingForBed } from "../bed/prerequisites.ts";
import type { Bed } from "../bed/start-bed.ts";
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
let bed: Bed | undefined;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void Promise.resolve(bed?.stop()).finally(() => process.exit(1));
  });
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
      const result = await measureSize(
        { routes, replicas, samples },
        {
          onProgress: (line) => console.error(line),
          onBed: (running) => {
            bed = running;
          },
        },
      );
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
