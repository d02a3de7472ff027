import type { KubeClient, KubeFailure, KubeRequest, KubeResult } from "../core/kube-client.ts";

/**
 * Lets no write pass once this replica leads no more. Duties are taken back when that is noticed, but a process that was
 * stopped for a while goes on where it was, before any of its timers has run.
 */
export function leaderClient(client: KubeClient, isLeading: () => boolean): KubeClient {
  return {
    request: <T>(request: KubeRequest): Promise<KubeResult<T>> =>
      request.method === "GET" || isLeading() ? client.request<T>(request) : Promise.resolve(notLeading),
  };
}

const notLeading: KubeFailure = {
  kind: "failed",
  status: 0,
  reason: "NotLeading",
  message: "this replica leads no more",
};
