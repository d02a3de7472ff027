/** HTTPRoutes. https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
import type { Transform } from "../collection/collection.ts";
import type { HttpRoute } from "../core/gateway-api.ts";
import { findMatchProblems } from "./envoy/rule-checks.ts";
import { bindRequestRoute, type RouteInputs } from "./request-route.ts";
import type { BoundRoute } from "./route-nodes.ts";

export type { RouteInputs } from "./request-route.ts";

/** Binds HTTPRoutes and resolves what they refer to. A route none of whose parents is ours gives nothing. */
export function bindHttpRoute(inputs: RouteInputs): Transform<HttpRoute, BoundRoute> {
  return (read, _key, { metadata, spec }) =>
    bindRequestRoute(read, inputs, {
      kind: "HTTPRoute",
      metadata,
      ...spec,
      matchProblems: findMatchProblems(spec.rules),
    });
}
