import type { NodeAgentOptions } from "../node-agent-options.ts";
import { addressPool } from "./addresses.ts";
import { watchObjects } from "./keyed-objects.ts";
import { serveKubelet } from "./kubelet-server.ts";
import { reportNode } from "./node-report.ts";
import type { Pod } from "./pod.ts";
import { PodWorker } from "./pod-worker.ts";

/**
 * Runs the pods that are bound to this node, as processes, and serves the kubelet's API for them, for as long as this process
 * lives: pods end with it.
 */
export async function startNodeAgent(options: NodeAgentOptions): Promise<void> {
  const { signal } = new AbortController();
  const workers = new Map<string, PodWorker>();
  const objects = watchObjects(options.api, signal);
  const addresses = addressPool(options.podCidr);
  let links = 0;
  const create = (pod: Pod): PodWorker => {
    const worker = new PodWorker(pod, { options, objects, addresses, linkName: `pod${links++}` });
    workers.set(pod.metadata.uid ?? "", worker);
    return worker;
  };
  const remove = (worker: PodWorker | undefined, graceSeconds: number): void => {
    void worker?.remove(graceSeconds).then(() => workers.delete(worker.pod.metadata.uid ?? ""));
  };
  const take = (change: "set" | "deleted", pod: Pod): void => {
    const worker = workers.get(pod.metadata.uid ?? "");
    if (change === "deleted") remove(worker, 0);
    else if (pod.metadata.deletionTimestamp !== undefined) {
      const ending = worker ?? create(pod);
      ending.update(pod);
      remove(ending, pod.metadata.deletionGracePeriodSeconds ?? 30);
    } else if (worker !== undefined) worker.update(pod);
    else if (!hasEnded(pod)) create(pod).start();
  };
  const find = (namespace: string, name: string): PodWorker | undefined =>
    [...workers.values()].find(({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name);
  await serveKubelet(options, find);
  await reportNode(options, signal);
  options.api.watch<Pod>(`/api/v1/pods?fieldSelector=spec.nodeName%3D${options.nodeName}`, take, signal);
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
