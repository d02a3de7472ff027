import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../api.ts";
import type { NodeAgentOptions } from "../node-agent-options.ts";

const heartbeatMs = 10_000;

/** Says of the node what the agent can do, and keeps its Lease fresh until the signal fires. */
export async function reportNode(options: NodeAgentOptions, signal: AbortSignal): Promise<void> {
  const { api, nodeName, kubeletPort } = options;
  const status = {
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    // The API server then hands the clients' WebSockets through, instead of turning them into SPDY.
    declaredFeatures: ["ExtendWebSocketsToKubelet"],
  };
  await api.merge(`/api/v1/nodes/${nodeName}/status`, { status });
  void keepLease(options, signal);
}

async function keepLease({ api, nodeName }: NodeAgentOptions, signal: AbortSignal): Promise<void> {
  const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
  while (!signal.aborted) {
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: 40, renewTime: microTime() };
    try {
      await api.merge(`${leases}/${nodeName}`, { spec });
    } catch (error) {
      const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: nodeName }, spec };
      // The API server may be away for a while, and makes the namespace a little after its start: the next beat tries again.
      if (error instanceof ApiError && error.status === 404) await api.create(leases, lease).catch(() => {});
    }
    await sleep(heartbeatMs, undefined, { signal }).catch(() => {});
  }
}

function microTime(): string {
  return new Date().toISOString().replace("Z", "000Z");
}
