/** Keyed values that follow from other keyed values. Reading is all that anybody outside the graph can do. */
export interface Collection<V> {
  readonly name: string;
  readonly size: number;
  get(key: string): V | undefined;
  entries(): IterableIterator<[string, V]>;
}

/** A collection that is fed from outside. What is set is seen from the next flush on. */
export interface Source<V> extends Collection<V> {
  set(key: string, value: V): void;
  delete(key: string): void;
}

/** The only window that a transform has on the world. A read of an absent key is recorded too. */
export interface Reader {
  get<V>(from: Collection<V>, key: string): V | undefined;
}

/** Group key → members by their own key. A group is changed in place: never keep it beyond the transform. */
export type Grouped<V> = Collection<ReadonlyMap<string, V>>;

/**
 * Turns one input into any number of keyed outputs. Pure: everything else that it looks at goes through `read`. An
 * output key belongs to one input key for ever.
 */
export type Transform<I, O> = (read: Reader, key: string, input: I) => Iterable<readonly [key: string, value: O]>;

/** Which keys of which collections a flush has changed: added, replaced or removed. */
export interface Changes {
  of(collection: Collection<unknown>): ReadonlySet<string>;
}

/** One object of a source that an output was made from. */
export interface Origin {
  readonly source: string;
  readonly key: string;
}
