/** Routes whose requests are looked up in tables: HTTPRoutes, and GRPCRoutes in the terms of those. */
import type { Reader } from "../collection/collection.ts";
import { joinRejections, type Rejection } from "../core/conditions.ts";
import type { ParentReference } from "../core/gateway-api.ts";
import { nameOf, type ObjectKey, objectKey } from "../core/keys.ts";
import type { ObjectMeta } from "../core/kubernetes.ts";
import { type BackendInputs, routeSource } from "./backend.ts";
import type { OwnedMatch } from "./ownership/route-ownership.ts";
import { type RequestRule, readRule, upgradesToHttps } from "./request-rule.ts";
import { type BindingInputs, bindRoute } from "./route-binding.ts";
import type { BoundRoute, ParentBinding } from "./route-nodes.ts";
import { matchId } from "./table-routes.ts";

export interface RouteInputs extends BindingInputs, BackendInputs {}

/** A route as it is written, with what is wrong with the matches of each rule. */
export interface RequestRoute {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  readonly metadata: ObjectMeta;
  readonly parentRefs?: readonly ParentReference[];
  readonly hostnames?: readonly string[];
  readonly rules: readonly RequestRule[];
  /** By the place of a rule: why a match cannot be told to a proxy. */
  readonly matchProblems: readonly (string | undefined)[];
}

/** Binds a route and resolves what it refers to. One none of whose parents is ours gives nothing. */
export function bindRequestRoute(
  read: Reader,
  inputs: RouteInputs,
  { kind, metadata, parentRefs = [], hostnames = [], rules: written, matchProblems }: RequestRoute,
): readonly (readonly [ObjectKey, BoundRoute])[] {
  const matches = written.flatMap((rule, index) =>
    matchProblems[index] === undefined ? ownedMatches(rule, index) : [],
  );
  const { parents, claims, pending } = bindRoute(read, inputs, { kind, metadata, parentRefs, hostnames, matches });
  if (parents.length === 0) return [];
  const from = routeSource(kind, metadata);
  const key = objectKey(kind, nameOf(metadata));
  const readRules = written.map((rule, index) =>
    readRule(read, inputs, { route: key, from, rule, index, matchProblem: matchProblems[index] }),
  );
  const rules = readRules.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  const unresolved = joinRejections(readRules.flatMap((rule) => rule.unresolved));
  const invalid = joinRejections(readRules.flatMap(({ problem }) => (problem === undefined ? [] : [problem])));
  const servable = rules.some(({ broken }) => broken === undefined) || invalid === undefined;
  const route: BoundRoute = {
    key,
    namespace: metadata.namespace ?? "",
    generation: metadata.generation,
    createdAt: metadata.creationTimestamp,
    parents: servable ? parents : parents.map((parent) => refuse(parent, invalid)),
    claims,
    pending,
    rules,
    ...(unresolved === undefined ? {} : { unresolved }),
    ...(servable && invalid !== undefined ? { partiallyInvalid: invalid } : {}),
  };
  return [[key, route]];
}

function ownedMatches(rule: RequestRule, index: number): readonly OwnedMatch[] {
  const upgrades = upgradesToHttps(rule);
  return rule.matches.map(({ path }, match) => ({ id: matchId(index, match), path, upgradesToHttps: upgrades }));
}

/** A route without a rule that could be served is not accepted; what refused it before stays the reason. */
function refuse(parent: ParentBinding, invalid: Rejection | undefined): ParentBinding {
  if (parent.rejection !== undefined || invalid === undefined) return parent;
  return { ...parent, rejection: { ...invalid, condition: "Accepted" }, attachments: [] };
}
