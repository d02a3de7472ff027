import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  EnvoyConfigClusterV3ClusterDiscoveryType as ClusterType,
  EnvoyConfigCoreV3ApiVersion,
  type EnvoyConfigRouteV3Route as Route,
} from "../../proto/gen/types.ts";
import { anyOf, encodeMessage } from "../../proto/messages.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import { cleanWords } from "../../src/xds/fleet-memory.ts";
import { namedInWords } from "../../src/xds/refusal-words.ts";
import { startProxy, type TestProxy } from "../envoy/proxy.ts";
import { eventually } from "../support/envoy.ts";
import { resourceOf } from "./resources.ts";

const ads = { ads: {}, resourceApiVersion: EnvoyConfigCoreV3ApiVersion.V3 };

describe.each(["DELTA_GRPC", "GRPC"])(
  "what a real Envoy says and does when it refuses something, over %s",
  (apiType) => {
    let proxy: TestProxy;
    beforeEach(async () => {
      const adjust = (bootstrap: object) =>
        JSON.parse(JSON.stringify(bootstrap).replaceAll("DELTA_GRPC", apiType)) as object; // what it was before
      proxy = await startProxy({ adjust });
      proxy.ads.prepare(...["one", "two", "three"].map((name) => endpoints(name, "127.0.0.1")));
      await proxy.apply(cluster("one"), cluster("two"));
    });
    afterEach(() => proxy.stop());

    /** Pushes what is refused; returns whom the words name, and the reason. */
    const refused = async (...resources: readonly XdsResource[]) => {
      const before = proxy.ads.refusals.length;
      proxy.ads.push(...resources);
      const refusal = await eventually("it is refused", () => proxy.ads.refusals[before]);
      const names = new Set(resources.filter(({ type }) => type === refusal.type).map(({ name }) => name));
      return { named: [...namedInWords(refusal.type, refusal.message, names)], words: cleanWords(refusal.message) };
    };
    const runs = async (what: "clusters" | "listeners", name: string) =>
      (await proxy.envoy.get(`/${what}`)).includes(`${name}::`);

    it("clusters: names the bad ones, and applies the good ones", async () => {
      const { named } = await refused(cluster("three"), badCluster("x"), badCluster("y"));
      expect(named).toEqual(["x", "y"]);
      await eventually("the good one runs", () => runs("clusters", "three"));
    });

    it("clusters: names one that is invalid without quoting it, and applies nothing", async () => {
      const { named, words } = await refused(cluster("three"), cluster("x", 0));
      expect(named).toEqual(["x"]);
      expect(words).toMatch(/^Proto constraint validation failed \(ClusterValidationError.ConnectTimeout/);
      expect(await runs("clusters", "three")).toBe(false);
    });

    it("listeners: names the bad ones, and applies the good ones", async () => {
      proxy.ads.prepare(table("t", []));
      const { named } = await refused(listener("good", 10081), listener("x", 10082, []), listener("y", 10083, []));
      expect(named).toEqual(["x", "y"]);
      await eventually("the good one runs", () => runs("listeners", "good"));
    });

    it("route tables: names none, and keeps the one that it refuses", async () => {
      proxy.ads.prepare(table("t", [answer(201)]), table("u", [answer(201)]));
      await proxy.apply(listener("l", 10081, ["t", "u"]));
      await eventually("it asks for both", () => proxy.ads.subscribed("route").size === 2 && proxy.ads.settled());
      const bad = { match: { safeRegex: { regex: "((" } }, directResponse: { status: 200 } };
      expect(await refused(table("t", [bad]), table("u", [answer(202)]))).toEqual({
        named: [],
        words: "missing ): ((",
      });
      const dump = JSON.stringify(await proxy.envoy.configDump("?resource=dynamic_route_configs"));
      expect(dump).toContain('"name":"t"');
      expect(dump).not.toContain("((");
      const { named } = await refused(table("t", [answer(99)]), table("u", [answer(203)]));
      expect(named).toEqual(["t"]);
    });

    it("endpoints: names none", async () => {
      expect((await refused(endpoints("one", "127.0.0.2"), endpoints("two", "no-address"))).named).toEqual([]);
    });
  },
);

function cluster(name: string, connectSeconds = 5): XdsResource {
  const fields = { name, type: ClusterType.EDS, connectTimeout: { seconds: connectSeconds } };
  const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", { ...fields, edsClusterConfig: { edsConfig: ads } });
  return resourceOf("cluster", name, bytes);
}

function badCluster(name: string): XdsResource {
  const fields = { name, type: ClusterType.LOGICAL_DNS, connectTimeout: { seconds: 5 } };
  const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", { ...fields, loadAssignment: { clusterName: name } });
  return resourceOf("cluster", name, bytes);
}

function endpoints(clusterName: string, address: string): XdsResource {
  const socketAddress = { address, portValue: 9 };
  const bytes = encodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", {
    clusterName,
    endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress } } }] }],
  });
  return resourceOf("endpoint", clusterName, bytes);
}

/** Envoy refuses a listener without filter chains. */
function listener(name: string, port: number, tables: readonly string[] = ["t"]): XdsResource {
  const filterChains = tables.map((routeConfigName) => {
    const manager = anyOf("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
      statPrefix: "http",
      rds: { configSource: ads, routeConfigName },
      httpFilters: [{ name: "router", typedConfig: anyOf("envoy.extensions.filters.http.router.v3.Router", {}) }],
    });
    const filters = [{ name: "http", typedConfig: manager }];
    return { name: routeConfigName, filterChainMatch: { serverNames: [`${routeConfigName}.test`] }, filters };
  });
  const address = { socketAddress: { address: "127.0.0.1", portValue: port } };
  // Nothing connects here, so several may listen on one port.
  const fields = { name, address, filterChains, bindToPort: { value: false } };
  return resourceOf("listener", name, encodeMessage("envoy.config.listener.v3.Listener", fields));
}

function answer(status: number): Route {
  return { match: { prefix: "/" }, directResponse: { status } };
}

function table(name: string, routes: readonly Route[]): XdsResource {
  const virtualHosts = [{ name: "all", domains: ["*"], routes }];
  return resourceOf("route", name, encodeMessage("envoy.config.route.v3.RouteConfiguration", { name, virtualHosts }));
}
