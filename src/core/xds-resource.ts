/** Type URLs of the xDS resources that Gatehouse serves. */
export const typeUrls = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoint: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  scope: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
} as const;

/** Short names of the served types, in the order in which additions are sent (make before break). */
export const resourceTypes = ["cluster", "endpoint", "secret", "listener", "scope", "route"] as const;

export type ResourceType = (typeof resourceTypes)[number];
export type TypeUrl = (typeof typeUrls)[ResourceType];

/**
 * One resource as all streams share it. `bytes` is the encoded message alone (not wrapped in Any); `version` is the
 * first 16 hex digits of a SHA-256 over its content, equal on every replica and after every restart.
 */
export interface XdsResource {
  readonly type: ResourceType;
  readonly name: string;
  readonly version: string;
  readonly bytes: Uint8Array;
  /** The clusters that a route table or a listener names itself, worked out when asked; absent where there can be none. */
  readonly clusters?: () => ReadonlySet<string>;
  /** A listener that leads to no clusters but those: it reads no table. */
  readonly readsNoTable?: true;
  /** It is there for connections from before: a proxy that has none does not ask for it. */
  readonly lingers?: true;
}

/** The served type behind a type URL; undefined for a type that we do not serve. */
export function resourceTypeOf(typeUrl: string): ResourceType | undefined {
  return byTypeUrl.get(typeUrl);
}

const byTypeUrl: ReadonlyMap<string, ResourceType> = new Map(resourceTypes.map((type) => [typeUrls[type], type]));
