/** Rules of routes that the proxies of a Gateway have refused, and how these get them instead. */
import type { Collection, Grouped, Transform } from "../../collection/collection.ts";
import type { NamespacedName, ObjectKey } from "../../core/keys.ts";
import type { Quarantine } from "../../core/quarantine.ts";
import { parseRouteName } from "../envoy/names.ts";
import { contentVersion } from "../envoy/resource.ts";
import { printRoutes, type RouteContext } from "../envoy/route.ts";
import type { BoundRoute, RouteRule } from "../route-nodes.ts";
import { type RefusedCluster, withoutClusters } from "./refused-clusters.ts";

/** A rule that is not served as it is written: its matches answer 500, or it is not there where these are refused too. */
export interface RefusedRule {
  readonly form: "answers500" | "dropped";
  /** Envoy's own. */
  readonly words: string;
}

/** The refused rules of a route: by Gateway, then by the rule's index. */
export type RefusedRules = ReadonlyMap<NamespacedName, ReadonlyMap<number, RefusedRule>>;

export interface RefusedRuleInputs {
  /** By ObjectKey. */
  readonly routes: Collection<BoundRoute>;
  /** By Gateway. */
  readonly refusedClusters: Grouped<RefusedCluster>;
}

/**
 * Finds what of a route is not to be sent again. Runs for routes with quarantines only: a rule is printed in one form after
 * the other until one is none that was refused. What was refused of another generation, or otherwise printed, says nothing.
 */
export function findRefusedRules(inputs: RefusedRuleInputs): Transform<ReadonlyMap<string, Quarantine>, RefusedRules> {
  return (read, object, quarantines) => {
    const route = read.get(inputs.routes, object);
    if (route === undefined) return [];
    const current = [...quarantines.values()].filter(({ spec }) => spec.generation === route.generation);
    const byGateway = new Map<NamespacedName, ReadonlyMap<number, RefusedRule>>();
    for (const [gateway, contexts] of contextsByGateway(route)) {
      const clusters = read.get(inputs.refusedClusters, gateway);
      const refused = route.rules.flatMap((rule): readonly (readonly [number, RefusedRule])[] => {
        const own = current.filter(({ spec }) => spec.gateway === gateway && isOf(spec.part, route.key, rule));
        const found = own.length === 0 ? undefined : judge(withoutClusters(rule, route, clusters), contexts, own);
        return found === undefined ? [] : [[rule.index, found]];
      });
      if (refused.length > 0) byGateway.set(gateway, new Map(refused));
    }
    return byGateway.size === 0 ? [] : [[object, byGateway]];
  };
}

/** The rule as its matches answering 500. */
export function answering500(rule: RouteRule, words: string): RouteRule {
  return { ...rule, broken: { condition: "PartiallyInvalid", reason: "UnsupportedValue", message: refusal(words) } };
}

/** What whoever asks about a request is told. */
export function refusal(words: string): string {
  return `proxies refuse it: ${words}`;
}

function isOf(part: string, route: ObjectKey, { index }: RouteRule): boolean {
  const parsed = parseRouteName(part);
  return parsed?.route === route && parsed.rule === index;
}

/** All that the printed routes depend on besides the rule, by Gateway. */
function contextsByGateway(route: BoundRoute): ReadonlyMap<NamespacedName, readonly RouteContext[]> {
  const served = route.parents.flatMap(({ attachments }) => attachments).filter((attachment) => attachment.served);
  const byGateway = Map.groupBy(served, ({ gateway }) => gateway);
  return new Map(
    [...byGateway].map(([gateway, attachments]) => {
      const distinct = new Map(attachments.map(({ port, scheme }) => [`${scheme} ${port}`, { port, scheme }]));
      return [gateway, [...distinct.values()].map((place) => ({ ...place, route: route.key }))];
    }),
  );
}

function judge(
  rule: RouteRule,
  contexts: readonly RouteContext[],
  quarantines: readonly Quarantine[],
): RefusedRule | undefined {
  const asWritten = refusedAs(rule, contexts, quarantines);
  if (asWritten.length === 0) return undefined;
  const words = [...new Set(asWritten.map(({ spec }) => spec.words))].sort().join("; ");
  const isDropped = refusedAs(answering500(rule, words), contexts, quarantines).length > 0;
  return { form: isDropped ? "dropped" : "answers500", words };
}

/** A quarantine is of one form: all that it names has to be there, as two forms may have a message in common. */
function refusedAs(
  rule: RouteRule,
  contexts: readonly RouteContext[],
  quarantines: readonly Quarantine[],
): readonly Quarantine[] {
  const messages = contexts.flatMap((context) => rule.matches.flatMap((match) => printRoutes(rule, match, context)));
  const hashes = new Set(messages.map((message) => contentVersion([message])));
  return quarantines.filter(({ spec }) => spec.hashes.length > 0 && spec.hashes.every((hash) => hashes.has(hash)));
}
