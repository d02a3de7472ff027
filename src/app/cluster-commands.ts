/** What verbs of the command line do in a cluster: each opens the API for itself, and tells what went wrong in words. */
import { join, resolve } from "node:path";
import { credentialSecrets } from "../translate/envoy/control-plane-tls.ts";
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
  if (found.kind === "missing") return found.message;
  const file = (name: string) => join(resolve(directory), name);
  const paths = { certificateFile: file("tls.crt"), keyFile: file("tls.key"), authorityFile: file("ca.crt") };
  const secrets = [...credentialSecrets(paths)].map(
    ([name, content]) => [name, Buffer.from(JSON.stringify(content))] as const,
  );
  // The certificates come last: by then Envoy knows what to do with them.
  return await writeFleetCredentials(directory, new Map([...secrets, ...found.files]));
}
