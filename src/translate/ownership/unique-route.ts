/** Which route of a namespace has a hostname, where a Gateway gives it to one route only. */
import type { Route } from "../../core/gateway-api.ts";
import { type Hostname, normalizeHostname } from "../../core/hostname.ts";
import { nameOf, type ObjectKey, objectKey } from "../../core/keys.ts";
import type { Holding } from "../../core/ownership.ts";
import { routeHostnames } from "../route-hostnames.ts";

/** A route by the hostnames that it writes. */
export interface WrittenHostname {
  readonly route: ObjectKey;
  readonly namespace: string;
  readonly createdAt: string;
  readonly hostnames: readonly Hostname[];
}

/** Narrows a route to what it writes. */
export function writtenHostnames(route: Route): WrittenHostname {
  const { kind, metadata } = route;
  return {
    route: objectKey(kind, nameOf(metadata)),
    namespace: metadata.namespace ?? "",
    createdAt: metadata.creationTimestamp,
    hostnames: [...new Set(routeHostnames(route).map(normalizeHostname))],
  };
}

/** The other route of the namespace that has the hostname: the one that was recorded with it, else the oldest. */
export function otherRouteHolds(
  writers: ReadonlyMap<string, WrittenHostname> | undefined,
  { key, namespace }: { readonly key: ObjectKey; readonly namespace: string },
  holding: Holding | undefined,
): ObjectKey | undefined {
  const own = [...(writers?.values() ?? [])].filter((writer) => writer.namespace === namespace);
  const recorded = own.find(({ route }) => route === holding?.object);
  const holder = recorded ?? own.sort(byAge)[0];
  return holder === undefined || holder.route === key ? undefined : holder.route;
}

function byAge(a: WrittenHostname, b: WrittenHostname): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.route < b.route ? -1 : a.route > b.route ? 1 : 0;
}
