import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { envoyPath } from "../support/envoy.ts";
import { measureRatio, prepareSizes, type Ratio } from "./ratio.ts";
import { type EnvoyCosts, measureWithEnvoy } from "./real-envoy.ts";
import { type Machine, thisMachine } from "./samples.ts";
import { measureSize, type SizeCosts, type SizeToMeasure } from "./sizes.ts";
import type { Shape } from "./world.ts";

/** Everything that `npm run bench` measures. */
export interface Report {
  readonly machine: Machine & { readonly envoy: string };
  readonly ratio: Ratio;
  readonly sizes: readonly SizeCosts[];
  readonly envoy: readonly EnvoyCosts[];
}

export interface FullBenchOptions {
  readonly envoy: boolean;
  readonly onProgress: (line: string) => void;
}

const translated: readonly SizeToMeasure[] = [
  { shape: "hostnames", routes: 1_000, changes: 1_000 },
  { shape: "hostnames", routes: 5_000, changes: 1_000 },
  { shape: "hostnames", routes: 20_000, changes: 1_000 },
  { shape: "paths", routes: 2_000, changes: 60 },
  { shape: "no hostname", routes: 1_000, changes: 60 },
  { shape: "no hostname", routes: 5_000, changes: 60 },
  { shape: "wildcards", routes: 1_000, changes: 200 },
];

/** The last is what one big table costs: wildcard hostnames share one however many they are. */
const served: readonly (readonly [Shape, number])[] = [
  ["hostnames", 1_000],
  ["hostnames", 5_000],
  ["hostnames", 20_000],
  ["wildcards", 5_000],
];

/** Measures everything, one thing after the other. */
export async function runFullBench({ envoy, onProgress }: FullBenchOptions): Promise<Report> {
  const sizes: SizeCosts[] = [];
  for (const size of translated) {
    onProgress(`translation: ${size.routes} routes, ${size.shape}`);
    sizes.push(await measureSize(size));
  }
  onProgress("translation: 20000 routes against 1000");
  const ratio = measureRatio(prepareSizes(1_000, 20_000));
  const costs: EnvoyCosts[] = [];
  for (const [shape, routes] of envoy ? served : []) {
    onProgress(`real Envoy: ${routes} routes, ${shape}`);
    costs.push(await measureWithEnvoy(shape, routes));
  }
  return { machine: { ...thisMachine(), envoy: await envoyVersion() }, ratio, sizes, envoy: costs };
}

async function envoyVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)(envoyPath, ["--version"]);
  return /\/(\d+\.\d+\.\d+)\//.exec(stdout)?.[1] ?? stdout.trim();
}
