/** Which objects are beyond a budget. */
import type { Grouped, Transform } from "../../collection/collection.ts";
import type { Rejection } from "../../core/conditions.ts";
import type { Hostname } from "../../core/hostname.ts";
import type { ObjectKey } from "../../core/keys.ts";
import type { Limit, ScopeLimits } from "./limits.ts";
import type { CountedLimit, ObjectWeight } from "./weight.ts";

/** The key of a verdict on an object in a scope. */
export function verdictKey(scope: string, object: ObjectKey): string {
  return `${scope}|${object}`;
}

/**
 * Refuses the newest objects of a scope beyond its limits. All that exists is counted from the oldest on, for each limit by
 * itself: so an object that shrinks within the limits, or goes, never costs another its place. One that alone is more than
 * a limit is refused, and uses nothing up. Keyed by {@link verdictKey}.
 */
export function judgeScope(weights: Grouped<ObjectWeight>): Transform<ScopeLimits, Rejection> {
  return (read, scope, limits) => {
    const meters = metersOf(limits);
    if (meters.length === 0) return [];
    const members = [...(read.get(weights, scope)?.values() ?? [])].sort(byAge);
    return members.flatMap((weight) => {
      const message = judge(meters, weight);
      if (message === undefined) return [];
      const rejection: Rejection = { condition: "Accepted", reason: "BudgetExceeded", message };
      return [[verdictKey(scope, weight.object), rejection] as const];
    });
  };
}

function judge(meters: readonly Meter[], weight: ObjectWeight): string | undefined {
  const alone = meters.map((meter) => meter.tooMuch(weight)).find((message) => message !== undefined);
  if (alone !== undefined) return alone;
  // All of them count on, whichever refuses.
  const messages = meters.map((meter) => meter.count(weight));
  return messages.find((message) => message !== undefined);
}

/** Measures objects by one limit, the oldest first. */
interface Meter {
  /** Why it does not fit even where there is no other object. */
  readonly tooMuch: (weight: ObjectWeight) => string | undefined;
  /** Counts it, and says why it is beyond the limit. */
  readonly count: (weight: ObjectWeight) => string | undefined;
}

/** The limits that bound how many objects there are come first: what they say of one does not hang on what others hold. */
const counted = {
  gateways: ["Gateway", "Gateways"],
  routes: ["route", "routes"],
  backendTlsPolicies: ["BackendTLSPolicy", "BackendTLSPolicies"],
  listeners: ["listener", "listeners"],
  rules: ["rule", "rules"],
  regexes: ["regular expression", "regular expressions"],
  certificates: ["reference to a certificate", "references to certificates"],
  authorities: ["reference to authorities", "references to authorities"],
} as const satisfies Record<CountedLimit, Noun>;

/** Of one, and of several. */
type Noun = readonly [string, string];

function metersOf(limits: ScopeLimits): readonly Meter[] {
  const names = Object.keys(counted) as readonly CountedLimit[]; // the keys of that very table
  const meters = names.flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [countMeter(limit, name)];
  });
  return limits.hostnames === undefined ? meters : [...meters, hostnameMeter(limits.hostnames)];
}

function countMeter(limit: Limit, name: CountedLimit): Meter {
  const tell = messages(limit, counted[name]);
  let sum = 0;
  return {
    tooMuch: ({ counts }) => tell.alone(counts[name] ?? 0),
    count: ({ counts }) => {
      const own = counts[name] ?? 0;
      const wasFull = sum > limit.most;
      sum += own;
      if (own === 0 || sum <= limit.most) return undefined;
      return wasFull ? tell.older() : tell.first(sum);
    },
  };
}

/** A hostname that an older object has within the limit uses nothing up. */
function hostnameMeter(limit: Limit): Meter {
  const tell = messages(limit, ["hostname", "different hostnames"]);
  const seen = new Set<Hostname>();
  const within = new Set<Hostname>();
  return {
    tooMuch: ({ hostnames }) => tell.alone(hostnames.length),
    count: ({ hostnames }) => {
      const wasFull = seen.size > limit.most;
      for (const hostname of hostnames) seen.add(hostname);
      if (seen.size <= limit.most) for (const hostname of hostnames) within.add(hostname);
      if (hostnames.every((hostname) => within.has(hostname))) return undefined;
      return wasFull ? tell.older() : tell.first(seen.size);
    },
  };
}

/** Of those behind the first none is told a count: it would change, and be written to all of them, with every edit of one. */
function messages({ most, setBy }: Limit, [one, several]: Noun) {
  const allowed = `${setBy} allows ${most === 0 ? "no" : most} ${most === 1 ? one : several}`;
  return {
    alone: (own: number) => (own > most ? `${allowed}, and this object alone has ${own}` : undefined),
    first: (sum: number) => `${allowed}, and with this object the namespace has ${sum}`,
    older: () => `${allowed}, and older objects of the namespace already come to more`,
  };
}

function byAge(a: ObjectWeight, b: ObjectWeight): number {
  return compare(a.createdAt, b.createdAt) || compare(a.name, b.name) || compare(a.object, b.object);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
