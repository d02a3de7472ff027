import type { NamespacedName } from "../core/keys.ts";

/** What the rollout has to know of a fleet. */
export interface RolloutFacts {
  /** A change that comes from its class or the control plane is still to come. */
  readonly waits: boolean;
  readonly isReady: boolean;
  /** It was given such a change, and no fleet after it gets theirs before it is Ready. */
  readonly isAwaited: boolean;
}

/**
 * Decides which fleet may be changed next: one at a time, and none while one that was changed is not Ready. What is
 * awaited is written on the Deployments, so a new leader goes on where the last one stopped.
 */
export class Rollout {
  readonly #waiting = new Map<NamespacedName, RolloutFacts>();
  readonly #awaited = new Set<NamespacedName>();
  readonly #postponed = new Set<NamespacedName>();
  #turn: NamespacedName | undefined;

  /** Notes how a fleet is. */
  note(gateway: NamespacedName, facts: RolloutFacts): void {
    if (facts.waits) this.#waiting.set(gateway, facts);
    else this.#waiting.delete(gateway);
    if (facts.isAwaited && !facts.isReady) this.#awaited.add(gateway);
    else this.#awaited.delete(gateway);
  }

  /** Forgets a fleet: its Gateway is gone or must be left alone. */
  forget(gateway: NamespacedName): void {
    this.#waiting.delete(gateway);
    this.#awaited.delete(gateway);
    this.#postponed.delete(gateway);
    if (this.#turn === gateway) this.#turn = undefined;
  }

  /** Forgets everything: somebody else leads. */
  clear(): void {
    for (const fleets of [this.#waiting, this.#awaited, this.#postponed]) fleets.clear();
    this.#turn = undefined;
  }

  hasTurn(gateway: NamespacedName): boolean {
    return this.#turn === gateway;
  }

  /** Ends the turn of a fleet, if it has it. */
  endTurn(gateway: NamespacedName): void {
    if (this.#turn === gateway) this.#turn = undefined;
  }

  /** Passes over a fleet whose change the API server refuses, until {@link resume}: that is no reason to wait for it. */
  postpone(gateway: NamespacedName): void {
    this.#postponed.add(gateway);
    this.endTurn(gateway);
  }

  resume(gateway: NamespacedName): void {
    this.#postponed.delete(gateway);
  }

  /** Whether others wait for this fleet. */
  holdsUpOthers(gateway: NamespacedName): boolean {
    return this.#awaited.has(gateway) && this.#waiting.size > 0;
  }

  /** Gives the turn to the next fleet: those that serve come first. Undefined while somebody has it or is awaited. */
  next(): NamespacedName | undefined {
    if (this.#turn !== undefined || this.#awaited.size > 0) return undefined;
    const candidates = [...this.#waiting].filter(([gateway]) => !this.#postponed.has(gateway));
    const [first] = candidates.toSorted(([a, x], [b, y]) => Number(y.isReady) - Number(x.isReady) || (a < b ? -1 : 1));
    this.#turn = first?.[0];
    return this.#turn;
  }
}
