import { beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, type IssuedCertificate, issueCertificate } from "../support/certificates.ts";
import {
  gateway,
  gatewayClass,
  gatewayParameters,
  httpsListener,
  listener,
  listenerSet,
  metadata,
  namespaceObject,
  referenceGrant,
  tlsSecret,
} from "../support/gateway-objects.ts";
import { endpointSlice, routeTo, service, teamEdits } from "./team-objects.ts";
import { createWorld, type Edit, holdClaims, outcome, type World } from "./world.ts";

/** How often each transform runs; those that do not run are left out. */
type Runs = Readonly<Record<string, number>>;

/** One edit and every transform that it may run where all hostnames share a table. */
interface Expectation {
  readonly what: string;
  readonly edit: Edit;
  readonly runs: Runs;
}

let certificates: readonly IssuedCertificate[] = [];
let worlds: ReadonlyMap<number, World> = new Map();

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  const issue = () => issueCertificate(authority, { names: ["shop.example.com"] });
  certificates = [await issue(), await issue()];
  worlds = new Map([100, 200, 400, 1_000].map((routes) => [routes, worldWith(routes)]));
});

/** Besides the crowd's routes, `team` has exactly three, to its one Service. */
function baseEdits(routes: number): readonly Edit[] {
  const crowd = Array.from({ length: 10 }, (_, index) => `crowd-${index}`);
  return [
    { of: "GatewayClass", key: "shared", value: gatewayClass() },
    { of: "Gateway", key: "infra/shared-gateway", value: sharedGateway() },
    { of: "GatewayParameters", key: "infra/own", value: gatewayParameters("infra", "own", {}) },
    secret("infra", 0),
    ...["team", ...crowd].flatMap((name) => [label(name, { shared: "true" }), ...teamEdits(name)]),
    ...["two", "three"].map((name) => route("team", name, `${name}.example.com`)),
    ...Array.from({ length: routes - 13 }, (_, index) => {
      return route(`crowd-${index % 10}`, `more-${index}`, `more-${index}.example.com`);
    }),
  ];
}

function sharedGateway(more: readonly ReturnType<typeof listener>[] = []) {
  const selector = { matchLabels: { shared: "true" } };
  const http = listener("http", { allowedRoutes: { namespaces: { from: "Selector", selector } } });
  const allowedListeners = { namespaces: { from: "All" } } as const;
  const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "own" };
  return gateway([http, httpsListener("https", "cert"), ...more], {
    allowedListeners,
    infrastructure: { parametersRef },
  });
}

function route(namespace: string, name: string, hostname: string, path = "/"): Edit {
  return { of: "HTTPRoute", key: `${namespace}/${name}`, value: routeTo(namespace, name, [hostname], path) };
}

function label(name: string, labels: Readonly<Record<string, string>>): Edit {
  return { of: "Namespace", key: name, value: namespaceObject(name, labels) };
}

function secret(namespace: string, certificate: number): Edit {
  const issued = certificates[certificate];
  return {
    of: "Secret",
    key: `${namespace}/cert`,
    value: issued === undefined ? undefined : tlsSecret(namespace, "cert", issued),
  };
}

/** Makes the edit, counts, and takes it back. */
function runsOf(routes: number, edit: Edit): Runs {
  const world = worlds.get(routes);
  if (world === undefined) throw new Error(`no world with ${routes} routes`);
  const before = new Map(world.graph.runs);
  world.apply([edit]);
  world.graph.flush();
  holdClaims(world);
  const runs = [...world.graph.runs].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  const base = baseEdits(routes).find(({ of, key }) => of === edit.of && key === edit.key);
  world.apply([base ?? ({ ...edit, value: undefined } as Edit)]); // of the same kind
  world.graph.flush();
  return Object.fromEntries(runs.filter(([, count]) => count > 0));
}

function worldWith(routes: number): World {
  const world = createWorld();
  world.apply(baseEdits(routes));
  world.graph.flush();
  holdClaims(world);
  return world;
}

const binding = {
  ...{ httpRoutes: 1, ...resolved(1), attachments: 1, tableRoutes: 1, clusterNodes: 1, routeStatuses: 1 },
  ...{ writtenHostnames: 1, routeClaims: 1, httpRouteWeights: 1 },
};
/** What counts in a budget is another: of its namespace, and of the namespace on the Gateway. Where nothing is limited that is all. */
const weighed = { budgetScopes: 2 };
/** A hostname that nobody had is recorded first: its route is bound once before and once after. */
const firstClaim = {
  ...{ httpRoutes: 2, ...resolved(2), attachments: 2, tableRoutes: 2, routeStatuses: 2, routeClaims: 2 },
  ...{ claims: 1, heldHostnames: 1, holes: 1 },
};
const hostname = { virtualHosts: 1, shadows: 1, wantedTableModes: 1, sharedTables: 1, hostTables: 1, hostScopes: 1 };

function expectations(): readonly Expectation[] {
  const grant = referenceGrant("team", "grant", {
    from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "crowd-1" }],
    to: [{ group: "", kind: "Service" }],
  });
  const lonely = { ...service("team"), metadata: metadata("lonely", { namespace: "team" }) };
  const reselected = { ...service("team"), spec: { ...service("team").spec, selector: { app: "other" } } };
  const proxies = { proxies: 1, readyProxies: 1, listeners: new Map(), refusals: new Map() };
  const set = listenerSet("team", "set", [listener("more", { port: 8080 })]);
  const oneMore = sharedGateway([listener("more", { port: 8080 })]);
  const gatewaySide = {
    ...{
      gateways: 1,
      classUse: 1,
      ownershipPolicies: 1,
      limits: 1,
      listenerSetClaims: 1,
      fleetSpecs: 1,
      backendCertificates: 1,
      routeParents: 1,
      envoyListeners: 1,
      routeTables: 1,
      gatewayStatuses: 1,
    },
  };
  const newTable = {
    ...{
      unroutedHosts: 1,
      wideHosts: 1,
      virtualHosts: 1,
      shadows: 1,
      wantedTableModes: 1,
      sharedTables: 1,
      hostTables: 1,
      hostScopes: 1,
    },
    ...{ fallbackScopes: 1, listeners: 1, listenerSecrets: 1 },
  };
  const { sharedTables, ...withoutTable } = newTable;
  return [
    {
      what: "new endpoints print the endpoints of one cluster and nothing else",
      edit: { of: "EndpointSlice", key: "team/slice", value: endpointSlice("team", ["192.0.2.9"]) },
      runs: { endpoints: 1, ownedAddresses: 1 },
    },
    {
      what: "a rotated certificate prints one secret and no listener",
      edit: secret("infra", 1),
      runs: { certificates: 1, certificateStates: 1, secrets: 1 },
    },
    {
      what: "another path prints one hostname",
      edit: route("team", "one", "team.example.com", "/new"),
      runs: { ...binding, ...hostname },
    },
    {
      what: "another hostname prints the one that comes, and takes back the one that goes",
      edit: route("team", "one", "moved.example.com"),
      runs: {
        ...binding,
        ...weighed,
        ...hostname,
        ...firstClaim,
        clusterNodes: 2,
        wantedTableModes: 2,
        sharedTables: 2,
      },
    },
    {
      what: "a route that takes another one's place prints one hostname, and tells the other one",
      edit: route("team", "one", "two.example.com"),
      runs: { ...binding, ...weighed, ...hostname, routeStatuses: 2, claims: 1 },
    },
    {
      what: "a new route prints one hostname, and counts itself in the status of its Gateway",
      edit: route("team", "new", "new.example.com"),
      runs: { ...binding, ...weighed, ...hostname, ...firstClaim, attachedRoutes: 1, gatewayStatuses: 1 },
    },
    {
      what: "a route that goes prints nothing but the table that it stood in",
      edit: { of: "HTTPRoute", key: "team/one", value: undefined },
      runs: {
        ...weighed,
        attachedRoutes: 1,
        gatewayStatuses: 1,
        clusterNodes: 1,
        wantedTableModes: 1,
        sharedTables: 1,
      },
    },
    {
      what: "another protocol of a Service port prints its cluster and the three routes that use it",
      edit: { of: "Service", key: "team/backend", value: service("team", "kubernetes.io/h2c") },
      runs: {
        ...{
          services: 1,
          selectingServices: 1,
          serviceAddresses: 1,
          httpRoutes: 3,
          ...resolved(3),
          attachments: 3,
          tableRoutes: 3,
          routeClaims: 3,
          routeStatuses: 3,
        },
        ...{ clusterNodes: 1, clusters: 1, endpoints: 1, clusterReaches: 1, upstreamSecrets: 1 },
        ...{ virtualHosts: 3, shadows: 3, hostTables: 3, hostScopes: 3, wantedTableModes: 1, sharedTables: 1 },
      },
    },
    {
      what: "another selector of a Service is nothing to routes and endpoints",
      edit: { of: "Service", key: "team/backend", value: reselected },
      runs: { services: 1, selectingServices: 1, serviceAddresses: 1 },
    },
    {
      what: "a label that decides detaches the three routes of its namespace",
      edit: label("team", {}),
      runs: {
        ...{
          namespaceLabels: 1,
          selectedChangeLimits: 1,
          httpRoutes: 3,
          ...resolved(3),
          attachments: 3,
          tableRoutes: 3,
          routeClaims: 3,
          routeStatuses: 3,
        },
        ...{ attachedRoutes: 1, gatewayStatuses: 1, wantedTableModes: 1, sharedTables: 1 },
      },
    },
    {
      what: "a label that decides nothing binds the three routes of its namespace again, and no more",
      edit: label("team", { shared: "true", stage: "test" }),
      runs: { namespaceLabels: 1, selectedChangeLimits: 1, httpRoutes: 3 },
    },
    {
      what: "the label of a namespace without routes goes nowhere",
      edit: label("nobody", { shared: "true" }),
      runs: { namespaceLabels: 1, selectedChangeLimits: 1 },
    },
    {
      what: "a Secret that nobody refers to goes nowhere",
      edit: secret("team", 1),
      runs: { certificates: 1, certificateStates: 1 },
    },
    {
      what: "a Service that nobody refers to goes nowhere",
      edit: { of: "Service", key: "team/lonely", value: lonely },
      runs: { services: 1, selectingServices: 1, serviceAddresses: 1 },
    },
    {
      what: "a grant that nobody needs runs nothing",
      edit: { of: "ReferenceGrant", key: "team/grant", value: grant },
      runs: {},
    },
    {
      what: "a ConfigMap that nobody refers to goes nowhere",
      edit: {
        of: "ConfigMap",
        key: "team/config",
        value: { apiVersion: "v1", kind: "ConfigMap", metadata: metadata("config", { namespace: "team" }) },
      },
      runs: { caBundles: 1, caBundleStates: 1 },
    },
    {
      what: "what proxies say writes the Gateway's status and nothing else",
      edit: { of: "dataPlane", key: "infra/shared-gateway", value: proxies },
      runs: { gatewayStatuses: 1 },
    },
    {
      what: "how its fleet is writes the Gateway's status and nothing else",
      edit: { of: "fleets", key: "infra/shared-gateway", value: { addresses: [], readyReplicas: 1 } },
      runs: { gatewayStatuses: 1 },
    },
    {
      what: "facts about the cluster write the class's status and nothing else",
      edit: { of: "cluster", key: "cluster", value: { bundleVersion: "v1.7.0" } },
      runs: { gatewayClassStatuses: 1 },
    },
    {
      what: "GatewayParameters that nobody refers to have a status, and change nothing",
      edit: {
        of: "GatewayParameters",
        key: "team/lonely",
        value: gatewayParameters("team", "lonely", { replicas: 1 }),
      },
      runs: { parametersStatuses: 1 },
    },
    {
      what: "the number of a Gateway's proxies is for who runs them: no listener and no route",
      edit: {
        of: "GatewayParameters",
        key: "infra/own",
        value: gatewayParameters("infra", "own", { replicas: 1 }),
      },
      runs: { ...gatewaySide, gatewayBudgets: 1, parametersStatuses: 1 },
    },
    {
      what: "another access log prints the Gateway's listeners and no route",
      edit: {
        of: "GatewayParameters",
        key: "infra/own",
        value: gatewayParameters("infra", "own", { accessLog: { format: "None" } }),
      },
      runs: { ...gatewaySide, gatewayBudgets: 1, parametersStatuses: 1, listeners: 2, listenerSecrets: 2 },
    },
    {
      what: "a ListenerSet prints its listener and binds no route of the Gateway's own listeners",
      edit: { of: "ListenerSet", key: "team/set", value: set },
      runs: {
        ...{ ...gatewaySide, ...withoutTable, ...weighed, sharedTables, foreignHoldings: 1 },
        ...{ ownListenerSets: 1, listenerSetWeights: 1 },
        // Nobody had the port: what is spoken there and the rest of it are recorded first.
        ...{ gateways: 2, claims: 2, heldHostnames: 2, heldLengths: 2, pathHolders: 1 },
      },
    },
    {
      what: "a Gateway that is written again without another spec ends in its node",
      edit: {
        of: "GatewayClass",
        key: "shared",
        value: { ...gatewayClass(), metadata: metadata("shared", { generation: 2 }) },
      },
      runs: { gatewayClasses: 1, classUse: 1, ownGateways: 1, gatewayBudgets: 1, gateways: 1, gatewayClassStatuses: 1 },
    },
    {
      what: "a new listener binds every route of the Gateway again, and prints none of them",
      edit: { of: "Gateway", key: "infra/shared-gateway", value: oneMore },
      runs: {
        ...{ ownGateways: 1, gatewayWeights: 1, budgetScopes: 1, gatewayBudgets: 1 },
        ...{ ...gatewaySide, ...newTable, httpRoutes: Number.NaN },
      },
    },
  ];
}

describe("the transforms that an edit runs", () => {
  it.each([100, 200, 400])("are those that it touches, each as often as it must, at %i routes", (routes) => {
    for (const { what, edit, runs } of expectations()) {
      expect({ [what]: runsOf(routes, edit) }).toEqual({ [what]: present(runs, routes) });
    }
  });

  it("are no more at 1,000 routes, where a shared table is no longer printed", () => {
    for (const { what, edit, runs } of expectations()) {
      const { sharedTables, ...rest } = present(runs, 1_000);
      const found = runsOf(1_000, edit);
      expect({ [what]: { ...found, sharedTables: 0 } }).toEqual({ [what]: { ...rest, sharedTables: 0 } });
      expect(found["sharedTables"] ?? 0).toBeLessThanOrEqual(sharedTables ?? 0);
    }
  });

  it("leave a world behind that is as it was, once the edit is taken back", () => {
    for (const [routes, world] of worlds) expect(outcome(world)).toEqual(outcome(worldWith(routes)));
  });
});

/** NaN stands for every route there is. */
function present(runs: Runs, routes: number): Runs {
  const counted = Object.entries(runs).map(([name, count]) => [name, Number.isNaN(count) ? routes : count] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

/** What comes of bound HTTPRoutes: each asks once whether a GRPCRoute has a hostname of its. */
function resolved(routes: number): Runs {
  return { contestedPlaces: routes, resolvedHttpRoutes: routes };
}
