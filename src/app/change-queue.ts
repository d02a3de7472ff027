import type { Kind, NamespacedName, ObjectByKind, ObjectKey } from "../core/keys.ts";

/** One change of a source: without `object` it is gone. */
export interface ObjectChange {
  readonly key: ObjectKey;
  readonly kind: Kind;
  readonly name: NamespacedName;
  readonly object?: ObjectByKind[Kind];
}

/**
 * Kinds whose changes may wait, in the order in which they are let through: what is referred to before what refers to it;
 * what is gone comes after all that is there, in the opposite order.
 *
 * EndpointSlices and Secrets never wait: requests would go to pods that are gone, and certificates would run out. What
 * belongs to no namespace is the platform's.
 */
const ranks: Readonly<Record<Kind, number | undefined>> = {
  ReferenceGrant: 1,
  Service: 2,
  GatewayParameters: 3,
  Gateway: 4,
  ListenerSet: 5,
  BackendTLSPolicy: 3,
  HTTPRoute: 6,
  GRPCRoute: 6,
  TLSRoute: 6,
  TCPRoute: 6,
  UDPRoute: 6,
  EndpointSlice: undefined,
  Secret: undefined,
  ConfigMap: undefined,
  Namespace: undefined,
  GatewayClass: undefined,
  HostnameClaim: undefined,
  HostnameRecord: undefined,
  NamespaceBudget: undefined,
  Quarantine: undefined,
};

const lastRank = 6;

/** Whether changes of a kind may wait. */
export function mayWait(kind: Kind): boolean {
  return ranks[kind] !== undefined;
}

/**
 * The newest version of each object that waits. They leave in rounds: who comes while a round is under way waits for the
 * next one, so that nobody is passed for ever; a newer version of what is in the round takes its place there.
 */
export class ChangeQueue {
  /** By rank. */
  readonly #round = new Map<number, Map<ObjectKey, ObjectChange>>();
  readonly #inRound = new Map<ObjectKey, number>();
  #next = new Map<ObjectKey, ObjectChange>();

  /** How many objects wait. */
  get size(): number {
    return this.#inRound.size + this.#next.size;
  }

  /** The change that waits for an object. */
  get(key: ObjectKey): ObjectChange | undefined {
    const rank = this.#inRound.get(key);
    return rank === undefined ? this.#next.get(key) : this.#round.get(rank)?.get(key);
  }

  /** Adds a change, or puts it in the place of the one of the same object. */
  put(change: ObjectChange): void {
    if (this.#inRound.has(change.key)) this.#join(change);
    else this.#next.set(change.key, change);
  }

  /** Takes a change out of its turn. */
  remove(key: ObjectKey): void {
    this.#leave(key);
    this.#next.delete(key);
  }

  /** Takes the next change. */
  shift(): ObjectChange | undefined {
    if (this.#inRound.size === 0) this.#startRound();
    for (let rank = 1; rank <= 2 * lastRank; rank += 1) {
      for (const change of this.#round.get(rank)?.values() ?? []) {
        this.#leave(change.key);
        return change;
      }
    }
    return undefined;
  }

  #startRound(): void {
    const changes = this.#next;
    this.#next = new Map();
    for (const change of changes.values()) this.#join(change);
  }

  /** In its old place where its rank stays, so that edits do not make it wait longer. */
  #join(change: ObjectChange): void {
    const rank = rankOf(change);
    if (this.#inRound.get(change.key) !== rank) this.#leave(change.key);
    const members = this.#round.get(rank) ?? new Map<ObjectKey, ObjectChange>();
    this.#round.set(rank, members);
    members.set(change.key, change);
    this.#inRound.set(change.key, rank);
  }

  #leave(key: ObjectKey): void {
    const rank = this.#inRound.get(key);
    if (rank === undefined) return;
    this.#inRound.delete(key);
    this.#round.get(rank)?.delete(key);
  }
}

function rankOf({ kind, object }: ObjectChange): number {
  const rank = ranks[kind] ?? lastRank;
  return object === undefined ? 2 * lastRank + 1 - rank : rank;
}
