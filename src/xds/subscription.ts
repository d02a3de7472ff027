import type { ResourceType } from "../core/xds-resource.ts";

/** What a request changed in a subscription. */
export interface SubscriptionChange {
  /** Names that are to be answered, whatever the client is believed to hold. */
  readonly answer: readonly string[];
  /** Names that the client no longer wants. */
  readonly dropped: readonly string[];
  readonly wildcard: "began" | "ended" | "unchanged";
}

/** Types of which a client asks for everything by naming nothing; the server owes them a complete answer. */
export const wildcardTypes: ReadonlySet<ResourceType> = new Set(["cluster", "listener", "scope"]);

const everything = "*";

/**
 * Keeps which resources of one type a client wants.
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return
 */
export class Subscription {
  readonly #type: ResourceType;
  #names = new Set<string>();
  #wildcard = false;
  #asked = false;
  /** A state-of-the-world client that has named something can no longer mean everything by naming nothing. */
  #named = false;

  constructor(type: ResourceType) {
    this.#type = type;
  }

  /** Whether the client has sent any request for the type. */
  get asked(): boolean {
    return this.#asked;
  }

  get wildcard(): boolean {
    return this.#wildcard;
  }

  /** Names that were asked for one by one. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  includes(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  /** The names of a list that were asked for already; undefined where a list without them would mean something else. */
  withoutNew(list: readonly string[]): readonly string[] | undefined {
    return this.#wildcard || wildcardTypes.has(this.#type) ? undefined : list.filter((name) => this.#names.has(name));
  }

  /** Takes over a delta request's names. */
  changeDelta(subscribe: readonly string[], unsubscribe: readonly string[]): SubscriptionChange {
    const before = this.#wildcard;
    if (!this.#asked && subscribe.length === 0 && wildcardTypes.has(this.#type)) this.#wildcard = true;
    this.#asked = true;
    const answer = new Set<string>();
    const dropped = new Set<string>();
    for (const name of subscribe) {
      if (name === everything) this.#wildcard = true;
      else {
        this.#names.add(name);
        answer.add(name);
      }
    }
    if (unsubscribe.includes(everything)) this.#wildcard = false;
    for (const name of unsubscribe) {
      if (!this.#names.delete(name)) continue;
      if (this.#wildcard) answer.add(name);
      else {
        answer.delete(name);
        dropped.add(name);
      }
    }
    return { answer: [...answer], dropped: [...dropped], wildcard: transition(before, this.#wildcard) };
  }

  /** Takes over the names of a state-of-the-world request, which always lists all of them. */
  changeSotw(list: readonly string[]): SubscriptionChange {
    const before = this.#wildcard;
    const previous = this.#names;
    const first = !this.#asked;
    this.#asked = true;
    const names = new Set(list);
    if (names.size > 0) {
      this.#named = true;
      this.#wildcard = names.delete(everything);
    } else {
      this.#wildcard = !this.#named && wildcardTypes.has(this.#type) && (first || before);
    }
    this.#names = names;
    return {
      answer: before ? [] : [...names].filter((name) => !previous.has(name)),
      dropped: [...previous].filter((name) => !this.includes(name)),
      wildcard: transition(before, this.#wildcard),
    };
  }
}

function transition(before: boolean, after: boolean): SubscriptionChange["wildcard"] {
  if (before === after) return "unchanged";
  return after ? "began" : "ended";
}
