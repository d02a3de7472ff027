import {
  type ClaimKeeper,
  type ClaimWant,
  type Holding,
  type HostnameRecord,
  holdingOf,
  type RecordKey,
} from "../core/ownership.ts";
import { chooseHolders, holdingOfChoice } from "./choose-holders.ts";

/**
 * Holds at once, and for good, whatever is wanted first, beginning with what HostnameRecords say: for translations that store
 * nothing and end soon.
 */
export class InstantClaims implements ClaimKeeper {
  /** Wanted, and not held by any of those that want it. */
  readonly #open = new Map<RecordKey, ClaimWant>();
  /** The namespace that holds something. */
  readonly #holders: Map<RecordKey, string>;

  constructor(records: readonly HostnameRecord[] = []) {
    this.#holders = new Map(records.map(holdingOf).map(({ key, namespace }) => [key, namespace]));
  }

  wantsChanged(changes: ReadonlyMap<RecordKey, ClaimWant | undefined>): readonly Holding[] {
    for (const [key, want] of changes) {
      // Who is refused something is not among those who want it.
      const holder = this.#holders.get(key);
      const isOpen = want?.candidates.some(({ namespace }) => namespace === holder) === false;
      if (want !== undefined && isOpen) this.#open.set(key, want);
      else this.#open.delete(key);
    }
    return chooseHolders(this.#open.values()).map((choice) => {
      this.#open.delete(choice.want.key);
      this.#holders.set(choice.want.key, choice.candidate.namespace);
      return holdingOfChoice(choice, choice.candidate.createdAt);
    });
  }
}
