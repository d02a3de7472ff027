import type { NodeAgentOptions } from "../node-agent-options.ts";
import { addressPool } from "./addresses.ts";
import { watchObjects } from "./keyed-objects.ts";
import { serveKubelet } from "./kubelet-server.ts";
import { reportNode } from "./node-report.ts";
import type { Pod } from "./pod.ts";
import { PodWorker } from "./pod-worker.ts";

/** A running node agent. */
export interface NodeAgent {
  /** Ends every pod at once, without telling the API server, and stops. */
  close(): Promise<void>;
}

/** Runs the pods that are bound to this node, as processes, and serves the kubelet's API for them. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const stop = new AbortController();
  const workers = new Map<string, PodWorker>();
  const objects = watchObjects(options.api, stop.signal);
  const addresses = addressPool(options.podCidr);
  let links = 0;
  const take = (change: "set" | "deleted", pod: Pod): void => {
    const uid = pod.metadata.uid ?? "";
    const worker = workers.get(uid);
    if (change === "deleted") remove(uid, worker, 0);
    else if (pod.metadata.deletionTimestamp !== undefined) {
      const known = worker ?? new PodWorker(pod, { options, objects, addresses, linkName: `pod${links++}` });
      workers.set(uid, known);
      known.update(pod);
      remove(uid, known, pod.metadata.deletionGracePeriodSeconds ?? 30);
    } else if (worker !== undefined) worker.update(pod);
    else if (!hasEnded(pod)) {
      const created = new PodWorker(pod, { options, objects, addresses, linkName: `pod${links++}` });
      workers.set(uid, created);
      created.start();
    }
  };
  const remove = (uid: string, worker: PodWorker | undefined, graceSeconds: number): void => {
    void worker?.remove(graceSeconds).then(() => workers.delete(uid));
  };
  const find = (namespace: string, name: string): PodWorker | undefined =>
    [...workers.values()].find(({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name);
  const server = await serveKubelet(options, find);
  await reportNode(options, stop.signal);
  options.api.watch<Pod>(`/api/v1/pods?fieldSelector=spec.nodeName%3D${options.nodeName}`, take, stop.signal);
  return {
    async close() {
      stop.abort();
      await Promise.all([...workers.values()].map((worker) => worker.remove(0)));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}
