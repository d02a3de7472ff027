import type { Route } from "../core/gateway-api.ts";

/** The hostnames that a route writes; kinds that know none have none. */
export function routeHostnames({ spec }: Route): readonly string[] {
  return "hostnames" in spec ? (spec.hostnames ?? []) : [];
}
