/** What claims would make of an object, before it is applied. */
import type { Collection, Reader, Transform } from "../../collection/collection.ts";
import type { Gateway, ListenerSet, Route } from "../../core/gateway-api.ts";
import { normalizeHostname } from "../../core/hostname.ts";
import { nameOf, type ObjectByKind, type RouteKind } from "../../core/keys.ts";
import type { OwnershipRefusal } from "../../core/ownership.ts";
import type { NamespaceLabels } from "../allowed-routes.ts";
import { attachmentRejection, listenerSetKeys } from "../listener-set.ts";
import type { GatewayNode } from "../nodes.ts";
import type { BoundRoute } from "../route-nodes.ts";
import { judgeListener, type ListenerOwnershipInputs } from "./listener-ownership.ts";

/** What would be refused, and what would only be warned about. */
export interface OwnershipJudgement {
  readonly enforced: readonly OwnershipRefusal[];
  readonly warned: readonly OwnershipRefusal[];
}

export interface JudgeInputs {
  readonly bind: { readonly [K in RouteKind]: Transform<ObjectByKind[K], BoundRoute> };
  /** Gateways of ours, by namespace/name. */
  readonly nodes: Collection<GatewayNode>;
  /** All of them, by namespace/name. */
  readonly gateways: Collection<Gateway>;
  readonly namespaceLabels: Collection<NamespaceLabels>;
  readonly listeners: ListenerOwnershipInputs;
}

/** Nobody is told when what was read changes: the answer is for now. */
const read: Reader = { get: (from, key) => from.get(key) };

/** Judges an object as if it were applied now. What nobody holds is nobody's yet: it is not refused. */
export function judgeObject(object: Route | ListenerSet, inputs: JudgeInputs): OwnershipJudgement {
  return object.kind === "ListenerSet" ? judgeSet(object, inputs) : judgeRoute(object, inputs);
}

function judgeRoute(route: Route, { bind }: JudgeInputs): OwnershipJudgement {
  const bindRoute = bind[route.kind] as Transform<Route, BoundRoute>; // the one for its kind
  const parents = [...bindRoute(read, nameOf(route.metadata), route)].flatMap(([, bound]) => bound.parents);
  const of = (enforced: boolean) =>
    distinct(parents.flatMap(({ refusals }) => (refusals?.enforced === enforced ? refusals.list : [])));
  return { enforced: of(true), warned: of(false) };
}

function judgeSet(set: ListenerSet, { nodes, gateways, namespaceLabels, listeners }: JudgeInputs): OwnershipJudgement {
  const judged = listenerSetKeys(set).flatMap((gateway) => {
    const policy = nodes.get(gateway)?.ownership;
    const parent = gateways.get(gateway);
    if (policy === undefined || parent === undefined) return [];
    if (attachmentRejection(read, namespaceLabels, parent, set) !== undefined) return [];
    const refusals = set.spec.listeners.flatMap(({ hostname }) => {
      const { refusal } = judgeListener(read, listeners, { set, hostname: normalizeHostname(hostname), policy });
      return refusal === undefined ? [] : [refusal];
    });
    return refusals.map((refusal) => ({ refusal, enforced: policy.mode === "Enforce" }));
  });
  const of = (enforced: boolean) =>
    distinct(judged.filter((each) => each.enforced === enforced).map(({ refusal }) => refusal));
  return { enforced: of(true), warned: of(false) };
}

function distinct(refusals: readonly OwnershipRefusal[]): readonly OwnershipRefusal[] {
  return [...new Map(refusals.map((refusal) => [JSON.stringify(refusal), refusal])).values()];
}
