import { createHash } from "node:crypto";

/** Keywords whose values must be the same. */
export const compared: readonly string[] = [
  "type",
  "default",
  "required",
  "enum",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maxProperties",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
  "oneOf",
  "anyOf",
  "not",
  "properties",
  "items",
  "additionalProperties",
];

/** Texts, the rules that are compared on their own, and how server-side apply merges a field. */
export const withoutEffect: readonly string[] = ["description", "x-kubernetes-validations", "x-kubernetes-map-type"];

const nested = new Set(["properties", "items", "additionalProperties"]);

/** The fields that every object has are looked at in one place, and status is not read. */
export function withoutCommonFields(schema: Record<string, unknown>): Record<string, unknown> {
  const { apiVersion: _1, kind: _2, metadata: _3, status: _4, ...properties } = record(schema["properties"]);
  return { ...schema, properties };
}

/** Everything that a schema says, as `path keyword` → value. */
export function facts(schema: unknown, path = "", found = new Map<string, unknown>()): Map<string, unknown> {
  for (const [keyword, value] of Object.entries(record(schema))) {
    if (withoutEffect.includes(keyword) || nested.has(keyword)) continue;
    found.set(`${path} ${keyword}`, normalized(keyword, value));
  }
  forEachChild(schema, path, (child, at) => facts(child, at, found));
  return found;
}

function normalized(keyword: string, value: unknown): unknown {
  const isSet = keyword === "required" || keyword === "enum" || keyword === "x-kubernetes-list-map-keys";
  return isSet && Array.isArray(value) ? value.map(String).sort() : value;
}

/** The hashes of the CEL rules of a schema, each with its place. */
export function celRules(schema: unknown, path = ""): readonly string[] {
  const validations = record(schema)["x-kubernetes-validations"];
  const own = (Array.isArray(validations) ? validations : []).map((validation) => {
    const text = String(record(validation)["rule"]).replace(/\s+/g, " ").trim();
    return `${path} ${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  });
  const below: string[] = [];
  forEachChild(schema, path, (child, at) => below.push(...(at === "status" ? [] : celRules(child, at))));
  return [...own, ...below];
}

/** Every keyword that occurs in a schema. */
export function keywordsOf(schema: unknown): Set<string> {
  const found = new Set(Object.keys(record(schema)));
  forEachChild(schema, "", (child) => {
    for (const keyword of keywordsOf(child)) found.add(keyword);
  });
  return found;
}

function forEachChild(schema: unknown, path: string, visit: (child: unknown, path: string) => void): void {
  const { properties, items, additionalProperties } = record(schema);
  for (const [name, child] of Object.entries(record(properties))) visit(child, path === "" ? name : `${path}.${name}`);
  if (items !== undefined) visit(items, `${path}[]`);
  if (additionalProperties !== undefined) visit(additionalProperties, `${path}{}`);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** The fields of one schema that are not in another, without those below them. */
export function newFields(schema: unknown, known: unknown): readonly string[] {
  const before = new Set(fieldsOf(known));
  const fresh = fieldsOf(schema).filter((field) => !before.has(field));
  return fresh.filter((field) => !fresh.some((other) => other !== field && isWithin(field, other)));
}

/** Whether a path is another or leads on from it. */
export function isWithin(path: string, other: string): boolean {
  return path === other || [".", "[", "{"].some((next) => path.startsWith(`${other}${next}`));
}

function fieldsOf(schema: unknown): readonly string[] {
  return [...facts(schema).keys()].filter((key) => key.endsWith(" type")).map((key) => key.slice(0, -" type".length));
}
