/** TLSRoutes, TCPRoutes and UDPRoutes. https://gateway-api.sigs.k8s.io/reference/spec/#tlsroute */
import type { Reader, Transform } from "../../collection/collection.ts";
import { joinRejections } from "../../core/conditions.ts";
import type { Layer4BackendRef, Layer4RouteRule, TcpRoute, TlsRoute, UdpRoute } from "../../core/gateway-api.ts";
import { nameOf, objectKey } from "../../core/keys.ts";
import { type RouteSource, resolveBackend, routeSource } from "../backend.ts";
import type { RouteInputs } from "../http-route.ts";
import type { OwnedMatch } from "../ownership/route-ownership.ts";
import { bindRoute } from "../route-binding.ts";
import type { BoundRoute, Layer4Backend } from "../route-nodes.ts";
import { ruleLabel } from "../rule-label.ts";

/** Binds TLSRoutes. A route none of whose parents is ours gives nothing. */
export function bindTlsRoute(inputs: RouteInputs): Transform<TlsRoute, BoundRoute> {
  return (read, _key, route) => bind(read, inputs, route, route.spec.hostnames);
}

/** Binds TCPRoutes. */
export function bindTcpRoute(inputs: RouteInputs): Transform<TcpRoute, BoundRoute> {
  return (read, _key, route) => bind(read, inputs, route, []);
}

/** Binds UDPRoutes. */
export function bindUdpRoute(inputs: RouteInputs): Transform<UdpRoute, BoundRoute> {
  return (read, _key, route) => bind(read, inputs, route, []);
}

/** Who holds a hostname, or a port, holds all that comes there: in terms of paths that is everything below `/`. */
const everything: OwnedMatch = { id: "0.0", path: { type: "PathPrefix", value: "/" }, upgradesToHttps: false };

function bind(
  read: Reader,
  inputs: RouteInputs,
  { kind, metadata, spec }: TlsRoute | TcpRoute | UdpRoute,
  hostnames: readonly string[],
): readonly (readonly [string, BoundRoute])[] {
  const { parentRefs = [] } = spec;
  const toBind = { kind, metadata, parentRefs, hostnames, matches: [everything] };
  const { parents, claims, pending } = bindRoute(read, inputs, toBind);
  if (parents.length === 0) return [];
  const from = routeSource(kind, metadata);
  const rules = spec.rules.slice(0, 1);
  const backends = rules.flatMap((rule) => rule.backendRefs).map((ref) => readBackend(read, inputs, from, ref));
  const unresolved = joinRejections(backends.flatMap((each) => (each.kind === "invalid" ? [each.rejection] : [])));
  const name = rules[0]?.name;
  const key = objectKey(kind, nameOf(metadata));
  const route: BoundRoute = {
    key,
    namespace: metadata.namespace ?? "",
    generation: metadata.generation,
    createdAt: metadata.creationTimestamp,
    parents,
    claims,
    pending,
    rules: [],
    layer4: { ...(name !== undefined && { name }), backends },
    ...(unresolved !== undefined && { unresolved }),
    ...droppedRules(spec.rules),
  };
  return [[key, route]];
}

/** The API takes exactly one rule; before its version v1 it took several. */
function droppedRules(rules: readonly Layer4RouteRule[]): Pick<BoundRoute, "partiallyInvalid"> {
  const labels = rules.map(ruleLabel).slice(1);
  if (labels.length === 0) return {};
  const message = `Dropped Rule ${labels.join(", ")}: nothing tells the rules of the route apart, so that the first has all that comes`;
  return { partiallyInvalid: { condition: "PartiallyInvalid", reason: "UnsupportedValue", message } };
}

function readBackend(read: Reader, inputs: RouteInputs, from: RouteSource, ref: Layer4BackendRef): Layer4Backend {
  return { ...resolveBackend(read, inputs, from, ref), weight: ref.weight };
}
