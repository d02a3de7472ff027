import { Convergence } from "../../src/app/convergence.ts";
import { decodeResource } from "../../src/app/decode-resource.ts";
import { createExplainer } from "../../src/app/explainer.ts";
import { Translator } from "../../src/app/translator.ts";
import type { ConvergenceReport, ConvergingKind, ReplicaCounts } from "../../src/core/convergence.ts";
import { type NamespacedName, namespacedName, type ObjectKey, objectKey } from "../../src/core/keys.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../../src/core/xds-resource.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { gatewayClass } from "../support/gateway-class.ts";

/** A proxy that holds whatever a test lets it acknowledge. */
export class ModelProxy {
  readonly gateway: NamespacedName;
  /** By `type/name`. */
  readonly held: Map<string, XdsResource>;

  constructor(gateway: NamespacedName, held: ReadonlyMap<string, XdsResource> = new Map()) {
    this.gateway = gateway;
    this.held = new Map(held);
  }

  /** Takes over those of the changes that are let through. */
  acknowledge(table: ResourceTable, isLet: (type: ResourceType, name: string) => boolean = () => true): void {
    for (const type of resourceTypes) {
      const wanted = table.entries(this.gateway, type);
      for (const [name, { resource }] of wanted) {
        const key = `${type}/${name}`;
        const isAsked = resource.lingers !== true || this.held.has(key);
        if (isAsked && isLet(type, name)) this.held.set(key, resource);
      }
      const gone = [...this.held].filter(([key, one]) => one.type === type && !wanted.has(key.slice(type.length + 1)));
      for (const [key, { name }] of gone) if (isLet(type, name)) this.held.delete(key);
    }
  }
}

/** A replica with a real translation and proxies of a model. */
export class ModelWorld {
  readonly translator = new Translator({
    controllerName: "gatehouse.dev/gateway-controller",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  readonly table = new ResourceTable();
  readonly convergence: Convergence;
  readonly explainer: ReturnType<typeof createExplainer>;
  proxies: ModelProxy[] = [];

  constructor(options: { readonly mostFollowed?: number } = {}) {
    this.convergence = new Convergence({
      ...{ translator: this.translator, table: this.table, ...options },
      held: (gateway, type, name) =>
        this.proxies.filter((each) => each.gateway === gateway).map(({ held }) => held.get(`${type}/${name}`)?.version),
    });
    this.explainer = createExplainer({ translator: this.translator, convergence: this.convergence });
    this.apply(gatewayClass);
  }

  /** Takes objects; it counts from the next flush on. */
  apply(text: string, generation = 1): void {
    const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
    for (const { kind, name, object } of objects) {
      this.translator.set(kind, name, { ...object, metadata: { ...object.metadata, generation } });
    }
  }

  flush(): void {
    const changes = this.translator.flush();
    for (const gateway of changes.fleetsAdded) this.table.addFleet(gateway);
    for (const [gateway, list] of changes.resources) this.table.update(gateway, list);
    for (const gateway of changes.fleetsRemoved) this.table.removeFleet(gateway);
    this.convergence.published(changes);
  }

  connect(gateway: NamespacedName, held?: ReadonlyMap<string, XdsResource>): ModelProxy {
    const proxy = new ModelProxy(gateway, held);
    this.proxies.push(proxy);
    return proxy;
  }

  disconnect(proxy: ModelProxy): void {
    this.proxies = this.proxies.filter((each) => each !== proxy);
  }

  /** Has every proxy acknowledge everything. */
  settle(): void {
    for (const proxy of this.proxies) proxy.acknowledge(this.table);
  }

  counts(object: ObjectKey): ReplicaCounts {
    return this.convergence.answer({ kind: "object", object });
  }

  report(kind: ConvergingKind, name: string): Promise<ConvergenceReport> {
    const [namespace = "", own = ""] = name.split("/");
    return this.explainer.convergence({ kind, namespace, name: own });
  }

  /** Whether a proxy has of a route exactly what it should have, by the bytes of its route tables. */
  hasRoute(proxy: ModelProxy, route: ObjectKey): boolean {
    const entries = [...this.table.entries(proxy.gateway, "route").values()];
    const wanted = entries.map(({ resource }) => resource).filter(({ lingers }) => lingers !== true);
    const held = [...proxy.held.values()].filter(({ type }) => type === "route");
    return wordsOf(held, route) === wordsOf(wanted, route);
  }
}

/** An HTTPRoute whose answers tell which edit it is of. */
export function markedRoute(
  name: string,
  {
    hosts,
    gateways,
    mark,
  }: { readonly hosts: readonly string[]; readonly gateways: readonly string[]; readonly mark: string },
): string {
  return JSON.stringify({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: "shop" },
    spec: {
      hostnames: hosts,
      parentRefs: gateways.map((gateway) => ({ name: gateway, namespace: "infra" })),
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: `/${name}` } }],
          filters: [{ type: "RequestRedirect", requestRedirect: { hostname: `${mark}.example.com`, statusCode: 302 } }],
        },
      ],
    },
  });
}

/** A Gateway `infra/NAME` with plain listeners on these ports, open to all. */
export function openGateway(name: string, ports: readonly number[]): string {
  const listeners = ports.map((port) => ({
    ...{ name: `http-${port}`, port, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } },
  }));
  return JSON.stringify({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace: "infra" },
    spec: { gatewayClassName: "gatehouse", listeners, allowedListeners: { namespaces: { from: "All" } } },
  });
}

export function routeKey(name: string): ObjectKey {
  return objectKey("HTTPRoute", namespacedName("shop", name));
}

export const edge = namespacedName("infra", "edge");
export const second = namespacedName("infra", "second");

const parts = new Map<string, ReadonlyMap<string, string>>();

/** Everything of a route in these tables: table, domains and the routes as they are. */
function wordsOf(tables: readonly XdsResource[], route: ObjectKey): string {
  const own = tables.map((table) => [table.name, partsOf(table).get(route)]).filter(([, words]) => words !== undefined);
  return JSON.stringify(own.sort());
}

interface DecodedTable {
  readonly virtual_hosts?: readonly {
    readonly domains?: readonly string[];
    readonly routes?: readonly { readonly name?: string }[];
  }[];
}

function partsOf(table: XdsResource): ReadonlyMap<string, string> {
  const key = `${table.name} ${table.version}`;
  const known = parts.get(key);
  if (known !== undefined) return known;
  const found = new Map<string, unknown[]>();
  // An Envoy message, in Envoy's field names.
  for (const { domains, routes = [] } of (decodeResource(table) as DecodedTable).virtual_hosts ?? []) {
    for (const entry of routes) {
      const [kind, namespace, name] = entry.name?.split("/") ?? [];
      if (kind !== "httproute") continue;
      const object = `HTTPRoute/${namespace}/${name}`;
      found.set(object, [...(found.get(object) ?? []), [domains, entry]]);
    }
  }
  const made = new Map([...found].map(([object, words]) => [object, JSON.stringify(words)]));
  parts.set(key, made);
  return made;
}
