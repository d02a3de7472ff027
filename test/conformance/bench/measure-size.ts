import { fileURLToPath } from "node:url";
import { type Bed, startBed } from "../bed/start-bed.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import type { BenchResult, BenchSettings } from "./bench-settings.ts";

/** How a measurement is run. */
export interface MeasureOptions {
  /** Where the cluster keeps its state. */
  readonly stateDirectory: string;
  readonly onProgress: (line: string) => void;
}

const program = fileURLToPath(new URL("inside.ts", import.meta.url));

/** Measures one size on a cluster of its own, with Gatehouse from the chart and one proxy. */
export async function measureSize(settings: BenchSettings, options: MeasureOptions): Promise<BenchResult> {
  const { stateDirectory, onProgress } = options;
  const bed = await startBed({ stateDirectory, crds: { version: "v1.7.0", channel: "standard" } });
  try {
    const { routes, replicas } = settings;
    onProgress(`${routes} routes, replicas of the control plane: ${replicas}`);
    await installGatehouse(bed, { replicas, class: { name: gatehouse.gatewayClass, parameters: { replicas: 1 } } });
    return await runInside(bed, settings, options);
  } finally {
    await bed.stop();
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
