import { messageToJson } from "../../proto/messages.ts";
import { redactSecrets } from "../admin/redact.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";

/** Decodes an Envoy resource for people, in Envoy's own field names, and takes every secret out of it. */
export function decodeResource({ type, bytes }: XdsResource): unknown {
  return redactSecrets(messageToJson(messageTypes[type], bytes));
}

const messageTypes = {
  cluster: "envoy.config.cluster.v3.Cluster",
  endpoint: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  secret: "envoy.extensions.transport_sockets.tls.v3.Secret",
  listener: "envoy.config.listener.v3.Listener",
  scope: "envoy.config.route.v3.ScopedRouteConfiguration",
  route: "envoy.config.route.v3.RouteConfiguration",
} as const satisfies Record<ResourceType, string>;
