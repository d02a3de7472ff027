import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bed, startBed } from "../bed/start-bed.ts";
import { installGatehouse } from "../suite/install-gatehouse.ts";
import { appointPeople } from "./people.ts";

/** A bed of one test file's own. */
export interface ScenarioBed {
  readonly bed: Bed;
  /** Is removed in the end. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Brings a cluster up that has the CRDs of Gateway API and nothing else. */
export async function startFreshBed(): Promise<ScenarioBed> {
  const folder = mkdtempSync(join(tmpdir(), "bed-"));
  const bed = await startBed({
    stateDirectory: join(folder, "state"),
    crds: { version: "v1.7.0", channel: "standard" },
  });
  const stop = async (): Promise<void> => {
    await bed.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { bed, folder, stop };
}

/** Brings a cluster up with Gatehouse from its chart, with some values of it, and with people who have its roles. */
export async function startScenarioBed(values: Readonly<Record<string, unknown>> = {}): Promise<ScenarioBed> {
  const scenario = await startFreshBed();
  try {
    await installGatehouse(scenario.bed, values);
    await appointPeople(scenario.bed);
    return scenario;
  } catch (error) {
    await scenario.stop();
    throw error;
  }
}
