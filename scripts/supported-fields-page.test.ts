import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expand } from "./field-support/field-support.ts";
import { type DescribedKind, schemaFields, supportedFields, supportedFieldsPage } from "./supported-fields-page.ts";

const described = Object.keys(supportedFields) as DescribedKind[];

describe.each(described)("the fields of %s", (kind) => {
  const named = Object.keys(supportedFields[kind]).flatMap(expand);

  it("are each said something about, and only those that the schema has", () => {
    expect([...named].sort()).toEqual([...schemaFields(kind)].sort());
  });

  it("are said something about once", () => {
    expect(named.filter((field, index) => named.indexOf(field) !== index)).toEqual([]);
  });
});

it("docs/supported-fields.md is what the schemas and the table say", () => {
  const page = readFileSync(new URL("../docs/supported-fields.md", import.meta.url), "utf8");
  expect(page).toBe(supportedFieldsPage());
});
