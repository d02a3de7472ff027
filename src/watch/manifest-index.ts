import {
  type NamespacedName,
  namespacedName,
  type ObjectKey,
  objectKey,
  parseNamespacedName,
  parseObjectKey,
} from "../core/keys.ts";
import { namespaceNameLabel } from "./core-defaults.ts";
import type { ManifestObject } from "./manifest-object.ts";
import { normalizeObject } from "./normalize.ts";
import type { SourceProblem } from "./object-source.ts";
import { emptyMapping, type PlainValue } from "./yaml-value.ts";

/** An object that a file claims to define. */
export interface Claim {
  readonly entry: ManifestObject;
  readonly document: number;
  /** It is no longer in the file and only kept for a while. */
  readonly held: boolean;
}

/**
 * Knows which file defines which object. Of several claims the first by path wins; a Namespace that nobody defines but
 * objects live in is there all the same, with no label but its name.
 */
export class ManifestIndex {
  readonly #files = new Map<string, ReadonlyMap<ObjectKey, Claim>>();
  readonly #claims = new Map<ObjectKey, Map<string, Claim>>();
  /** How many objects are claimed in each namespace. */
  readonly #population = new Map<string, number>();
  readonly #implicit = new Map<string, ManifestObject>();
  readonly #contested = new Set<ObjectKey>();
  #dirty = new Set<ObjectKey>();

  /** Replaces all claims of one file; an empty map when there are none. */
  replace(file: string, claims: ReadonlyMap<ObjectKey, Claim>): void {
    const before = this.#files.get(file) ?? new Map<ObjectKey, Claim>();
    for (const [key, claim] of before) if (!claims.has(key)) this.#drop(file, key, claim);
    for (const [key, claim] of claims) this.#put(file, key, claim);
    if (claims.size === 0) this.#files.delete(file);
    else this.#files.set(file, claims);
  }

  /** The objects that may have changed since the last call. */
  takeDirty(): ReadonlySet<ObjectKey> {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    return dirty;
  }

  /** The object in force; undefined when there is none. */
  get(key: ObjectKey): ManifestObject | undefined {
    const claims = this.#claims.get(key);
    if (claims !== undefined) return ordered(claims)[0]?.[1].entry;
    const { kind, name } = parseObjectKey(key);
    return kind === "Namespace" && this.#population.has(name) ? this.#implicitNamespace(name) : undefined;
  }

  /** Objects that several files claim: one problem for each file that loses. */
  duplicates(): readonly SourceProblem[] {
    return [...this.#contested].sort().flatMap((key) => {
      const [winner, ...losers] = ordered(this.#claims.get(key) ?? new Map()).filter(([, { held }]) => !held);
      return losers.map(([file, { document }]): SourceProblem => {
        const object = key.replace("/", " ");
        return { file, document, object, message: `is already in ${winner?.[0]}; the one in ${file} is ignored` };
      });
    });
  }

  #put(file: string, key: ObjectKey, claim: Claim): void {
    const claims = this.#claims.get(key) ?? new Map<string, Claim>();
    const before = claims.get(file);
    claims.set(file, claim);
    if (claims.size === 1 && before === undefined) {
      this.#claims.set(key, claims);
      this.#populate(claim.entry.name, 1);
    }
    if (claims.size > 1) this.#contested.add(key);
    if (before?.entry !== claim.entry) this.#dirty.add(key);
  }

  #drop(file: string, key: ObjectKey, claim: Claim): void {
    const claims = this.#claims.get(key);
    claims?.delete(file);
    if (claims === undefined || claims.size < 2) this.#contested.delete(key);
    if (claims?.size === 0) {
      this.#claims.delete(key);
      this.#populate(claim.entry.name, -1);
    }
    this.#dirty.add(key);
  }

  #populate(name: NamespacedName, change: number): void {
    const { namespace } = parseNamespacedName(name);
    if (namespace === undefined) return;
    const before = this.#population.get(namespace) ?? 0;
    const after = before + change;
    if (after === 0) this.#population.delete(namespace);
    else this.#population.set(namespace, after);
    if (before === 0 || after === 0) this.#dirty.add(namespaceKey(namespace));
  }

  #implicitNamespace(name: string): ManifestObject {
    const known = this.#implicit.get(name);
    if (known !== undefined) return known;
    const labels = emptyMapping<PlainValue>();
    labels[namespaceNameLabel] = name;
    const entry: ManifestObject = {
      kind: "Namespace",
      name: namespacedName(undefined, name),
      key: namespaceKey(name),
      object: normalizeObject("Namespace", { metadata: { name, labels } }),
    };
    this.#implicit.set(name, entry);
    return entry;
  }
}

function ordered(claims: ReadonlyMap<string, Claim>): readonly (readonly [string, Claim])[] {
  return [...claims].sort(([a], [b]) => (a < b ? -1 : 1));
}

function namespaceKey(name: string): ObjectKey {
  return objectKey("Namespace", namespacedName(undefined, name));
}
