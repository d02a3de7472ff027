/** How much of the translation a run has seen: a generator that makes nothing but nonsense proves nothing. */
import type { Condition, StatusUpdate } from "../../src/core/conditions.ts";
import { type ObjectKey, parseObjectKey } from "../../src/core/keys.ts";

export type Coverage = Map<string, number>;

/** Counts, by kind, conditions with their status and reason. */
export function cover(coverage: Coverage, statuses: ReadonlyMap<ObjectKey, StatusUpdate>): void {
  for (const [key, status] of statuses) {
    const { kind } = parseObjectKey(key);
    for (const { type, status: holds, reason } of conditionsOf(status)) {
      const seen = `${kind} ${type} ${holds} ${reason}`;
      coverage.set(seen, (coverage.get(seen) ?? 0) + 1);
    }
  }
}

/** What a run has to have seen, and has not: each kind taken and refused, with and without references that lead nowhere. */
export function missedBy(coverage: Coverage): readonly string[] {
  return wanted.filter((one) => ![...coverage.keys()].some((seen) => `${seen} `.startsWith(`${one} `)));
}

const wanted: readonly string[] = [
  ...["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"].flatMap((kind) => [
    `${kind} Accepted True`,
    `${kind} Accepted False`,
    `${kind} ResolvedRefs True`,
    `${kind} ResolvedRefs False`,
  ]),
  ...["Gateway", "ListenerSet"].flatMap((kind) => [`${kind} Accepted True`, `${kind} ResolvedRefs False`]),
  "ListenerSet Conflicted True",
  "BackendTLSPolicy Accepted True",
  "BackendTLSPolicy Accepted False",
];

function conditionsOf(status: StatusUpdate): readonly Condition[] {
  switch (status.kind) {
    case "GatewayClass":
    case "GatewayParameters":
      return status.conditions;
    case "Gateway":
    case "ListenerSet":
      return [...status.conditions, ...status.listeners.flatMap(({ conditions }) => conditions)];
    case "Route":
      return status.parents.flatMap(({ conditions }) => conditions);
    case "Policy":
      return status.ancestors.flatMap(({ conditions }) => conditions);
  }
}
