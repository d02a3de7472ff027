import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  EnvoyConfigClusterV3ClusterDiscoveryType,
  EnvoyConfigCoreV3ApiVersion,
  type Message,
} from "../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../proto/messages.ts";
import { namespacedName } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { splitTable } from "../../src/translate/envoy/table-parts.ts";
import type { Culprit } from "../../src/xds/culprit.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { resourceOf } from "./resources.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const gateway = namespacedName("infra", "gateway");
const ads = { ads: {}, resourceApiVersion: EnvoyConfigCoreV3ApiVersion.V3 };

describe.each(["DELTA_GRPC", "GRPC"])("a real Envoy over %s", (apiType) => {
  let backends: Record<"one" | "two", Backend>;
  let address: string;
  let table: ResourceTable;
  let server: TestServer;
  let envoy: RunningEnvoy;
  let culprits: Culprit[];
  const narrowing = { split: splitTable, onCulprit: (culprit: Culprit) => culprits.push(culprit) };

  beforeAll(async () => {
    backends = { one: await startBackend({ name: "one" }), two: await startBackend({ name: "two" }) };
  });
  afterAll(async () => {
    await Promise.all(Object.values(backends).map((backend) => backend.stop()));
  });
  beforeEach(async () => {
    culprits = [];
    table = new ResourceTable();
    table.addFleet(gateway);
    server = await startTestServer({ table, ...narrowing });
    address = await freeLoopbackAddress();
    envoy = await startEnvoy({ bootstrap: bootstrap(apiType, server.port) });
  });
  afterEach(async () => {
    await envoy.stop();
    await server.stop();
  });

  const set = (...resources: readonly XdsResource[]) =>
    table.update(
      gateway,
      resources.map((one) => ({ type: one.type, name: one.name, resource: one })),
    );
  const remove = (...resources: readonly XdsResource[]) =>
    table.update(
      gateway,
      resources.map((one) => ({ type: one.type, name: one.name, resource: undefined })),
    );
  const ask = async (path = "/") => {
    const response = await fetch(`http://${address}:8080${path}`);
    return response.ok ? ((await response.json()) as { backend: string }).backend : String(response.status);
  };
  const ready = () => eventually("the proxy is ready", () => server.state(gateway).readyProxies === 1);

  it("serves requests, moves a route to a new cluster without an error, and removes the old one", async () => {
    const [one, two] = [cluster("one"), cluster("two")];
    set(...one, endpoints("one", backends.one), listener(address), route("one"));
    table.markReady();
    await ready();
    expect(await ask()).toBe("one");

    const answers = new Set<string>();
    let isDone = false;
    const load = (async () => {
      while (!isDone) answers.add(await ask());
    })();
    for (let round = 0; round < 20; round += 1) {
      set(...two, endpoints("two", backends.two), route("two"));
      remove(...one, endpoints("one", backends.one));
      await eventually("requests reach the second", async () => (await ask()) === "two");
      await eventually("the first is gone", async () => !/^one::/m.test(await envoy.get("/clusters")));
      set(...one, endpoints("one", backends.one), route("one"));
      remove(...two, endpoints("two", backends.two));
      await eventually("requests reach the first", async () => (await ask()) === "one");
      await eventually("the second is gone", async () => !/^two::/m.test(await envoy.get("/clusters")));
    }
    isDone = true;
    await load;
    expect([...answers].sort()).toEqual(["one", "two"]);
    expect(server.state(gateway).refusals.size).toBe(0);
  }, 120_000);

  it("keeps serving a cluster whose settings change although its endpoints do not (O4)", async () => {
    set(...cluster("one"), endpoints("one", backends.one), listener(address), route("one"));
    table.markReady();
    await ready();
    for (let round = 1; round <= 5; round += 1) {
      set(...cluster("one", 5 + round));
      await eventually(
        "the changed cluster is warm",
        async () => {
          const dump = JSON.stringify(await envoy.configDump("?resource=dynamic_active_clusters"));
          return dump.includes(`"connect_timeout":"${5 + round}s"`);
        },
        5,
      );
      expect(await ask()).toBe("one");
    }
  });

  it("holds back the one bad rule of a table, also for a proxy that is new, until it is mended (N5, N6)", async () => {
    set(...cluster("one"), endpoints("one", backends.one), ...cluster("two"), endpoints("two", backends.two));
    set(listener(address), rules(100, "one"));
    table.markReady();
    await ready();
    const sent = server.sent("route");
    set(rules(100, "two", 41));
    await eventually("the last rule is new", async () => (await ask("/99")) === "two");
    await eventually("the culprit is told", () => culprits.length > 0);
    const paths = Array.from({ length: 100 }, (_, index) => index);
    const answers = await Promise.all(paths.map((index) => ask(`/${index}`)));
    expect(answers).toEqual(paths.map((index) => (index === 41 ? "one" : "two")));
    expect(culprits.map(({ part, words }) => [part?.id, words])).toEqual([[ruleName(41), "missing ): (("]]);
    expect(server.sent("route") - sent).toBeLessThanOrEqual(2 + 2 * Math.log2(100) + 2);

    await envoy.stop();
    envoy = await startEnvoy({ bootstrap: bootstrap(apiType, server.port) });
    await eventually("the new proxy serves", async () => (await ask("/99").catch(() => "")) === "two", 5);
    expect([await ask("/0"), await ask("/41")]).toEqual(["two", "one"]);
    expect(server.nacks.length).toBeGreaterThan(0);
    const refused = server.nacks.length;
    set(rules(100, "two"));
    await eventually("the rule is mended", async () => (await ask("/41")) === "two");
    expect(server.nacks.length).toBe(refused);
    await eventually("the refusal is gone", () => server.state(gateway).refusals.size === 0);
  });

  it("finds the one bad cluster by Envoy's words, and the others are there (N4)", async () => {
    set(...cluster("one"), endpoints("one", backends.one), listener(address), route("one"));
    table.markReady();
    await ready();
    const sent = server.sent("cluster");
    const many = Array.from({ length: 200 }, (_, index) => `many-${index}`);
    set(...many.flatMap((name) => [...cluster(name), endpoints(name, backends.one)]), badCluster("bad"));
    await eventually("the good ones are used", async () => /^many-199::/m.test(await envoy.get("/clusters")));
    await eventually("the bad one is told", () => server.state(gateway).refusals.get("cluster/bad"));
    await eventually("nothing is under way", () =>
      server.streams().every(({ types }) => types.every((one) => !one.inFlight)),
    );
    expect(culprits.map(({ resource, part }) => [resource.name, part])).toEqual([["bad", undefined]]);
    expect(server.sent("cluster") - sent).toBe(2);
    expect(await ask()).toBe("one");
  });

  it("keeps the endpoints that it uses when it is told that they are gone", async () => {
    set(...cluster("one"), endpoints("one", backends.one), listener(address), route("one"));
    table.markReady();
    await ready();
    const sent = server.sent();
    remove(endpoints("one", backends.one));
    set(...cluster("one", 7));
    await eventually("the cluster was sent again", () => server.sent() > sent);
    for (let round = 0; round < 20; round += 1) expect(await ask()).toBe("one");
    set(endpoints("one", backends.two));
    await eventually("new endpoints are taken", async () => (await ask()) === "two");
  });

  it("gets nothing again after a reconnect when nothing changed (D12)", async () => {
    set(...cluster("one"), endpoints("one", backends.one), listener(address), route("one"));
    table.markReady();
    await ready();
    const before = server.sent();
    const { port } = server;
    await server.stop();
    server = await startTestServer({ table, port, ...narrowing });
    await ready();
    // State of the world cannot tell what it holds of the types that are asked for by name.
    expect(server.sent()).toBe(apiType === "DELTA_GRPC" ? 0 : 2);
    expect(before).toBeGreaterThan(0);
    expect(await ask()).toBe("one");
  });
});

function bootstrap(apiType: string, port: number): object {
  const socket = { address: "127.0.0.1", port_value: port };
  return {
    node: { id: "proxy-0", cluster: gateway },
    dynamic_resources: {
      ads_config: {
        api_type: apiType,
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "xds" } }],
      },
      cds_config: { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" },
      lds_config: { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" },
    },
    static_resources: {
      clusters: [
        {
          name: "xds",
          connect_timeout: "1s",
          typed_extension_protocol_options: {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: "xds",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: socket } } }] }],
          },
        },
      ],
    },
  };
}

function cluster(name: string, connectSeconds = 5): readonly XdsResource[] {
  const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", {
    name,
    type: EnvoyConfigClusterV3ClusterDiscoveryType.EDS,
    connectTimeout: { seconds: connectSeconds },
    edsClusterConfig: { edsConfig: ads },
  });
  return [resourceOf("cluster", name, bytes)];
}

function endpoints(clusterName: string, backend: Backend): XdsResource {
  const socketAddress = { address: backend.address, portValue: backend.port };
  const bytes = encodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", {
    clusterName,
    endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress } } }] }],
  });
  return resourceOf("endpoint", clusterName, bytes);
}

function listener(address: string): XdsResource {
  const manager = anyOf("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    statPrefix: "http",
    rds: { configSource: ads, routeConfigName: "table" },
    httpFilters: [{ name: "router", typedConfig: anyOf("envoy.extensions.filters.http.router.v3.Router", {}) }],
  });
  const bytes = encodeMessage("envoy.config.listener.v3.Listener", {
    name: "http",
    address: { socketAddress: { address, portValue: 8080 } },
    filterChains: [{ filters: [{ name: "http", typedConfig: manager }] }],
  });
  return resourceOf("listener", "http", bytes);
}

function route(clusterName: string): XdsResource {
  return tableOf([{ match: { prefix: "/" }, route: { cluster: clusterName } }]);
}

const ruleName = (index: number) => `httproute/apps/web/rule/${index}`;

/** A table with a rule for each path. Envoy refuses a regular expression that does not parse. */
function rules(count: number, clusterName: string, bad?: number): XdsResource {
  const routes = Array.from({ length: count }, (_, index) => ({
    name: ruleName(index),
    match: index === bad ? { safeRegex: { regex: "((" } } : { path: `/${index}` },
    route: { cluster: clusterName },
  }));
  return { ...tableOf(routes), clusters: () => new Set([clusterName]) };
}

function badCluster(name: string): XdsResource {
  const type = EnvoyConfigClusterV3ClusterDiscoveryType.LOGICAL_DNS;
  const fields = { name, type, connectTimeout: { seconds: 1 }, loadAssignment: { clusterName: name } };
  return resourceOf("cluster", name, encodeMessage("envoy.config.cluster.v3.Cluster", fields));
}

function tableOf(routes: Parameters<typeof encodeRoutes>[0]): XdsResource {
  return resourceOf("route", "table", encodeRoutes(routes));
}

function encodeRoutes(routes: readonly Message<"envoy.config.route.v3.Route">[]): Uint8Array {
  return encodeMessage("envoy.config.route.v3.RouteConfiguration", {
    name: "table",
    virtualHosts: [{ name: "all", domains: ["*"], routes }],
  });
}
