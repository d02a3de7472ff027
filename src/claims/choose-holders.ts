/** Who gets what several want at once. Pure. */
import { type Hostname, isWildcard, wildcardsAbove } from "../core/hostname.ts";
import type { ClaimCandidate, ClaimWant, HeldPath, Holding } from "../core/ownership.ts";
import { isBelow } from "../core/path.ts";

/** A want and the candidate that it goes to. */
export interface Choice {
  readonly want: ClaimWant;
  readonly candidate: ClaimCandidate;
}

/** What is known besides the wants themselves. */
export interface ChoiceContext {
  /** Whether a candidate was served before: it comes before all that were not. */
  readonly wasServed?: (candidate: ClaimCandidate) => boolean;
  /** Choices of before that are not in force yet: nothing that overlaps with them is chosen. */
  readonly underWay?: Iterable<Choice>;
  /** Choices come into force one by one: what would keep an earlier one from being held waits for it too. */
  readonly inTurn?: boolean;
}

/**
 * Chooses among wants that come at once, none of which is held: whoever was served before, then the oldest object; of equally
 * old ones the narrower want first, as it leaves the rest to the wider one. What lies within a want that goes to another
 * namespace is not chosen unless it was served before: it is to be looked at again once that one is held.
 */
export function chooseHolders(
  wants: Iterable<ClaimWant>,
  { wasServed = () => false, underWay = [], inTurn = false }: ChoiceContext = {},
): readonly Choice[] {
  const taken = new Taken();
  for (const choice of underWay) taken.add(choice);
  const ordered = [...wants].flatMap((want) => {
    const before = want.candidates.find(wasServed);
    const candidate = before ?? want.candidates[0];
    if (candidate === undefined) return [];
    const served = before !== undefined;
    const place = `${served ? "0" : "1"} ${candidate.createdAt} ${widthOf(want)} ${candidate.object} ${want.key}`;
    return [{ choice: { want, candidate }, served, place }];
  });
  ordered.sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0));
  return ordered.flatMap(({ choice, served }) => {
    if (!served && (taken.keepsBack(choice) || (inTurn && taken.isKeptBackBy(choice)))) return [];
    taken.add(choice);
    return [choice];
  });
}

/** What a choice comes to, once it is held since that time (RFC 3339). */
export function holdingOfChoice({ want, candidate }: Choice, since: string): Holding {
  const { key, hostname, path } = want;
  const { namespace, object } = candidate;
  return { key, hostname, ...(path && { path }), namespace, since, object };
}

/** Sorts the narrower first: more labels below a wildcard, a longer path. */
function widthOf({ hostname, path }: ClaimWant): string {
  const labels = isWildcard(hostname) ? 999 - hostname.split(".").length : 0;
  const length = path === undefined || path.type === "Exact" ? 0 : 99_999 - path.value.length;
  return `${String(labels).padStart(3, "0")} ${String(length).padStart(5, "0")}`;
}

/** What is chosen so far, so that each further choice costs the depth of its hostname. */
class Taken {
  /** Who takes a hostname or wildcard as a whole. */
  readonly #whole = new Map<Hostname, string>();
  /** Who takes anything of a hostname, or anything below a wildcard. */
  readonly #within = new Map<Hostname, Set<string>>();
  readonly #paths = new Map<string, Choice[]>();
  /** Who takes paths of a hostname, on any listener. */
  readonly #sharers = new Map<Hostname, Set<string>>();

  add(choice: Choice): void {
    const { want, candidate } = choice;
    for (const hostname of levels(want.hostname)) {
      this.#within.set(hostname, (this.#within.get(hostname) ?? new Set()).add(candidate.namespace));
    }
    if (want.path === undefined) this.#whole.set(want.hostname, candidate.namespace);
    else {
      const scope = scopeOf(want.hostname, want.path);
      this.#paths.set(scope, [...(this.#paths.get(scope) ?? []), choice]);
      const sharers = this.#sharers.get(want.hostname) ?? new Set();
      this.#sharers.set(want.hostname, sharers.add(candidate.namespace));
    }
  }

  /** Whether something of another namespace would keep the choice from being held. */
  keepsBack({ want, candidate }: Choice): boolean {
    const { namespace } = candidate;
    const isForeign = (other: string | undefined) => other !== undefined && other !== namespace;
    if (levels(want.hostname).some((hostname) => isForeign(this.#whole.get(hostname)))) return true;
    const { path } = want;
    // Who came later to name a hostname that others share by path shares it with them.
    if (path === undefined) return [...(this.#sharers.get(want.hostname) ?? [])].some(isForeign);
    return this.#foreignPaths(want.hostname, path, namespace).some((other) => keepsPath(other, path));
  }

  /** Whether the choice would keep something of another namespace from being held. */
  isKeptBackBy({ want, candidate: { namespace } }: Choice): boolean {
    const { hostname, path } = want;
    if (path === undefined) return [...(this.#within.get(hostname) ?? [])].some((other) => other !== namespace);
    return this.#foreignPaths(hostname, path, namespace).some((other) => keepsPath(path, other));
  }

  #foreignPaths(hostname: Hostname, path: HeldPath, namespace: string): readonly HeldPath[] {
    const shared = this.#paths.get(scopeOf(hostname, path)) ?? [];
    return shared.flatMap(({ want, candidate }) =>
      candidate.namespace !== namespace && want.path !== undefined ? [want.path] : [],
    );
  }
}

/** The hostname and every wildcard above it. */
function levels(hostname: Hostname): readonly Hostname[] {
  return [hostname, ...wildcardsAbove(hostname)];
}

function scopeOf(hostname: Hostname, { listener }: HeldPath): string {
  return `${listener} ${hostname}`;
}

/** Whether a path that is held keeps another from being held: that lies below it, or would come before it as a pattern. */
function keepsPath(held: HeldPath, path: HeldPath): boolean {
  if (path.type === "RegularExpression" && isBelow(held.value, path.value)) return true;
  return held.type === "Exact" ? path.type === "Exact" && held.value === path.value : isBelow(path.value, held.value);
}
