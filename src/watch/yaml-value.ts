import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { formatPath, type PathStep } from "./problem.ts";

/** Plain data as it stands in a manifest. Mappings have no prototype, so that `__proto__` is a key like any other. */
export type PlainValue = string | number | boolean | null | readonly PlainValue[] | PlainMapping;

/** A mapping of a manifest. */
export interface PlainMapping {
  readonly [key: string]: PlainValue;
}

/** The data of a document, or where and why it is refused. */
export type ValueResult =
  | { readonly kind: "value"; readonly value: PlainValue }
  | { readonly kind: "refused"; readonly path: string; readonly message: string };

/** Whether it is a mapping. */
export function isMapping(value: unknown): value is PlainMapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Turns one parsed YAML document into plain data. Keys that occur twice, aliases that multiply and nesting without end
 * are refused: `limit` bounds the values that a document may hold, those behind aliases counted each time.
 */
export function plainValue(document: Document, limit: number): ValueResult {
  const reading: Reading = { anchors: new Map(), left: limit, path: [] };
  try {
    return { kind: "value", value: read(reading, document.contents) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", path: formatPath(reading.path), message: error.message };
    throw error;
  }
}

interface Reading {
  /** Values by anchor; undefined while the anchored value is still being read. */
  readonly anchors: Map<string, PlainValue | undefined>;
  left: number;
  readonly path: PathStep[];
}

/** Leaves the recursion; caught in {@link plainValue}. */
class Refusal extends Error {}

const deepest = 100;
const plainTags = /^tag:yaml\.org,2002:(null|bool|int|float|str|map|seq|merge)$/;

function read(reading: Reading, node: unknown): PlainValue {
  count(reading);
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return copy(reading, aliased(reading, node.source));
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) throw new Refusal("is not plain YAML");
  if (node.tag !== undefined && !plainTags.test(node.tag)) throw new Refusal("has a YAML tag that is not supported");
  if (node.anchor !== undefined) reading.anchors.set(node.anchor, undefined);
  const value = readNode(reading, node);
  if (node.anchor !== undefined) reading.anchors.set(node.anchor, value);
  return value;
}

function readNode(reading: Reading, node: Node): PlainValue {
  if (isMap(node)) return readMapping(reading, node);
  if (isSeq(node)) return node.items.map((item, index) => within(reading, index, () => read(reading, item)));
  const value = isScalar(node) ? node.value : undefined;
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (value === null) return null;
  throw new Refusal("is not plain YAML");
}

function readMapping(reading: Reading, node: YAMLMap): PlainMapping {
  const mapping: Record<string, PlainValue> = emptyMapping();
  const merged: PlainValue[] = [];
  for (const pair of node.items) {
    if (!isPair(pair)) throw new Refusal("is not plain YAML");
    const key = readKey(reading, pair.key);
    if (key === "<<" && isScalar(pair.key) && pair.key.type === "PLAIN") {
      const value = within(reading, key, () => read(reading, pair.value));
      merged.push(...(Array.isArray(value) ? value : [value]));
      continue;
    }
    if (Object.hasOwn(mapping, key)) {
      reading.path.push(key);
      throw new Refusal("is written twice");
    }
    mapping[key] = within(reading, key, () => read(reading, pair.value));
  }
  mergeInto(mapping, merged);
  return mapping;
}

/** Keys that are written win over those that come by `<<`, and earlier sources of `<<` over later ones. */
function mergeInto(mapping: Record<string, PlainValue>, sources: readonly PlainValue[]): void {
  for (const source of sources) {
    if (!isMapping(source)) throw new Refusal("merges (<<) something that is not a mapping");
    for (const key of Object.keys(source)) {
      if (!Object.hasOwn(mapping, key)) mapping[key] = source[key] ?? null;
    }
  }
}

/** A key is text in JSON: numbers and booleans become their spelling, as with kubectl. */
function readKey(reading: Reading, key: unknown): string {
  const value = isAlias(key) ? aliased(reading, key.source) : isScalar(key) ? key.value : undefined;
  if (isScalar(key) && key.anchor !== undefined && typeof value === "string") reading.anchors.set(key.anchor, value);
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Refusal("has a key that is not text");
}

function aliased(reading: Reading, name: string): PlainValue {
  const value = reading.anchors.get(name);
  if (value === undefined) throw new Refusal("has an alias that names itself or nothing");
  return value;
}

function copy(reading: Reading, value: PlainValue): PlainValue {
  count(reading);
  if (Array.isArray(value)) return value.map((item: PlainValue) => copy(reading, item));
  if (!isMapping(value)) return value;
  const mapping: Record<string, PlainValue> = emptyMapping();
  for (const key of Object.keys(value)) mapping[key] = copy(reading, value[key] ?? null);
  return mapping;
}

/** Copies plain data that we wrote ourselves, such as a default, into mappings without prototype. */
export function plainCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainCopy);
  if (typeof value !== "object" || value === null) return value;
  const mapping = emptyMapping<unknown>();
  for (const [key, field] of Object.entries(value)) mapping[key] = plainCopy(field);
  return mapping;
}

/** An object without prototype: nothing is inherited, and no key is special. */
export function emptyMapping<T>(): Record<string, T> {
  return Object.create(null);
}

function within<T>(reading: Reading, step: PathStep, next: () => T): T {
  reading.path.push(step);
  if (reading.path.length > deepest) throw new Refusal(`nests deeper than ${deepest} levels`);
  const value = next();
  reading.path.pop();
  return value;
}

function count(reading: Reading): void {
  reading.left -= 1;
  if (reading.left < 0) throw new Refusal("holds too many values, or aliases that multiply");
}
