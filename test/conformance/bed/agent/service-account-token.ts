import type { BedApi } from "../api.ts";
import type { Pod, TokenSource } from "./pod.ts";

/** A token and the moment from which the agent asks for its successor. */
export interface IssuedToken {
  readonly token: string;
  readonly refreshAt: number;
}

const defaultSeconds = 3600;
const dayMs = 86_400_000;

/** Asks the API server for a token of the pod's service account, bound to the pod. */
export async function requestToken(api: BedApi, pod: Pod, source: TokenSource): Promise<IssuedToken> {
  const namespace = pod.metadata.namespace ?? "default";
  const account = pod.spec.serviceAccountName ?? "default";
  const started = Date.now();
  const answer = await api.create<{ status: { token: string; expirationTimestamp: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        ...(source.audience === undefined ? {} : { audiences: [source.audience] }),
        expirationSeconds: source.expirationSeconds ?? defaultSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pod.metadata.name, uid: pod.metadata.uid },
      },
    },
  );
  const expires = Date.parse(answer.status.expirationTimestamp);
  return { token: answer.status.token, refreshAt: tokenRefreshTime(started, expires) };
}

/** When to replace a token: after four fifths of its life, and at least once a day. */
export function tokenRefreshTime(issuedAt: number, expiresAt: number): number {
  return issuedAt + Math.min(Math.floor((expiresAt - issuedAt) * 0.8), dayMs);
}
