import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterFacts } from "../../src/core/fleet.ts";
import type { Kind, NamespacedName, ObjectByKind } from "../../src/core/keys.ts";
import { type Scheduler, systemScheduler } from "../../src/core/scheduler.ts";
import type { StoredObject } from "../../src/core/stored-object.ts";
import { type ClusterScope, type ClusterSource, createClusterSource } from "../../src/watch/cluster-source.ts";
import { type KubeApi, loadKubeApi } from "../../src/watch/kube-api.ts";
import { type FakeApiServer, type FakeApiServerOptions, startFakeApiServer } from "./fake-api-server.ts";

/** The real client of the API server at a URL, by way of a kubeconfig. */
export function kubeApiOf(
  url: string,
  user: object = { token: "secret-token" },
  scheduler: Scheduler = systemScheduler,
): KubeApi {
  const directory = mkdtempSync(join(tmpdir(), "gatehouse-kubeconfig-"));
  const kubeconfig = join(directory, "config");
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(url, user)));
  const result = loadKubeApi({ kubeconfig, scheduler });
  rmSync(directory, { recursive: true });
  if (result.kind === "failed") throw new Error(result.message);
  return result.value;
}

/** A kubeconfig for a user of an API server on loopback. */
export function kubeconfigOf(server: string, user: object): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    // The library speaks HTTP without TLS only to who says so.
    clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "me" } }],
    "current-context": "fake",
  };
}

/** A source of a fake API server's objects, and everything that it has said. */
export interface ClusterWorld {
  readonly server: FakeApiServer;
  readonly source: ClusterSource;
  readonly objects: ReadonlyMap<string, ObjectByKind[Kind]>;
  /** `set Kind/name` and `delete Kind/name`, by batch; the last batch may not have ended yet. */
  readonly batches: readonly (readonly string[])[];
  readonly stored: ReadonlyMap<string, StoredObject>;
  readonly facts: readonly ClusterFacts[];
  readonly log: readonly string[];
  /** Starts the source and waits until it is synced. */
  start(): Promise<void>;
  /** Everything said since the last call. */
  news(): readonly string[];
  stop(): Promise<void>;
}

/** Makes a world; the source is not started, so that objects can be put before. */
export async function createClusterWorld(
  options: FakeApiServerOptions & { readonly scope?: ClusterScope } = {},
): Promise<ClusterWorld> {
  const server = await startFakeApiServer(options);
  const api = kubeApiOf(server.url);
  const objects = new Map<string, ObjectByKind[Kind]>();
  const stored = new Map<string, StoredObject>();
  const batches: string[][] = [[]];
  const facts: ClusterFacts[] = [];
  const log: string[] = [];
  let told = 0;
  const say = (word: string): void => void batches.at(-1)?.push(word);
  const write = (fields: object, message: string): void => void log.push(`${message} ${JSON.stringify(fields)}`);
  const source = createClusterSource({
    api,
    log: { info: write, warn: write, error: write },
    scope: options.scope ?? {},
    onStored: (key, value) => void (value === undefined ? stored.delete(key) : stored.set(key, value)),
    onFacts: (each) => void facts.push(each),
    // Half of every wait is by chance: none of it here.
    random: () => 0,
  });
  const sink = {
    set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]) {
      objects.set(`${kind}/${name}`, object);
      say(`set ${kind}/${name}`);
    },
    delete(kind: Kind, name: NamespacedName) {
      objects.delete(`${kind}/${name}`);
      say(`delete ${kind}/${name}`);
    },
  };
  return {
    server,
    source,
    objects,
    batches,
    stored,
    facts,
    log,
    start: () => source.start(sink, () => void batches.push([])),
    news: () => {
      const all = batches.flat();
      const fresh = all.slice(told);
      told = all.length;
      return fresh;
    },
    stop: async () => {
      await source.stop();
      api.close();
      await server.stop();
    },
  };
}

/** Waits without limit other than the test's own. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A Gateway whose one listener names Secrets of its namespace, or `namespace/name`. */
export function gatewayWith(name: string, secrets: readonly string[], extra: object = {}): object {
  const certificateRefs = secrets.map((each) => {
    const [namespace, secret] = each.includes("/") ? each.split("/") : [undefined, each];
    return { group: "", kind: "Secret", name: secret, ...(namespace !== undefined && { namespace }) };
  });
  const tls = secrets.length === 0 ? {} : { tls: { mode: "Terminate", certificateRefs } };
  const allowedRoutes = { namespaces: { from: "Same" } };
  const listener = { name: "l", port: 443, protocol: secrets.length === 0 ? "HTTP" : "HTTPS", allowedRoutes, ...tls };
  return { metadata: { name, namespace: "one", ...extra }, spec: { gatewayClassName: "c", listeners: [listener] } };
}

/** An HTTPRoute with one hostname. */
export function routeWith(name: string, hostname: string): object {
  return { metadata: { name, namespace: "one" }, spec: { hostnames: [hostname], parentRefs: [{ name: "g" }] } };
}

/** A TLS Secret, or one of another type. */
export function secretWith(name: string, text: string, type = "kubernetes.io/tls"): object {
  const bytes = Buffer.from(text).toString("base64");
  return { metadata: { name, namespace: "one" }, type, data: { "tls.crt": bytes, "tls.key": bytes } };
}
