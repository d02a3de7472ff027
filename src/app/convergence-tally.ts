import { type ConvergingKind, convergingKinds } from "../core/convergence.ts";
import { type NamespacedName, type ObjectKey, parseObjectKey } from "../core/keys.ts";

/** How many objects of one kind are on a Gateway, and how many of them have not arrived at all of its proxies yet. */
export interface TalliedGateway {
  /** `namespace/name`, or `other`. */
  readonly gateway: string;
  readonly kind: ConvergingKind;
  readonly converged: number;
  readonly pending: number;
}

/** Whether all proxies have an object of a Gateway, and how many versions had to be looked at for that. */
export type Arrived = (
  object: ObjectKey,
  gateway: NamespacedName,
) => { readonly arrived: boolean; readonly cost: number };

/** Versions that are looked at each time that somebody wants the numbers: some 20 ms. What is left is looked at next time. */
const mostLooks = 100_000;

/**
 * Counts objects by Gateway and kind. What has arrived once has arrived: a proxy that connects later makes no object pending
 * again, so in a state of rest there is nothing to look at.
 */
export class ConvergenceTally {
  readonly #gateways = new Map<ObjectKey, ReadonlySet<NamespacedName>>();
  readonly #pending = new Map<ObjectKey, Set<NamespacedName>>();
  readonly #most: number;

  constructor(most: number = mostLooks) {
    this.#most = most;
  }

  /** Takes an object that is to arrive at the proxies of these Gateways. */
  published(object: ObjectKey, gateways: ReadonlySet<NamespacedName>): void {
    this.gone(object);
    if (gateways.size === 0) return;
    this.#gateways.set(object, gateways);
    this.#pending.set(object, new Set(gateways));
  }

  /** Forgets an object. */
  gone(object: ObjectKey): void {
    this.#gateways.delete(object);
    this.#pending.delete(object);
  }

  /** Looks which of the pending objects have arrived. */
  settle(arrived: Arrived): void {
    let looks = 0;
    for (const [object, gateways] of [...this.#pending]) {
      if (looks >= this.#most) return;
      for (const gateway of [...gateways]) {
        const found = arrived(object, gateway);
        looks += found.cost;
        if (found.arrived) gateways.delete(gateway);
      }
      this.#pending.delete(object);
      // The others have their turn before it is looked at again.
      if (gateways.size > 0) this.#pending.set(object, gateways);
    }
  }

  /** The numbers, of so many Gateways that count one by one, in the order of their names, and of the rest together. */
  counts(most: number, doesCount: (gateway: NamespacedName) => boolean = () => true): readonly TalliedGateway[] {
    const objects = countBy(this.#gateways);
    const pending = countBy(this.#pending);
    const sorted = [...objects.keys()].filter(doesCount).sort();
    const [named, rest] = [sorted.slice(0, most), sorted.slice(most)];
    const groups: readonly (readonly [string, readonly NamespacedName[]])[] = [
      ...named.map((gateway) => [gateway, [gateway]] as const),
      ["other", rest],
    ];
    return groups.flatMap(([gateway, members]) =>
      convergingKinds.flatMap((kind) => {
        const sum = (counts: Counts) =>
          members.reduce<number>((total, each) => total + (counts.get(each)?.[kind] ?? 0), 0);
        const all = sum(objects);
        return all === 0 ? [] : [{ gateway, kind, converged: all - sum(pending), pending: sum(pending) }];
      }),
    );
  }
}

type Counts = ReadonlyMap<NamespacedName, Readonly<Record<ConvergingKind, number>>>;

function countBy(objects: ReadonlyMap<ObjectKey, ReadonlySet<NamespacedName>>): Counts {
  const counts = new Map<NamespacedName, Record<ConvergingKind, number>>();
  for (const [object, gateways] of objects) {
    const kind = parseObjectKey(object).kind as ConvergingKind; // only these are tallied
    for (const gateway of gateways) {
      const own = counts.get(gateway) ?? none();
      own[kind] += 1;
      counts.set(gateway, own);
    }
  }
  return counts;
}

function none(): Record<ConvergingKind, number> {
  // Of each kind there is one.
  return Object.fromEntries(convergingKinds.map((kind) => [kind, 0])) as Record<ConvergingKind, number>;
}
