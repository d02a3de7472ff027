import { randomUUID } from "node:crypto";
import { equal } from "../../src/collection/equal.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import { type FieldOwners, isJson, type Json, ownersAfterUpdate } from "./fake-api-fields.ts";
import { countsGenerations, type FakeResource } from "./fake-api-resources.ts";

/** A change that watches hear of. */
export interface StoreEvent {
  readonly version: number;
  readonly resource: FakeResource;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: RawObject;
  /** What the object was before; absent for a new one. */
  readonly before?: RawObject;
}

/** How an object is to be written. */
export interface WriteOptions {
  readonly manager: string;
  /** Which half of the object the write may touch; a test's own `put` writes both. */
  readonly part: "main" | "status" | "all";
  /** The owners of fields after a server-side apply; otherwise they follow from what changed. */
  readonly owners?: FieldOwners;
}

interface Entry {
  object: RawObject;
  owners: FieldOwners;
}

/** The objects of the fake API server, with resourceVersions, generations, finalizers and the history of changes. */
export class FakeApiStore {
  readonly #now: () => Date;
  readonly #garbageCollect: boolean;
  readonly #collections = new Map<string, Map<string, Entry>>();
  readonly #history: StoreEvent[] = [];
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #version = 100;
  #compacted = 0;

  constructor({ now, garbageCollect }: { readonly now: () => Date; readonly garbageCollect: boolean }) {
    this.#now = now;
    this.#garbageCollect = garbageCollect;
  }

  /** The newest resourceVersion. */
  get version(): number {
    return this.#version;
  }

  /** The resourceVersion below which nothing is remembered. */
  get compacted(): number {
    return this.#compacted;
  }

  /** Forgets the history: whoever asks for what happened since an older version hears 410. */
  compact(): void {
    this.#version += 1;
    this.#compacted = this.#version;
    this.#history.length = 0;
  }

  /** Objects in the order of their names. */
  list(resource: FakeResource): readonly RawObject[] {
    const entries = [...this.#collection(resource)].sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([, { object }]) => object);
  }

  get(resource: FakeResource, name: string): RawObject | undefined {
    return this.#collection(resource).get(name)?.object;
  }

  owners(resource: FakeResource, name: string): FieldOwners {
    return this.#collection(resource).get(name)?.owners ?? new Map();
  }

  since(version: number): readonly StoreEvent[] {
    return this.#history.filter((event) => event.version > version);
  }

  listen(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Creates or replaces an object and says what it has become; a write that changes nothing leaves no trace. */
  write(resource: FakeResource, wanted: Json, options: WriteOptions): RawObject {
    const metadata = metadataOf(wanted);
    const name = nameOf(metadata);
    const entry = this.#collection(resource).get(name);
    return entry === undefined
      ? this.#create(resource, wanted, options)
      : this.#update(resource, { entry, wanted, options });
  }

  /** Deletes an object, or marks it when finalizers hold it. Says what it was. */
  remove(resource: FakeResource, name: string): RawObject | undefined {
    const entry = this.#collection(resource).get(name);
    if (entry === undefined) return undefined;
    const { finalizers, deletionTimestamp } = entry.object.metadata;
    if ((finalizers ?? []).length === 0) return this.#drop(resource, name, entry);
    if (deletionTimestamp !== undefined) return entry.object;
    const marked = structuredClone(entry.object) as Json; // a copy of our own
    metadataOf(marked)["deletionTimestamp"] = this.#time();
    return this.#replace(resource, entry, marked);
  }

  #create(resource: FakeResource, wanted: Json, { manager, part, owners }: WriteOptions): RawObject {
    const object = structuredClone(wanted);
    if (part === "main" && resource.kind !== "Node") delete object["status"];
    const metadata = metadataOf(object);
    object["metadata"] = {
      ...metadata,
      uid: part === "all" ? (metadata["uid"] ?? randomUUID()) : randomUUID(),
      creationTimestamp: part === "all" ? (metadata["creationTimestamp"] ?? this.#time()) : this.#time(),
      ...(countsGenerations(resource) && { generation: part === "all" ? (metadata["generation"] ?? 1) : 1 }),
    };
    const entry: Entry = {
      object: raw(object),
      owners: owners ?? ownersAfterUpdate(new Map(), manager, { before: {}, after: object }),
    };
    this.#collection(resource).set(nameOf(metadata), entry);
    return this.#replace(resource, entry, object, "ADDED");
  }

  #update(
    resource: FakeResource,
    { entry, wanted, options }: { readonly entry: Entry; readonly wanted: Json; readonly options: WriteOptions },
  ): RawObject {
    const before = entry.object as Json; // JSON, as everything in the store
    const object = this.#merged(before, structuredClone(wanted), options);
    const contentChanged = !equal(contentOf(before), contentOf(object));
    const { metadata } = entry.object;
    const generation = (metadata.generation ?? 1) + (contentChanged ? 1 : 0);
    object["metadata"] = {
      ...metadataOf(object),
      uid: metadata.uid,
      creationTimestamp: metadata.creationTimestamp,
      resourceVersion: metadata.resourceVersion,
      ...(countsGenerations(resource) && { generation }),
    };
    const owners = options.owners ?? ownersAfterUpdate(entry.owners, options.manager, { before, after: object });
    entry.owners = owners;
    if (equal(withoutManagedFields(before), withoutManagedFields(object))) return entry.object;
    if (entry.object.metadata.deletionTimestamp !== undefined && finalizersOf(object).length === 0) {
      return this.#drop(resource, nameOf(metadataOf(object)), entry);
    }
    return this.#replace(resource, entry, object);
  }

  /** A status write touches nothing else, any other write leaves the status alone. */
  #merged(before: Json, wanted: Json, { part }: WriteOptions): Json {
    const { deletionTimestamp } = metadataOf(before);
    if (part === "all") return wanted;
    if (part === "status") return { ...structuredClone(before), status: wanted["status"] };
    const { status, ...rest } = wanted;
    const kept = before["status"];
    rest["metadata"] = { ...metadataOf(rest), ...(deletionTimestamp !== undefined && { deletionTimestamp }) };
    return kept === undefined ? rest : { ...rest, status: structuredClone(kept) };
  }

  #replace(resource: FakeResource, entry: Entry, object: Json, type: "ADDED" | "MODIFIED" = "MODIFIED"): RawObject {
    const before = entry.object;
    this.#version += 1;
    object["metadata"] = {
      ...metadataOf(object),
      resourceVersion: String(this.#version),
      managedFields: managedFields(entry.owners, `${resource.group}/${resource.version}`),
    };
    entry.object = raw(object);
    this.#tell({ version: this.#version, resource, type, object: entry.object, ...(type !== "ADDED" && { before }) });
    return entry.object;
  }

  #drop(resource: FakeResource, name: string, entry: Entry): RawObject {
    this.#version += 1;
    this.#collection(resource).delete(name);
    const metadata = { ...entry.object.metadata, resourceVersion: String(this.#version) };
    const object: RawObject = { ...entry.object, metadata };
    this.#tell({ version: this.#version, resource, type: "DELETED", object, before: entry.object });
    if (this.#garbageCollect) this.#dropDependents(metadata.uid);
    return object;
  }

  #dropDependents(uid: string | undefined): void {
    for (const [id, entries] of this.#collections) {
      for (const [name, { object }] of [...entries]) {
        if (!object.metadata.ownerReferences?.some((owner) => owner.uid === uid)) continue;
        this.remove(this.#resources.get(id) ?? { group: "", plural: "", kind: "", version: "" }, name);
      }
    }
  }

  readonly #resources = new Map<string, FakeResource>();

  #collection(resource: FakeResource): Map<string, Entry> {
    const id = `${resource.group}/${resource.plural}`;
    const known = this.#collections.get(id);
    if (known !== undefined) return known;
    const fresh = new Map<string, Entry>();
    this.#collections.set(id, fresh);
    this.#resources.set(id, resource);
    return fresh;
  }

  #tell(event: StoreEvent): void {
    this.#history.push(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  #time(): string {
    return `${this.#now().toISOString().slice(0, 19)}Z`;
  }
}

/** The metadata of an object; an empty one when there is none. */
export function metadataOf(object: Json): Json {
  const { metadata } = object;
  return isJson(metadata) ? metadata : {};
}

/** `namespace/name`, or the name of a cluster-scoped object. */
export function nameOf({ namespace, name }: Json): string {
  return namespace === undefined ? String(name) : `${namespace}/${name}`;
}

function raw(object: Json): RawObject {
  return object as unknown as RawObject; // has metadata with a name: checked before it is written
}

function contentOf({ metadata, status, apiVersion, kind, ...content }: Json): Json {
  return content;
}

function withoutManagedFields(object: Json): Json {
  const { managedFields: _, ...metadata } = metadataOf(object);
  return { ...object, metadata };
}

function finalizersOf(object: Json): readonly unknown[] {
  const { finalizers } = metadataOf(object);
  return Array.isArray(finalizers) ? finalizers : [];
}

function managedFields(owners: FieldOwners, apiVersion: string): readonly Json[] {
  return [...owners].map(([id, fields]) => {
    const [manager = "", operation = "Update", subresource = ""] = id.split("|");
    const fieldsV1 = Object.fromEntries([...fields].map((field) => [`f:${field}`, {}]));
    return {
      manager,
      operation,
      apiVersion,
      fieldsType: "FieldsV1",
      fieldsV1,
      ...(subresource !== "" && { subresource }),
    };
  });
}
