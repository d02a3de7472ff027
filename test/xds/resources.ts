import { createHash } from "node:crypto";
import { encodeMessage } from "../../proto/messages.ts";
import type { ResourceType, XdsResource } from "../../src/core/xds-resource.ts";

/** Wraps encoded bytes as the table holds them. */
export function resourceOf(type: ResourceType, name: string, bytes: Uint8Array): XdsResource {
  const version = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return { type, name, version, bytes };
}

/** A resource of any type; another `content` makes other bytes and another version. */
export function resource(type: ResourceType, name: string, content = "1"): XdsResource {
  return resourceOf(type, name, encoders[type](name, content));
}

const encoders: Readonly<Record<ResourceType, (name: string, content: string) => Uint8Array>> = {
  cluster: (name, altStatName) => encodeMessage("envoy.config.cluster.v3.Cluster", { name, altStatName }),
  endpoint: (clusterName, content) =>
    encodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", {
      clusterName,
      endpoints: content === "" ? [] : [{ locality: { zone: content } }],
    }),
  secret: (name, inlineString) =>
    encodeMessage("envoy.extensions.transport_sockets.tls.v3.Secret", {
      name,
      genericSecret: { secret: { inlineString } },
    }),
  listener: (name, statPrefix) => encodeMessage("envoy.config.listener.v3.Listener", { name, statPrefix }),
  scope: (name, routeConfigurationName) =>
    encodeMessage("envoy.config.route.v3.ScopedRouteConfiguration", { name, routeConfigurationName }),
  route: (name, cluster) =>
    encodeMessage("envoy.config.route.v3.RouteConfiguration", {
      name,
      virtualHosts: [{ name, domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster } }] }],
    }),
};

/** A route table that names clusters, as our printers tell of theirs. */
export function tableOf(name: string, ...clusters: readonly string[]): XdsResource {
  return { ...resource("route", name, clusters.join()), clusters: () => new Set(clusters) };
}

/** A listener that forwards connections to a cluster that it names itself. */
export function forwarder(name: string, cluster: string, content = ""): XdsResource {
  const listener = resource("listener", name, `${cluster} ${content}`);
  return { ...listener, clusters: () => new Set([cluster]), readsNoTable: true };
}
