import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { RequestOptions } from "node:https";
import { isIPv6 } from "node:net";
import { join } from "node:path";

/** Where the API server is, and what says who asks. */
export interface KubeCredentials {
  readonly server: string;
  /** The namespace that they belong to, where they tell. */
  readonly namespace: string | undefined;
  /** Whether requests need the agent that {@link apply} gives them: it leads through a proxy. */
  readonly proxied: boolean;
  /** Adds to a request what its sender is known by. Rejects where that cannot be had. */
  apply(options: RequestOptions): Promise<void>;
}

/** What tells a pod about its own account. */
export interface PodAccountOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the account's files are mounted. */
  readonly folder?: string;
  readonly now?: () => number;
}

/** Where the kubelet mounts the account. */
const usualFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The kubelet renews a token long before it ends. */
const freshMs = 60_000;

/**
 * Finds the pod's own service account; undefined outside of a pod. Made here and not by the client library: loading that takes
 * 60 MiB and a second of CPU time, which every replica would pay for two files.
 */
export function podAccount({
  environment,
  folder = usualFolder,
  now = Date.now,
}: PodAccountOptions): KubeCredentials | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port) return undefined;
  const file = (name: string): string => join(folder, name);
  let read: { readonly at: number; readonly token: string; readonly ca: string } | undefined;
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: namespaceIn(file("namespace")),
    proxied: false,
    apply: async (options) => {
      if (read === undefined || now() - read.at >= freshMs) {
        const [token, ca] = await Promise.all([readFile(file("token"), "utf8"), readFile(file("ca.crt"), "utf8")]);
        read = { at: now(), token: token.trim(), ca };
      }
      options.ca = read.ca;
      options.headers = { ...options.headers, authorization: `Bearer ${read.token}` };
    },
  };
}

function namespaceIn(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    // Whoever needs it can be told in other ways.
    return undefined;
  }
}
