import type { NamespacedName } from "../core/keys.ts";
import { type Holding, type HostnameRecord, holdingOf, type RecordKey, recordName } from "../core/ownership.ts";

/** One HostnameRecord that is there. */
export interface StoredRecord {
  readonly name: NamespacedName;
  readonly record: HostnameRecord;
  readonly holding: Holding;
}

/**
 * The records that there are, by name and by what they are about. People may make records too, under any name: of several
 * about the same thing the one with the name that we would give counts, else the first by name.
 */
export class StoredRecords {
  readonly #byName = new Map<string, StoredRecord>();
  readonly #byKey = new Map<RecordKey, Map<string, StoredRecord>>();

  get size(): number {
    return this.#byName.size;
  }

  keys(): Iterable<RecordKey> {
    return this.#byKey.keys();
  }

  get(name: string): StoredRecord | undefined {
    return this.#byName.get(name);
  }

  /** The record that counts. */
  of(key: RecordKey): StoredRecord | undefined {
    const records = this.#byKey.get(key);
    if (records === undefined) return undefined;
    const [first] = [...records.keys()].sort();
    return records.get(recordName(key)) ?? (first === undefined ? undefined : records.get(first));
  }

  set(name: NamespacedName, record: HostnameRecord): StoredRecord {
    const stored = { name, record, holding: holdingOf(record) };
    const { key } = stored.holding;
    this.#byName.set(name, stored);
    this.#byKey.set(key, (this.#byKey.get(key) ?? new Map()).set(name, stored));
    return stored;
  }

  delete(name: string): StoredRecord | undefined {
    const stored = this.#byName.get(name);
    if (stored === undefined) return undefined;
    this.#byName.delete(name);
    const { key } = stored.holding;
    const records = this.#byKey.get(key);
    records?.delete(name);
    if (records?.size === 0) this.#byKey.delete(key);
    return stored;
  }
}
