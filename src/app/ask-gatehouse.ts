import { tokenHeader } from "../admin/api/tenant-server.ts";
import { type KubeFailure, type KubeResult, resourcePath } from "../core/kube-client.ts";
import { type KubeApi, loadKubeApi } from "../watch/kube-api.ts";

/** Whose answers are wanted, and how the cluster is reached. */
export interface CallerOptions {
  readonly kubeconfig?: string;
  /** Another context of the kubeconfig than its current one. */
  readonly context?: string;
  /** Asks with this token instead of the kubeconfig's. */
  readonly token?: string;
  /** Asks as this service account, for which a token is made that is good for ten minutes. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

/** Where the control plane's Service is. */
export interface GatehouseService {
  readonly namespace: string;
  readonly name: string;
}

/** What was answered, or in words why nothing was. */
export type Asked<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "failed"; readonly message: string };

/** A question that is on its way: without a body it is a GET. */
export interface Question {
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;

/** Asks the control plane of a cluster, through the API server's proxy for Services. */
export async function askThroughApiServer(
  caller: CallerOptions,
  { namespace, name }: GatehouseService,
  { path, body, timeoutMs = defaultTimeoutMs }: Question,
): Promise<Asked<unknown>> {
  return withApi(caller, async (api) => {
    const token = await tokenOf(api, caller);
    if (token.kind === "failed") return token;
    const services = { group: "", version: "v1", plural: "services" };
    const proxied = resourcePath(services, { namespace, name: `https:${name}:443`, subresource: "proxy" });
    const answer = await api.request<unknown>({
      method: body === undefined ? "GET" : "POST",
      path: `${proxied.replaceAll("%3A", ":")}${path}`,
      ...(body !== undefined && { body }),
      // The proxy keeps Authorization for itself.
      headers: { [tokenHeader]: token.value },
      timeoutMs,
    });
    return answer.kind === "ok" ? answer : { kind: "failed", message: explain(answer, { namespace, name }) };
  });
}

/** The token with which a caller asks, wherever it is sent. */
export async function callerToken(caller: CallerOptions): Promise<Asked<string>> {
  if (caller.token !== undefined) return { kind: "ok", value: caller.token };
  return withApi(caller, (api) => tokenOf(api, caller));
}

async function withApi<T>(
  { kubeconfig, context }: CallerOptions,
  ask: (api: KubeApi) => Promise<Asked<T>>,
): Promise<Asked<T>> {
  const api = loadKubeApi({
    ...(kubeconfig !== undefined && { kubeconfig }),
    ...(context !== undefined && { context }),
  });
  if (api.kind === "failed") return api;
  try {
    return await ask(api.value);
  } finally {
    api.value.close();
  }
}

async function tokenOf(api: KubeApi, { token, serviceAccount }: CallerOptions): Promise<Asked<string>> {
  if (token !== undefined) return { kind: "ok", value: token };
  if (serviceAccount !== undefined) return requestToken(api, serviceAccount);
  const own = await api.token();
  if (own.kind === "failed") return own;
  return own.value === undefined ? { kind: "failed", message: noToken } : { kind: "ok", value: own.value };
}

const noToken =
  "your kubeconfig identifies you by a certificate, which does not go through the API server's proxy: " +
  "give --as-service-account NAMESPACE/NAME to ask with a token of that account, or --token";

async function requestToken(
  api: KubeApi,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<Asked<string>> {
  const accounts = { group: "", version: "v1", plural: "serviceaccounts" };
  const answer: KubeResult<unknown> = await api.request({
    method: "POST",
    path: resourcePath(accounts, { namespace, name, subresource: "token" }),
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } },
  });
  if (answer.kind === "failed")
    return { kind: "failed", message: `no token of ${namespace}/${name}: ${answer.message}` };
  // The API server's answer.
  const { status } = answer.value as { readonly status?: { readonly token?: unknown } };
  return typeof status?.token === "string"
    ? { kind: "ok", value: status.token }
    : { kind: "failed", message: `no token of ${namespace}/${name}: the API server's answer has none` };
}

/** Says what to do about what the API server refuses itself; anything else is said by the control plane. */
function explain({ status, message }: KubeFailure, { namespace, name }: GatehouseService): string {
  if (status === 403 && message.includes("services/proxy")) {
    return `${message}: you need the right to reach the Service ${namespace}/${name} through the API server`;
  }
  if (status === 404 && message.includes(`"${name}"`)) {
    return `there is no Service ${namespace}/${name}: is Gatehouse installed there, with api.enabled?`;
  }
  return message;
}
