import { describe, expect, it } from "vitest";
import { type Kind, kinds } from "../../src/core/keys.ts";
import { schemas } from "../../src/watch/schemas/schema-table.ts";
import { readOfficialSchemas } from "./official-crds.ts";
import { facts, withoutCommonFields } from "./schema-facts.ts";

/** Keywords that objects of an API server are checked by; what is required and has a default is filled in before. */
const checked = ["type", "required", "enum"];

/** What is filled in before an object is checked. */
const filledIn = ["ReferenceGrant required"];

const bundles = ["v1.4.1", "v1.5.1", "v1.6.3"].flatMap((version) =>
  (["standard", "experimental"] as const).map((channel) => ({ version, channel })),
);

describe.each(bundles)("objects of the CRDs $version, $channel channel", ({ version, channel }) => {
  const bundle = readOfficialSchemas(channel, version);
  if (bundle.kind === "missing") {
    it(`are not compared: ${bundle.reason}`, () => {
      // Where Go is, continuous integration must compare.
      expect(process.env["CI"] === "true" && bundle.goIsThere).toBe(false);
    });
    return;
  }

  const read = bundle.schemas.filter((each) => isRead(each));

  it("are of kinds that are read", () => {
    expect(new Set(read.map(({ kind }) => kind))).toContain("BackendTLSPolicy");
  });

  it.each(read)("are never refused: $kind $version", ({ kind, schema }) => {
    const theirs = facts(withoutCommonFields(schema));
    const stricter = [...facts(schemas[kind as Kind])].filter(([key, value]) => !allows(theirs, key, value));
    expect(stricter.map(([key]) => `${kind}${key}`).filter((key) => !filledIn.includes(key))).toEqual([]);
  });
});

function isRead({ kind, version }: { readonly kind: string; readonly version: string }): boolean {
  const known = Object.entries(kinds).find(([name]) => name === kind)?.[1];
  return known?.versions.some((each) => each === version) ?? false;
}

/** Whether a fact of ours lets everything pass that theirs does. A filter of a type that we do not know is replaced before. */
function allows(theirs: ReadonlyMap<string, unknown>, key: string, value: unknown): boolean {
  const [path = "", keyword = ""] = key.split(" ");
  if (!checked.includes(keyword) || !theirs.has(`${path} type`) || path.endsWith(".filters[].type")) return true;
  const their = theirs.get(key);
  if (keyword === "type") return their === value;
  const [ours, others] = [listOf(value), listOf(their)];
  if (keyword === "enum") return their !== undefined && others.every((each) => ours.includes(each));
  return ours.every((each) => others.includes(each) || theirs.has(`${path}.${each} default`));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
