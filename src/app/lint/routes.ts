import { hostnamesGranted } from "../../core/ownership.ts";
import { trimmedPrefix } from "../../translate/envoy/route-match.ts";
import type { Listener } from "../../translate/nodes.ts";
import type { BoundRoute, RouteRule } from "../../translate/route-nodes.ts";
import { verdictsOf } from "../world/verdicts.ts";
import type { LintRule, RuleFinding } from "./lint-world.ts";
import { isShared } from "./listeners.ts";

/** Finds routes that take whatever nobody else has, on listeners where others may come. */
export const catchAllRoutes: LintRule = ({ routing }) => {
  const shared = new Map<string, Listener>();
  for (const [, { listeners }] of routing.gateways.entries()) {
    for (const listener of listeners) if (isShared(listener)) shared.set(listener.key, listener);
  }
  return [...routing.routes.entries()].flatMap(([, route]): readonly RuleFinding[] => {
    const rule = route.rules.find(({ matches }) => matches.some(matchesEverything));
    const listeners = hostlessListeners(route).filter((key) => shared.has(key));
    if (rule === undefined || listeners.length === 0) return [];
    const names = [...new Set(listeners.map((key) => shared.get(key)?.name))].join(", ");
    const message = `it has no hostnames, and rule ${rule.index} answers every path: on listener ${names} it takes all that nobody else has`;
    return [{ code: "GH0010", object: route.key, message }];
  });
};

/** Finds what is not served as it was asked for. */
export const refusedObjects: LintRule = ({ statuses }) =>
  [...statuses].flatMap(([object, status]) =>
    verdictsOf(status)
      .filter(({ good }) => !good)
      .flatMap(({ type, parent, listener, reason, message }): readonly RuleFinding[] => {
        const code = codes.get(type);
        const place = parent ?? (listener === undefined ? undefined : `listener ${listener}`);
        return code === undefined
          ? []
          : [{ code, object, message: `${place === undefined ? "" : `${place}: `}${message} (${reason})` }];
      }),
  );

const codes: ReadonlyMap<string, RuleFinding["code"]> = new Map([
  ["Accepted", "GH0011"],
  [hostnamesGranted, "GH0012"],
  ["ResolvedRefs", "GH0013"],
]);

function hostlessListeners({ parents }: BoundRoute): readonly string[] {
  return parents.flatMap(({ attachments }) =>
    attachments.filter(({ hosts }) => hosts.some(({ written }) => written === "")).map(({ listener }) => listener),
  );
}

function matchesEverything({ path, method, headers, queryParams }: RouteRule["matches"][number]): boolean {
  if (method !== undefined || (headers?.length ?? 0) + (queryParams?.length ?? 0) > 0) return false;
  return path.type === "PathPrefix" && trimmedPrefix(path.value) === "";
}
