import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Kind, kinds } from "../../src/core/keys.ts";
import { rules } from "../../src/watch/rules/rule-table.ts";
import { schemas } from "../../src/watch/schemas/schema-table.ts";
import { gatewayApiVersion, readOfficialSchemas } from "./official-crds.ts";

const ourKinds = [
  "GatewayClass",
  "Gateway",
  "ListenerSet",
  "HTTPRoute",
  "ReferenceGrant",
] as const satisfies readonly Kind[];

const official = readOfficialSchemas();

if (official.kind === "missing") {
  it(`has no official CRDs to compare with: ${official.reason}`, () => {
    // Where Go is, continuous integration must compare.
    expect(process.env["CI"] === "true" && official.goIsThere).toBe(false);
  });
} else {
  describe(`our schemas and the CRDs of Gateway API ${gatewayApiVersion}, standard channel`, () => {
    it.each(ourKinds)("read the same served versions and scope of %s", (kind) => {
      const served = official.schemas.filter((each) => each.kind === kind);
      expect(served.map(({ version }) => version).sort()).toEqual([...kinds[kind].versions].sort());
      expect(new Set(served.map(({ scope }) => scope))).toEqual(new Set([kinds[kind].scope]));
    });

    const versions = official.schemas.filter(({ kind }) => ourKinds.some((ours) => ours === kind));

    it.each(versions)("have the same fields, defaults and limits in $kind $version", ({ kind, schema }) => {
      const theirs = facts(withoutCommonFields(schema));
      expect(theirs.size).toBeGreaterThan(10);
      expect(Object.fromEntries(facts(schemaOf(kind)))).toEqual(Object.fromEntries(theirs));
    });

    it.each(versions)("have a function for each rule of $kind $version, at each place", ({ kind, schema }) => {
      const ours = rules.filter((rule) => rule.kind === kind).map(({ path, cel }) => `${path} ${cel}`);
      expect(ours.sort()).toEqual([...celRules(schema)].sort());
    });

    it("cover every keyword that the CRDs use", () => {
      const unknown = new Set(versions.flatMap(({ schema }) => [...keywordsOf(withoutCommonFields(schema))]));
      for (const keyword of compared) unknown.delete(keyword);
      for (const keyword of withoutEffect) unknown.delete(keyword);
      expect([...unknown]).toEqual([]);
    });
  });
}

/** Keywords whose values must be the same. */
const compared = [
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
const withoutEffect = ["description", "x-kubernetes-validations", "x-kubernetes-map-type"];

const nested = new Set(["properties", "items", "additionalProperties"]);

function schemaOf(kind: string): unknown {
  return Object.entries(schemas).find(([name]) => name === kind)?.[1];
}

/** The fields that every object has are looked at in one place, and status is not read. */
function withoutCommonFields(schema: Record<string, unknown>): Record<string, unknown> {
  const { apiVersion: _1, kind: _2, metadata: _3, status: _4, ...properties } = record(schema["properties"]);
  return { ...schema, properties };
}

/** Everything that a schema says, as `path keyword` → value. */
function facts(schema: unknown, path = "", found = new Map<string, unknown>()): Map<string, unknown> {
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

function celRules(schema: unknown, path = ""): readonly string[] {
  const validations = record(schema)["x-kubernetes-validations"];
  const own = (Array.isArray(validations) ? validations : []).map((validation) => {
    const text = String(record(validation)["rule"]).replace(/\s+/g, " ").trim();
    return `${path} ${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
  });
  const below: string[] = [];
  forEachChild(schema, path, (child, at) => below.push(...(at === "status" ? [] : celRules(child, at))));
  return [...own, ...below];
}

function keywordsOf(schema: unknown): Set<string> {
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
