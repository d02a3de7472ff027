import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orAbsent } from "../api.ts";
import { type Bed, startBed } from "../start-bed.ts";
import { waitFor } from "../wait-for.ts";
import type { ContainerSpec, Pod, PodSpec } from "./pod.ts";
import { podPath } from "./pod.ts";

/** The status of a pod as tests look at it. */
export interface SeenStatus {
  readonly phase: string;
  readonly podIP?: string;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly lastTransitionTime: string;
  }[];
  readonly containerStatuses?: readonly SeenContainer[];
  readonly initContainerStatuses?: readonly SeenContainer[];
}

export interface SeenContainer {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: SeenState;
  readonly lastState: SeenState;
}

export interface SeenState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason: string;
    readonly message?: string;
  };
}

/** A bed of one test file, with what tests of pods do again and again. */
export interface PodFixture {
  readonly bed: Bed;
  create(name: string, spec: PodSpec): Promise<void>;
  status(name: string): Promise<SeenStatus | undefined>;
  /** Waits until the pod's status is as wanted. */
  until(name: string, what: string, wanted: (status: SeenStatus) => boolean): Promise<SeenStatus>;
  /** Runs a shell command as a pod to its end; answers what it printed and how it ended. */
  runToEnd(name: string, command: string, spec?: Partial<PodSpec>, container?: Partial<ContainerSpec>): Promise<Ended>;
  logs(name: string, ...options: string[]): Promise<string>;
  kubectl(...args: string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** Deletes a pod and waits until it is gone. */
  remove(name: string, ...options: string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface Ended {
  readonly exitCode: number;
  readonly log: string;
}

/** A container of an image whose user is root. */
export const rootImage = "echo-basic";
/** A container of an image whose user is 65532. */
export const userImage = "gatehouse";

/** Brings a bed up for one test file. */
export async function startPodFixture(): Promise<PodFixture> {
  const stateDirectory = mkdtempSync(join(tmpdir(), "bed-"));
  const bed = await startBed({ stateDirectory });
  const kubectl: PodFixture["kubectl"] = (...args) => bed.run(["kubectl", ...args]);
  const status = async (name: string): Promise<SeenStatus | undefined> =>
    (await orAbsent(bed.api.get<{ status: SeenStatus }>(pathOf(name))))?.status;
  const fixture: PodFixture = {
    bed,
    status,
    kubectl,
    async create(name, spec) {
      await bed.api.create("/api/v1/namespaces/default/pods", { ...skeleton(name), spec });
    },
    until: (name, what, wanted) =>
      waitFor(`pod ${name} ${what}`, async () => {
        const seen = await status(name);
        return seen !== undefined && wanted(seen) && seen;
      }),
    async runToEnd(name, command, spec, container) {
      const main = { name: "main", image: rootImage, command: ["sh", "-c", command], ...container };
      await fixture.create(name, { restartPolicy: "Never", ...spec, containers: [main] });
      const seen = await fixture.until(name, "ends", ({ phase }) => phase === "Succeeded" || phase === "Failed");
      return { exitCode: seen.containerStatuses?.[0]?.state.terminated?.exitCode ?? -1, log: await fixture.logs(name) };
    },
    logs: async (name, ...options) => (await kubectl("logs", name, ...options)).stdout,
    async remove(name, ...options) {
      await kubectl("delete", "pod", name, "--wait=false", ...options);
      await waitFor(`the end of pod ${name}`, async () => (await status(name)) === undefined);
    },
    async stop() {
      await bed.stop();
      rmSync(stateDirectory, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** Whether the pod's condition Ready is as given. */
export function isReady(status: SeenStatus, wanted: "True" | "False" = "True"): boolean {
  return status.conditions.some((condition) => condition.type === "Ready" && condition.status === wanted);
}

function skeleton(name: string): Pick<Pod, "apiVersion" | "kind" | "metadata"> {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default", labels: { app: name } } };
}

function pathOf(name: string): string {
  return podPath({ ...skeleton(name), spec: { containers: [] } });
}
