import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { KubeFailure } from "../core/kube-client.ts";
import { backoff } from "../core/scheduler.ts";

/** The pace at which a right is asked for that was missing. */
const retry = { first: 500, most: 30_000 } as const;

/** How the API server says that it is the sender who lacks a right. A policy that refuses one object says something else. */
const lacksRight = /^\S+ "[^"]*" is forbidden: User "[^"]*" cannot /;

/**
 * Remembers for which kinds, in which namespaces, we may not write statuses: a right that is missing is missing for every
 * object there, and thousands that each ask for themselves would be a storm.
 */
export class MissingRights {
  readonly #random: () => number;
  readonly #places = new Map<string, { readonly refusals: number; readonly until: number }>();

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Before which time nothing is to be written to the object. */
  until(object: ObjectKey): number {
    return this.#places.get(placeOf(object))?.until ?? 0;
  }

  /** Takes how a write ended; undefined: well. */
  note(object: ObjectKey, failure: KubeFailure | undefined, now: number): void {
    const place = placeOf(object);
    const known = this.#places.get(place);
    if (failure === undefined) this.#places.delete(place);
    // Of several that were under way together, the first counts.
    else if (isMissingRight(failure) && (known === undefined || now >= known.until)) {
      const refusals = (known?.refusals ?? 0) + 1;
      this.#places.set(place, { refusals, until: now + backoff(refusals, { ...retry, random: this.#random }) });
    }
  }

  /** What was missing for another leader need not be missing now. */
  clear(): void {
    this.#places.clear();
  }
}

function isMissingRight({ status, message }: KubeFailure): boolean {
  return status === 403 && lacksRight.test(message);
}

function placeOf(object: ObjectKey): string {
  const { kind, name } = parseObjectKey(object);
  return `${kind} ${parseNamespacedName(name).namespace ?? ""}`;
}
