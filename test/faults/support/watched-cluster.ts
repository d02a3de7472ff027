import { type Kind, kindNames, kinds } from "../../../src/core/keys.ts";
import type { Scheduler } from "../../../src/core/scheduler.ts";
import { type ClusterSource, createClusterSource } from "../../../src/watch/cluster-source.ts";
import { kubeApiOf } from "../../support/cluster-world.ts";
import type { FakeApiServer, LoggedRequest } from "../../support/fake-api-server.ts";

/** A clock that runs so many times as fast as time does, with its timers. */
export function fastScheduler(factor: number): Scheduler {
  return {
    now: () => performance.now() * factor,
    after: (milliseconds, task) => {
      const timer = setTimeout(task, milliseconds / factor);
      return () => clearTimeout(timer);
    },
  };
}

/** The source of a cluster's objects by itself, and what it has told. */
export interface WatchedCluster {
  readonly source: ClusterSource;
  /** `set Kind/name`, `delete Kind/name` and `batch`, in their order. */
  readonly told: readonly string[];
  has(kind: Kind, name: string): boolean;
  stop(): Promise<void>;
}

/** Reads everything at a URL and follows it, by a clock. */
export async function watchCluster(url: string, scheduler: Scheduler): Promise<WatchedCluster> {
  const api = kubeApiOf(url, undefined, scheduler);
  const told: string[] = [];
  const present = new Set<string>();
  const source = createClusterSource({ api, scheduler, onStored: () => {}, onFacts: () => {} });
  const sink = {
    set: (kind: Kind, name: string) => {
      present.add(`${kind}/${name}`);
      told.push(`set ${kind}/${name}`);
    },
    delete: (kind: Kind, name: string) => {
      present.delete(`${kind}/${name}`);
      told.push(`delete ${kind}/${name}`);
    },
  };
  await source.start(sink, () => void told.push("batch"));
  return {
    source,
    told,
    has: (kind, name) => present.has(`${kind}/${name}`),
    stop: async () => {
      await source.stop();
      api.close();
    },
  };
}

/** The kinds whose objects are delivered without anybody referring to them. */
export const deliveredKinds: readonly Kind[] = kindNames.filter((kind) => kind !== "Secret" && kind !== "ConfigMap");

/** Watches of a whole cluster: two of Secrets, one of ConfigMaps and one of the definitions of kinds besides. */
export const everyWatch = deliveredKinds.length + 4;

/** Puts an object of any kind that counts as valid and matters to nobody; it has no class of ours. */
export function putIdle(server: FakeApiServer, kind: Kind, name: string): void {
  const isNamespaced = kinds[kind].scope === "Namespaced";
  const metadata = { name, ...(isNamespaced && { namespace: "idle" }) };
  server.put(kind, { metadata, ...idleContent(kind, name) });
}

/** The name under which {@link putIdle}'s object is delivered. */
export function idleName(kind: Kind, name: string): string {
  return kinds[kind].scope === "Namespaced" ? `idle/${name}` : name;
}

const since = "2026-01-01T00:00:00Z";
const gatewayRef = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "none" };

function idleContent(kind: Kind, name: string): object {
  const listener = { name: "l", port: 80, protocol: "HTTP" };
  switch (kind) {
    case "GatewayClass":
      return { spec: { controllerName: "example.com/other" } };
    case "Gateway":
      return { spec: { gatewayClassName: "other", listeners: [listener] } };
    case "ListenerSet":
      return { spec: { parentRef: gatewayRef, listeners: [listener] } };
    case "HTTPRoute":
      return { spec: { hostnames: ["idle.example.com"], parentRefs: [gatewayRef], rules: [] } };
    case "TLSRoute":
    case "TCPRoute":
    case "UDPRoute": {
      const rules = [{ backendRefs: [{ name: "none", port: 80 }] }];
      const hostnames = kind === "TLSRoute" ? { hostnames: ["idle.example.com"] } : {};
      return { spec: { parentRefs: [gatewayRef], ...hostnames, rules } };
    }
    case "BackendTLSPolicy":
      return {
        spec: {
          targetRefs: [{ group: "", kind: "Service", name: "none" }],
          validation: { hostname: "idle.example.com", wellKnownCACertificates: "System" },
        },
      };
    case "ReferenceGrant":
      return {
        spec: {
          from: [{ group: gatewayRef.group, kind: "HTTPRoute", namespace: "other" }],
          to: [{ group: "", kind: "Service" }],
        },
      };
    case "Service":
      return { spec: { ports: [{ port: 80 }] } };
    case "EndpointSlice":
      return { addressType: "IPv4", endpoints: [{ addresses: ["10.1.2.3"] }], ports: [{ port: 80 }] };
    case "Secret":
      return { type: "kubernetes.io/tls", data: {} };
    case "HostnameClaim":
      return { spec: { hostname: `${name}.idle.example.com`, namespaces: { names: ["idle"] } } };
    case "HostnameRecord":
      return {
        spec: { hostname: `${name}.idle.example.com`, namespace: "idle", since, object: "HTTPRoute/idle/first" },
      };
    case "NamespaceBudget":
      return { spec: { namespaces: { names: ["none"] }, limits: {} } };
    case "Quarantine": {
      const what = { gateway: "idle/first", object: "HTTPRoute/idle/first", generation: 1, part: name };
      return { spec: { ...what, hashes: ["0123456789abcdef"], words: "no", since } };
    }
    default:
      return { spec: {} };
  }
}

/** Requests for lists: pages of objects, not watches, single objects or discovery. */
export function isList({ method, path, watch }: LoggedRequest): boolean {
  return (
    method === "GET" && !watch && !/\/v1(alpha1|beta1)?$|^\/livez$|\/(secrets|configmaps|leases)\/[^/]+$/.test(path)
  );
}

/** How many of the requests were under way at once at most. */
export function mostAtOnce(requests: readonly LoggedRequest[]): number {
  return mostWithin(requests.map(({ at, until = Number.POSITIVE_INFINITY }) => [at, until]));
}

/** How many of the requests began in any one second at most. */
export function mostInASecond(requests: readonly LoggedRequest[]): number {
  return mostWithin(requests.map(({ at }) => [at, at + 1_000]));
}

function mostWithin(spans: readonly (readonly [number, number])[]): number {
  // What ends at a time makes room for what begins then.
  const steps = spans.flatMap(([from, to]) => [[from, 1] as const, [to, -1] as const]);
  let now = 0;
  let most = 0;
  for (const [, step] of steps.sort(([a, x], [b, y]) => a - b || x - y)) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}
