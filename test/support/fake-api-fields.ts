import { equal } from "../../src/collection/equal.ts";

/** A JSON object that may be written to. */
export type Json = Record<string, unknown>;

/** Which fields each field manager has applied or written last. Keys are `manager/operation/subresource`. */
export type FieldOwners = ReadonlyMap<string, ReadonlySet<string>>;

/** What an apply comes to. */
export type ApplyResult =
  | { readonly kind: "applied"; readonly object: Json; readonly owners: FieldOwners }
  | { readonly kind: "conflict"; readonly conflicts: readonly { readonly field: string; readonly manager: string }[] };

/** Whether it is a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Server-side apply, close to the real one: fields that the manager had applied and leaves out now are removed, unless
 * another manager has them; a field of another manager with another value is a conflict, or with force is taken over.
 */
export function applyFields(
  live: Json,
  applied: Json,
  { owners, manager, force }: { readonly owners: FieldOwners; readonly manager: string; readonly force: boolean },
): ApplyResult {
  const mine = leaves(applied);
  const conflicts = [...mine].flatMap(([field, { path, value }]) => {
    if (agrees(valueAt(live, path), value)) return [];
    return [...owners]
      .filter(([other, fields]) => other !== manager && fields.has(field))
      .map(([other]) => ({ field, manager: other }));
  });
  if (conflicts.length > 0 && !force) return { kind: "conflict", conflicts };
  const next = new Map([...owners].map(([other, fields]) => [other, new Set(fields)]));
  for (const { field, manager: other } of conflicts) next.get(other)?.delete(field);
  const before = owners.get(manager) ?? new Set<string>();
  next.set(manager, new Set(mine.keys()));
  const object = structuredClone(live);
  const left = [...before].filter((field) => ![...next.values()].some((fields) => fields.has(field))).map(parsePath);
  for (const path of left.filter((each) => !isKeyOfEntry(each))) removeAt(object, path);
  for (const path of left.filter(isKeyOfEntry)) removeEntry(object, path.slice(0, -1), next);
  for (const { path, value } of mine.values()) {
    if (!agrees(valueAt(object, path), value)) setAt(object, path, value);
  }
  return { kind: "applied", object, owners: withoutEmpty(next) };
}

/** An empty mapping asks only that there be one. */
function agrees(live: unknown, applied: unknown): boolean {
  return equal(live, applied) || (isJson(live) && isJson(applied) && Object.keys(applied).length === 0);
}

/** Ownership after an ordinary write: who changed a field owns it, and who had it before does not any more. */
export function ownersAfterUpdate(
  owners: FieldOwners,
  manager: string,
  { before, after }: { readonly before: Json; readonly after: Json },
): FieldOwners {
  const was = leaves(before);
  const is = leaves(after);
  const next = new Map([...owners].map(([other, fields]) => [other, new Set(fields)]));
  const mine = next.get(manager) ?? new Set<string>();
  next.set(manager, mine);
  for (const [field, { value }] of is) {
    const old = was.get(field);
    if (old !== undefined && equal(old.value, value)) continue;
    for (const fields of next.values()) fields.delete(field);
    mine.add(field);
  }
  for (const field of was.keys()) if (!is.has(field)) for (const fields of next.values()) fields.delete(field);
  return withoutEmpty(next);
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const merged: Json = isJson(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** RFC 6902 with `add`, `replace`, `remove` and `test`; undefined when an operation cannot be done. */
export function jsonPatch(target: Json, operations: readonly unknown[]): Json | undefined {
  const patched = structuredClone(target);
  for (const operation of operations) {
    if (!isJson(operation) || typeof operation["path"] !== "string") return undefined;
    const steps = operation["path"]
      .split("/")
      .slice(1)
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (!patchOnce(patched, steps, operation)) return undefined;
  }
  return patched;
}

function patchOnce(root: Json, steps: readonly string[], { op, value }: Json): boolean {
  const last = steps.at(-1);
  let parent: unknown = root;
  for (const step of steps.slice(0, -1))
    parent = isJson(parent) || Array.isArray(parent) ? Reflect.get(parent, step) : undefined;
  if (last === undefined || !(isJson(parent) || Array.isArray(parent))) return false;
  const exists = Object.hasOwn(parent, last);
  if (op === "test") return exists && equal(Reflect.get(parent, last), value);
  if ((op === "remove" || op === "replace") && !exists) return false;
  if (op === "remove")
    return Array.isArray(parent) ? parent.splice(Number(last), 1).length === 1 : Reflect.deleteProperty(parent, last);
  if (op === "add" && Array.isArray(parent))
    return parent.splice(last === "-" ? parent.length : Number(last), 0, value) !== undefined;
  return (op === "add" || op === "replace") && Reflect.set(parent, last, value);
}

/** A step: a field's name, or an entry of a list by the fields that are its key. */
type Step = string | { readonly [field: string]: unknown };

interface Leaf {
  readonly path: readonly Step[];
  readonly value: unknown;
}

/** Lists whose entries have owners of their own, and the fields that tell the entries apart. */
const listKeys: Readonly<Record<string, readonly string[]>> = {
  conditions: ["type"],
  containers: ["name"],
  initContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  listeners: ["name"],
  ownerReferences: ["uid"],
};

function keysOf(field: Step | undefined, list: readonly unknown[]): readonly string[] | undefined {
  if (field === "ports")
    return list.every((port) => isJson(port) && "containerPort" in port)
      ? ["containerPort", "protocol"]
      : ["port", "protocol"];
  return typeof field === "string" && Object.hasOwn(listKeys, field) ? listKeys[field] : undefined;
}

/** Fields that nobody owns. */
const unowned = new Set(["apiVersion", "kind"]);
const unownedMetadata = new Set([
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "managedFields",
  "deletionTimestamp",
]);

function leaves(object: Json): ReadonlyMap<string, Leaf> {
  const found = new Map<string, Leaf>();
  const walk = (value: unknown, path: readonly Step[]): void => {
    const field = path.at(-1);
    if (isJson(value) && Object.keys(value).length > 0) {
      for (const [key, each] of Object.entries(value)) {
        const skipped =
          path.length === 0 ? unowned.has(key) : path.length === 1 && field === "metadata" && unownedMetadata.has(key);
        if (!skipped) walk(each, [...path, key]);
      }
      return;
    }
    const keys = Array.isArray(value) ? keysOf(field, value) : undefined;
    if (Array.isArray(value) && keys !== undefined && value.every(isJson)) {
      for (const entry of value) {
        const key = Object.fromEntries(
          keys.filter((name) => entry[name] !== undefined).map((name) => [name, entry[name]]),
        );
        walk(entry, [...path, key]);
      }
      return;
    }
    found.set(JSON.stringify(path), { path, value });
  };
  walk(object, []);
  return found;
}

function parsePath(field: string): readonly Step[] {
  return JSON.parse(field); // written by leaves
}

function child(parent: unknown, step: Step): unknown {
  if (typeof step === "string") return isJson(parent) && Object.hasOwn(parent, step) ? parent[step] : undefined;
  return Array.isArray(parent) ? parent.find((entry: unknown) => isEntry(entry, step)) : undefined;
}

function isEntry(entry: unknown, key: { readonly [field: string]: unknown }): entry is Json {
  return isJson(entry) && Object.entries(key).every(([name, value]) => equal(entry[name], value));
}

function valueAt(object: Json, path: readonly Step[]): unknown {
  return path.reduce<unknown>(child, object);
}

function setAt(object: Json, path: readonly Step[], value: unknown): void {
  let parent: unknown = object;
  path.forEach((step, index) => {
    const last = index === path.length - 1;
    const next = path[index + 1];
    if (typeof step === "string" && isJson(parent)) {
      if (last) parent[step] = structuredClone(value);
      else if (!(isJson(parent[step]) || Array.isArray(parent[step])))
        parent[step] = typeof next === "string" ? {} : [];
    } else if (
      typeof step !== "string" &&
      Array.isArray(parent) &&
      !parent.some((entry: unknown) => isEntry(entry, step))
    ) {
      parent.push({ ...step });
    }
    parent = child(parent, step);
  });
}

/** Removes a field, then what it leaves empty: mappings, lists and entries that hold their key only. */
function removeAt(object: Json, path: readonly Step[]): void {
  const step = path.at(-1);
  if (step === undefined) return;
  const parent = valueAt(object, path.slice(0, -1));
  if (typeof step === "string" && isJson(parent)) delete parent[step];
  else if (typeof step !== "string" && Array.isArray(parent)) {
    const index = parent.findIndex((entry: unknown) => isEntry(entry, step));
    if (index >= 0) parent.splice(index, 1);
  }
  const isEmpty = Array.isArray(parent) ? parent.length === 0 : isJson(parent) && Object.keys(parent).length === 0;
  if (isEmpty && path.length > 1) removeAt(object, path.slice(0, -1));
}

/** Whether it is a field by which the entry of a list is known: it goes with the whole entry or not at all. */
function isKeyOfEntry(path: readonly Step[]): boolean {
  const [entry, field] = path.slice(-2);
  return typeof entry === "object" && typeof field === "string" && Object.hasOwn(entry, field);
}

/** Removes an entry, with what the server may have added to it, when nobody else has a part in it. */
function removeEntry(object: Json, entry: readonly Step[], owners: FieldOwners): void {
  const prefix = `${JSON.stringify(entry).slice(0, -1)},`;
  const shared = [...owners.values()].some((fields) => [...fields].some((field) => field.startsWith(prefix)));
  if (!shared) removeAt(object, entry);
}

function withoutEmpty(owners: ReadonlyMap<string, ReadonlySet<string>>): FieldOwners {
  return new Map([...owners].filter(([, fields]) => fields.size > 0));
}
