import fc from "fast-check";
import type { DataPlaneState, TableMode } from "../../src/core/data-plane.ts";
import type { ClusterFacts, FleetState } from "../../src/core/fleet.ts";
import type { AllowedRoutes, Gateway, ListenerSpec, ReferenceGrant } from "../../src/core/gateway-api.ts";
import type { GatewayParametersSpec, ParameterBounds } from "../../src/core/gateway-parameters.ts";
import type { ObjectByKind } from "../../src/core/keys.ts";
import type { EndpointSlice, ObjectMeta, Secret, Service } from "../../src/core/kubernetes.ts";
import type { TranslatedKind } from "../../src/translate/pipeline.ts";
import {
  gateway,
  gatewayClass,
  gatewayParameters,
  listenerSet,
  metadata,
  namespaceObject,
  referenceGrant,
} from "../support/gateway-objects.ts";
import { budgetLimits, delayEdits, namespaceBudgetEdits } from "./arbitrary-budgets.ts";
import { fillers, hostnames, httpRoutes } from "./arbitrary-http-routes.ts";
import { holdingEdits, hostnameClaimEdits } from "./arbitrary-ownership.ts";
import {
  backendTlsPolicies,
  configMaps,
  gatewayTls,
  grpcRoutes,
  tcpRoutes,
  tlsRoutes,
  udpRoutes,
} from "./arbitrary-routes.ts";
import type { Edit } from "./world.ts";

/*
 * Few names and few values, so that objects meet: every kind has an object that others refer to, one that they refer to in
 * vain at times, and one that is nobody's.
 */
const group = "gateway.networking.k8s.io";
const times = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] as const;
const none = fc.constant(undefined);

/** A random edit of a random kind; `secrets` and `authorities` (PEM) are what Secrets and ConfigMaps may hold. */
export function arbitraryEdit(secrets: readonly Secret[], authorities: readonly string[]): fc.Arbitrary<Edit> {
  return fc.oneof(
    { weight: 1, arbitrary: edits("GatewayClass", classes, ["shared", "other"]) },
    { weight: 4, arbitrary: edits("Gateway", gateways, ["infra/shared-gateway", "infra/second"]) },
    { weight: 3, arbitrary: edits("ListenerSet", listenerSets, ["a/set", "b/set"]) },
    { weight: 8, arbitrary: edits("HTTPRoute", httpRoutes, ["a/one", "a/two", "b/one", "infra/one"]) },
    { weight: 2, arbitrary: edits("HTTPRoute", fillers, ["b/filler"]) },
    { weight: 3, arbitrary: edits("ReferenceGrant", grants, ["a/grant", "b/grant", "infra/grant"]) },
    { weight: 3, arbitrary: edits("Service", services, ["a/backend", "b/backend", "infra/backend"]) },
    { weight: 3, arbitrary: edits("EndpointSlice", slices, ["a/slice", "a/slice-2", "b/slice"]) },
    {
      weight: 3,
      arbitrary: edits("Secret", (meta) => secretsNamed(secrets, meta), ["infra/cert", "a/cert", "b/lost"]),
    },
    { weight: 3, arbitrary: edits("GRPCRoute", grpcRoutes, ["a/one", "b/one"]) },
    { weight: 3, arbitrary: edits("TLSRoute", tlsRoutes, ["a/one", "b/one"]) },
    { weight: 3, arbitrary: edits("TCPRoute", tcpRoutes, ["a/one", "b/one"]) },
    { weight: 2, arbitrary: edits("UDPRoute", udpRoutes, ["a/one", "b/one"]) },
    { weight: 3, arbitrary: edits("BackendTLSPolicy", backendTlsPolicies, ["a/one", "a/two", "b/one"]) },
    {
      weight: 2,
      arbitrary: edits("ConfigMap", (meta) => configMaps(meta, authorities), ["a/config", "infra/config"]),
    },
    { weight: 3, arbitrary: edits("Namespace", namespaces, ["a", "b", "infra"]) },
    { weight: 2, arbitrary: dataPlaneEdits },
    { weight: 2, arbitrary: tableModeEdits },
    { weight: 3, arbitrary: edits("GatewayParameters", parameters, ["infra/class", "infra/own"]) },
    { weight: 6, arbitrary: holdingEdits },
    { weight: 3, arbitrary: hostnameClaimEdits },
    { weight: 3, arbitrary: namespaceBudgetEdits },
    { weight: 1, arbitrary: delayEdits },
    { weight: 2, arbitrary: fleetEdits },
    { weight: 1, arbitrary: clusterEdits },
  );
}

/** A removal once in a while, else an object under one of the names. */
function edits<K extends TranslatedKind>(
  of: K,
  make: (meta: ObjectMeta) => fc.Arbitrary<ObjectByKind[K]>,
  keys: readonly string[],
): fc.Arbitrary<Edit> {
  return fc.constantFrom(...keys).chain((key) => {
    const [first = "", second] = key.split("/");
    const meta = fc.record({
      generation: fc.integer({ min: 1, max: 3 }),
      creationTimestamp: fc.constantFrom(...times),
    });
    const objects = meta.chain((more) =>
      make(second === undefined ? metadata(first, more) : metadata(second, { namespace: first, ...more })),
    );
    // The kind and the object belong together by the type of `make`.
    return fc.option(objects, { nil: undefined, freq: 6 }).map((value) => ({ of, key, value }) as Edit);
  });
}

function classes(meta: ObjectMeta): fc.Arbitrary<ObjectByKind["GatewayClass"]> {
  const controllerName = fc.constantFrom("example.com/gatehouse", "example.com/gatehouse", "example.com/another");
  const parametersRef = fc.constantFrom(
    undefined,
    undefined,
    { group: "", kind: "ConfigMap", name: "config", namespace: "a" },
    { group: "gatehouse.dev", kind: "GatewayParameters", name: "class", namespace: "infra" },
    { group: "gatehouse.dev", kind: "GatewayParameters", name: "class", namespace: "infra" },
    { group: "gatehouse.dev", kind: "GatewayParameters", name: "absent", namespace: "infra" },
  );
  return fc.tuple(controllerName, parametersRef).map(([name, ref]) => ({
    ...gatewayClass(meta.name, { controllerName: name, ...(ref === undefined ? {} : { parametersRef: ref }) }),
    metadata: meta,
  }));
}

function parameters(meta: ObjectMeta): fc.Arbitrary<ObjectByKind["GatewayParameters"]> {
  const spec = fc.record(
    {
      replicas: fc.constantFrom(1, 2, 9),
      logLevel: fc.constantFrom("debug", "error"),
      labels: fc.constantFrom({ a: "1", b: "2" }, { c: "3" }),
      accessLog: fc.constantFrom(
        { format: "None" },
        { format: "Text", text: "%PROTOCOL%" },
        { format: "Text", text: "%" },
      ),
      tls: fc.constantFrom({ minimumVersion: "1.3" }, { minimumVersion: "1.2", cipherSuites: ["AES128-SHA"] }),
      locked: fc.subarray(["logLevel", "tls"] as const),
      bounds: fc.constantFrom<ParameterBounds>(
        { replicas: { maximum: 3 } },
        { ports: [{ from: 1, to: 1023 }] },
        { hostnames: ["*.example.com"], tls: { minimumVersion: "1.3" } },
        { addresses: ["127.0.0.2/32"] },
      ),
      proxies: fc.constantFrom("Managed", "Unmanaged"),
      budget: budgetLimits,
      limits: fc.constantFrom(
        { backend: { maxConnections: 5 } },
        { listener: { maxConnections: 5 } },
        { proxy: { maxHeapMiB: 128 } },
      ),
    },
    { requiredKeys: [] },
  );
  // Absent keys are absent here, where the types of fast-check know only undefined.
  return spec.map((made) => ({ ...gatewayParameters("", "", made as GatewayParametersSpec), metadata: meta }));
}

const own = { group: "gatehouse.dev", kind: "GatewayParameters", name: "own" };

function gateways(meta: ObjectMeta): fc.Arbitrary<Gateway> {
  return fc
    .record({
      listeners: fc.uniqueArray(listeners, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
      gatewayClassName: fc.constantFrom("shared", "shared", "other"),
      allowedListeners: fc.option(allowedNamespaces, { nil: undefined }),
      addresses: fc.option(fc.subarray(["127.0.0.2", "127.0.0.3"]), { nil: undefined, freq: 2 }),
      infrastructure: fc.constantFrom(undefined, undefined, { labels: { team: "a" } }, { parametersRef: own }),
      tls: gatewayTls,
    })
    .map(({ allowedListeners, addresses, infrastructure, tls, ...spec }) => ({
      ...gateway(spec.listeners, {
        ...spec,
        ...(tls === undefined ? {} : { tls }),
        ...(infrastructure === undefined ? {} : { infrastructure }),
        ...(allowedListeners === undefined ? {} : { allowedListeners: { namespaces: allowedListeners } }),
        ...(addresses === undefined ? {} : { addresses: addresses.map((value) => ({ type: "IPAddress", value })) }),
      }),
      metadata: meta,
    }));
}

function listenerSets(meta: ObjectMeta): fc.Arbitrary<ObjectByKind["ListenerSet"]> {
  const listed = fc.uniqueArray(listeners, { minLength: 1, maxLength: 3, selector: ({ name }) => name });
  const parent = fc.constantFrom("shared-gateway", "second", "absent");
  return fc.tuple(listed, parent).map(([own, name]) => {
    const made = listenerSet(meta.namespace ?? "", meta.name, own);
    return { ...made, metadata: meta, spec: { ...made.spec, parentRef: { ...made.spec.parentRef, name } } };
  });
}

const selector = { matchLabels: { shared: "true" } };
const allowedNamespaces: fc.Arbitrary<AllowedRoutes["namespaces"]> = fc.constantFrom(
  { from: "All" },
  { from: "Same" },
  { from: "Selector", selector },
  { from: "None" },
);

const certificateRefs = fc.subarray(
  [
    { group: "", kind: "Secret", name: "cert" },
    { group: "", kind: "Secret", name: "cert", namespace: "a" },
    { group: "", kind: "Secret", name: "absent" },
  ],
  { minLength: 1 },
);

const listeners: fc.Arbitrary<ListenerSpec> = fc
  .record({
    name: fc.constantFrom("one", "two", "three", "four"),
    on: fc.constantFrom(
      { port: 80, protocol: "HTTP" },
      { port: 80, protocol: "HTTP" },
      { port: 443, protocol: "HTTPS" },
      { port: 443, protocol: "HTTPS" },
      { port: 443, protocol: "HTTP" },
      { port: 8080, protocol: "HTTP" },
      { port: 9000, protocol: "TCP" },
      { port: 5300, protocol: "UDP" },
      { port: 443, protocol: "TLS" },
      { port: 8443, protocol: "TLS" },
    ),
    mode: fc.constantFrom("Terminate", "Passthrough"),
    hostname: fc.constantFrom(undefined, undefined, ...hostnames),
    namespaces: allowedNamespaces,
    kinds: fc.constantFrom(undefined, undefined, undefined, "HTTPRoute", "GRPCRoute", "TCPRoute"),
    refs: certificateRefs,
  })
  .map(({ name, on, hostname, namespaces, kinds, refs, mode }) => ({
    name,
    ...on,
    ...(hostname === undefined ? {} : { hostname }),
    ...(on.protocol === "HTTPS" ? { tls: { mode: "Terminate", certificateRefs: refs } as const } : {}),
    ...(on.protocol === "TLS" ? { tls: { mode, certificateRefs: refs } as const } : {}),
    allowedRoutes: { namespaces, ...(kinds === undefined ? {} : { kinds: [{ group, kind: kinds }] }) },
  }));

function grants({ name, namespace = "" }: ObjectMeta): fc.Arbitrary<ReferenceGrant> {
  const from = fc.subarray(
    [
      { group, kind: "HTTPRoute", namespace: "a" },
      { group, kind: "HTTPRoute", namespace: "b" },
      { group, kind: "Gateway", namespace: "infra" },
      { group, kind: "ListenerSet", namespace: "b" },
      { group, kind: "GRPCRoute", namespace: "b" },
      { group, kind: "TLSRoute", namespace: "b" },
      { group, kind: "TCPRoute", namespace: "b" },
    ],
    { minLength: 1 },
  );
  const to = fc.subarray(
    [
      { group: "", kind: "Service" },
      { group: "", kind: "Secret", name: "cert" },
      { group: "", kind: "ConfigMap" },
      { group: "", kind: "Service", name: "other" },
    ],
    { minLength: 1 },
  );
  return fc.record({ from, to }).map((spec) => referenceGrant(namespace, name, spec));
}

function services(meta: ObjectMeta): fc.Arbitrary<Service> {
  const some = [
    { name: "http", protocol: "TCP", port: 80, targetPort: 8080 },
    { name: "h2c", protocol: "TCP", port: 8080, appProtocol: "kubernetes.io/h2c" },
    { name: "udp", protocol: "UDP", port: 81 },
  ] as const;
  const ports = fc.oneof({ weight: 3, arbitrary: fc.constant(some) }, { weight: 1, arbitrary: fc.subarray([...some]) });
  const type = fc.constantFrom("ClusterIP", "ClusterIP", "ClusterIP", "ClusterIP", "ExternalName");
  return fc.record({ ports, type }).map(({ ports, type }) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: meta,
    spec: type === "ExternalName" ? { type, externalName: "example.com", ports } : { type, ports },
  }));
}

function slices(meta: ObjectMeta): fc.Arbitrary<EndpointSlice> {
  const conditions = fc.constantFrom(
    undefined,
    { ready: true },
    { ready: false },
    { ready: false, serving: true, terminating: true },
  );
  const endpoint = fc
    .tuple(fc.constantFrom("192.0.2.1", "192.0.2.2", "192.0.2.3"), conditions)
    .map(([address, state]) => ({ addresses: [address], ...(state === undefined ? {} : { conditions: state }) }));
  const service = fc.constantFrom(undefined, "backend", "backend", "backend", "absent");
  return fc.tuple(fc.array(endpoint, { maxLength: 3 }), service).map(([endpoints, name]) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...meta, ...(name === undefined ? {} : { labels: { "kubernetes.io/service-name": name } }) },
    addressType: "IPv4",
    endpoints,
    ports: [
      { name: "http", protocol: "TCP", port: 8080 },
      { name: "h2c", protocol: "TCP", port: 8081 },
    ],
  }));
}

function secretsNamed(secrets: readonly Secret[], meta: ObjectMeta): fc.Arbitrary<Secret> {
  return fc.constantFrom(...secrets).map((secret) => ({ ...secret, metadata: meta }));
}

function namespaces({ name }: ObjectMeta): fc.Arbitrary<ObjectByKind["Namespace"]> {
  return fc
    .constantFrom({}, { shared: "true" }, { shared: "true", team: "a" }, { shared: "no" })
    .map((labels) => namespaceObject(name, labels));
}

const dataPlaneStates: fc.Arbitrary<DataPlaneState> = fc.record({
  proxies: fc.integer({ min: 0, max: 2 }),
  readyProxies: fc.integer({ min: 0, max: 2 }),
  listeners: fc.constantFrom(new Map(), new Map([["http-80", ["0123456789abcdef"]]])),
  refusals: fc.constantFrom(
    new Map(),
    new Map([["listener/http-80", "no"]]),
    new Map([
      ["secret/infra/cert", "bad"],
      ["listener/https-443", "no"],
    ]),
  ),
});

const dataPlaneEdits: fc.Arbitrary<Edit> = fc.record({
  of: fc.constant("dataPlane" as const),
  key: fc.constantFrom("infra/shared-gateway", "infra/second", "infra/absent"),
  value: fc.oneof(none, dataPlaneStates),
});

const tableModeEdits: fc.Arbitrary<Edit> = fc.record({
  of: fc.constant("tableModes" as const),
  key: fc.constantFrom(
    "infra/shared-gateway|http-80",
    "infra/shared-gateway|https-443-*",
    "infra/shared-gateway|https-443-*.example.com",
    "infra/second|http-80",
  ),
  value: fc.constantFrom<TableMode | undefined>(undefined, "plain", "scoped", "scoped"),
});

const fleetEdits: fc.Arbitrary<Edit> = fc.record({
  of: fc.constant("fleets" as const),
  key: fc.constantFrom("infra/shared-gateway", "infra/second", "infra/absent"),
  value: fc.constantFrom<FleetState | undefined>(
    undefined,
    { addresses: [{ type: "IPAddress", value: "192.0.2.1" }], readyReplicas: 1 },
    { addresses: [], readyReplicas: 0 },
    { addresses: [], readyReplicas: 2, applyProblem: "quota" },
    { addresses: [], readyReplicas: 2, addressProblem: { reason: "AddressNotAssigned", message: "none" } },
  ),
});

const clusterEdits: fc.Arbitrary<Edit> = fc.record({
  of: fc.constant("cluster" as const),
  key: fc.constant("cluster"),
  value: fc.constantFrom<ClusterFacts | undefined>(
    undefined,
    {},
    { bundleVersion: "v1.7.0" },
    { bundleVersion: "v1.1.0" },
  ),
});

/** The same object as another writer would write it: every record's and every map's keys the other way round. */
export function rewritten<T>(value: T): T {
  return reversed(value) as T; // only the order changes
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value instanceof Map) return new Map([...value].reverse());
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}
