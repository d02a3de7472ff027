import { createQuarantines, quarantineCulprits } from "../../src/app/quarantines.ts";
import { type TranslationChanges, Translator } from "../../src/app/translator.ts";
import type { StatusUpdate } from "../../src/core/conditions.ts";
import { type NamespacedName, namespacedName, type ObjectKey } from "../../src/core/keys.ts";
import type { Quarantine } from "../../src/core/quarantine.ts";
import type { ResourceType } from "../../src/core/xds-resource.ts";
import type { QuarantineKeeper } from "../../src/quarantine/quarantine-keeper.ts";
import { noStore, type QuarantineStore } from "../../src/quarantine/quarantine-store.ts";
import { splitTable } from "../../src/translate/envoy/table-parts.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import type { ObjectSink } from "../../src/watch/object-source.ts";
import type { Culprit } from "../../src/xds/culprit.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";

export const shared = namespacedName("infra", "shared");

/** A translation whose proxies are made up: what they refuse is what a test says. */
export class QuarantineWorld {
  readonly translator = new Translator({
    controllerName: "gatehouse.dev/gateway-controller",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  readonly table = new ResourceTable();
  readonly keeper: QuarantineKeeper;
  readonly sink: ObjectSink;
  readonly statuses = new Map<ObjectKey, StatusUpdate | undefined>();
  readonly warnings: string[] = [];
  readonly #found: (culprit: Culprit) => void;
  readonly #generations = new Map<string, number>();

  constructor({
    store = noStore,
    kept = [],
  }: { readonly store?: QuarantineStore; readonly kept?: readonly Quarantine[] } = {}) {
    const { translator, table } = this;
    const logger = { warn: (_fields: object, message: string) => void this.warnings.push(message) };
    const parts = { translator, table, logger: logger as never, now: () => new Date("2026-02-02T02:02:02Z") };
    this.keeper = createQuarantines({ ...parts, store, changed: () => {} });
    this.sink = this.keeper.sink(translator, kept);
    this.#found = quarantineCulprits(this.keeper, parts);
    table.addFleet(shared);
  }

  /** Applies objects as an API server would; each time that one is applied is a generation. */
  apply(text: string): TranslationChanges {
    const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
    if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
    for (const { kind, name, key, object } of objects) {
      const generation = (this.#generations.get(key) ?? 0) + 1;
      this.#generations.set(key, generation);
      this.sink.set(kind, name, { ...object, metadata: { ...object.metadata, generation } });
    }
    return this.flush();
  }

  delete(kind: "HTTPRoute" | "Secret", name: NamespacedName): TranslationChanges {
    this.sink.delete(kind, name);
    return this.flush();
  }

  flush(): TranslationChanges {
    const changes = this.translator.flush();
    for (const [gateway, resources] of changes.resources) this.table.update(gateway, resources);
    for (const [object, status] of changes.statuses) this.statuses.set(object, status);
    this.keeper.look(changes.objects);
    return changes;
  }

  /** What proxies would refuse: a rule by the name of its routes, as it is printed now. */
  rule(id: string, table = "http-80", words = "Envoy says no"): Culprit {
    const resource = this.resource("route", table);
    const hashes = splitTable(resource)?.parts.get(id);
    if (hashes === undefined) throw new Error(`${table} has no ${id}`);
    return { gateway: shared, resource, part: { id, hashes }, words };
  }

  resource(type: ResourceType, name: string) {
    const found = this.table.entries(shared, type).get(name)?.resource;
    if (found === undefined) throw new Error(`there is no ${type} ${name}`);
    return found;
  }

  /** Refuses something, and lets the translation answer. */
  refuse(culprit: Culprit): TranslationChanges {
    this.#found(culprit);
    return this.flush();
  }

  /** The conditions of a route's first parent, as `type status reason message`. */
  told(route: ObjectKey): readonly string[] {
    const status = this.statuses.get(route);
    if (status?.kind !== "Route") throw new Error(`${route} has no status`);
    const { conditions = [] } = status.parents[0] ?? {};
    return conditions.map(({ type, status: is, reason, message }) => `${type} ${is} ${reason} ${message}`.trim());
  }
}

/** The class, a Gateway with one listener for everybody, and Services of `shop`. */
export const foundation = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners: [{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]
${service("shop", "cart")}${service("shop", "pay")}`;

export function service(namespace: string, name: string): string {
  return `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ports: [{ port: 80 }] }
`;
}

/** A route of `shop` with one rule for each path, to `cart` unless told otherwise. */
export function route(name: string, rules: Readonly<Record<string, string>>, namespace = "shop"): string {
  const texts = Object.entries(rules).map(
    ([path, backend]) => `{ matches: [{ path: { type: PathPrefix, value: ${path} } }], backendRefs: [${backend}] }`,
  );
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  parentRefs: [{ name: shared, namespace: infra }]
  hostnames: [shop.example.com]
  rules: [${texts.join(", ")}]
`;
}
