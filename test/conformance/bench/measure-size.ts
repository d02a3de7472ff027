import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Bed, startBed } from "../bed/start-bed.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import type { BenchResult, BenchSettings } from "./bench-settings.ts";

/** How a measurement is watched over. */
export interface MeasureOptions {
  readonly onProgress: (line: string) => void;
  /** Told of the cluster that runs, so that whoever ends early ends it too; undefined once it is gone. */
  readonly onBed: (bed: Bed | undefined) => void;
}

const program = fileURLToPath(new URL("inside.ts", import.meta.url));

/** Measures one size on a cluster of its own, with Gatehouse from the chart and one proxy. */
export async function measureSize(settings: BenchSettings, options: MeasureOptions): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "bed-"));
  const crds = { version: "v1.7.0", channel: "standard" } as const;
  const bed = await startBed({ stateDirectory: join(folder, "state"), crds });
  options.onBed(bed);
  try {
    const { routes, replicas } = settings;
    options.onProgress(`${routes} routes, replicas of the control plane: ${replicas}`);
    await installGatehouse(bed, {
      replicas,
      class: { name: gatehouse.gatewayClass, parameters: { replicas: 1 } },
    });
    return await runInside(bed, settings, options);
  } finally {
    await bed.stop();
    options.onBed(undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runInside(bed: Bed, settings: BenchSettings, { onProgress }: MeasureOptions): Promise<BenchResult> {
  const { routes, samples } = settings;
  const { code, stdout, stderr } = await bed.run([process.execPath, program, bed.layout.credentials], {
    input: JSON.stringify(settings),
    // Several times what it takes.
    timeoutSeconds: 300 + routes * 0.2 + samples * 4,
    onOutput: (text) => {
      if (!text.startsWith("{")) onProgress(`  ${text.trim()}`);
    },
  });
  if (code !== 0) throw new Error(`the measurement ended with ${code}: ${stderr.slice(-2000)}`);
  // The last thing that the program prints.
  return JSON.parse(stdout) as BenchResult;
}
