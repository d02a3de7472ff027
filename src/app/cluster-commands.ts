/** What verbs of the command line do in a cluster: each opens the API for itself, and tells what went wrong in words. */
import { loadKubeApi } from "../watch/kube-api.ts";
import { readFleetCredentials, writeFleetCredentials } from "./fleet-credentials.ts";
import { type TryOptions, type TryResult, tryRequest } from "./try/try-request.ts";

/** Sends one request through a Gateway and finds out which way it went. */
export async function tryThroughGateway({
  kubeconfig,
  ...options
}: TryOptions & { readonly kubeconfig?: string }): Promise<TryResult> {
  const api = loadKubeApi(kubeconfig === undefined ? {} : { kubeconfig });
  return api.kind === "failed" ? { kind: "failed", message: api.message } : await tryRequest(api.value, options);
}

/** Fetches the certificate of a Gateway's proxies into a folder; what went wrong, or undefined. */
export async function saveFleetCredentials({
  gateway,
  directory,
  kubeconfig,
}: {
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly directory: string;
  readonly kubeconfig?: string;
}): Promise<string | undefined> {
  const api = loadKubeApi(kubeconfig === undefined ? {} : { kubeconfig });
  if (api.kind === "failed") return api.message;
  const found = await readFleetCredentials(api.value, gateway);
  return found.kind === "missing" ? found.message : await writeFleetCredentials(directory, found.files);
}
