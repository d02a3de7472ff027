import { describe, expect, it } from "vitest";
import { type Kind, kinds, routeKinds } from "../../src/core/keys.ts";
import { rules } from "../../src/watch/rules/rule-table.ts";
import { schemas } from "../../src/watch/schemas/schema-table.ts";
import { additionsTo, unserved } from "./experimental-channel.ts";
import { gatewayApiVersion, readOfficialSchemas } from "./official-crds.ts";
import {
  celRules,
  compared,
  facts,
  isWithin,
  keywordsOf,
  newFields,
  withoutCommonFields,
  withoutEffect,
} from "./schema-facts.ts";

const ourKinds = [
  "GatewayClass",
  "Gateway",
  "ListenerSet",
  ...routeKinds,
  "BackendTLSPolicy",
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
      const ours = [...facts(schemaOf(kind))].filter(([key]) => !isAddition(kind, key));
      expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
    });

    it.each(versions)("have a function for each rule of $kind $version, at each place", ({ kind, schema }) => {
      expect(rulesOf(kind, (rule) => !isAddition(kind, rule))).toEqual([...celRules(schema)].sort());
    });

    it("cover every keyword that the CRDs use", () => {
      const unknown = new Set(versions.flatMap(({ schema }) => [...keywordsOf(withoutCommonFields(schema))]));
      for (const keyword of compared) unknown.delete(keyword);
      for (const keyword of withoutEffect) unknown.delete(keyword);
      expect([...unknown]).toEqual([]);
    });
  });

  describe(`our schemas and the CRDs of Gateway API ${gatewayApiVersion}, experimental channel`, () => {
    const experimental = readOfficialSchemas("experimental");
    const all = experimental.kind === "missing" ? [] : experimental.schemas;
    const pairs = official.schemas.flatMap((standard) => {
      const same = all.find(({ kind, version }) => kind === standard.kind && version === standard.version);
      return same === undefined || !ourKinds.some((kind) => kind === same.kind) ? [] : [{ ...same, standard }];
    });

    it("say the same of the fields that we read of it", () => {
      const withAdditions = pairs.filter(({ kind }) => additionsTo(kind).length > 0);
      expect(withAdditions.map(({ kind, version }) => `${kind} ${version}`)).toEqual([
        "GRPCRoute v1",
        "HTTPRoute v1",
        "HTTPRoute v1beta1",
      ]);
      for (const { kind, schema } of withAdditions) {
        const theirs = [...facts(withoutCommonFields(schema))].filter(([key]) => isAddition(kind, key));
        expect(theirs.length).toBeGreaterThan(10);
        const ours = [...facts(schemaOf(kind))].filter(([key]) => isAddition(kind, key));
        expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
        const theirRules = celRules(schema).filter((rule) => isAddition(kind, rule));
        expect(rulesOf(kind, (rule) => isAddition(kind, rule))).toEqual([...theirRules].sort());
      }
    });

    it("leave out what is listed, and nothing else", () => {
      const found = new Set(
        pairs.flatMap(({ kind, schema, standard }) =>
          newFields(withoutCommonFields(schema), withoutCommonFields(standard.schema))
            .filter((field) => !isAddition(kind, field))
            .map((field) => `${kind} ${field}`),
        ),
      );
      expect([...found].sort()).toEqual(unserved.map(({ kind, field }) => `${kind} ${field}`).sort());
    });
  });
}

function schemaOf(kind: string): unknown {
  return Object.entries(schemas).find(([name]) => name === kind)?.[1];
}

function rulesOf(kind: string, include: (line: string) => boolean): readonly string[] {
  const ours = rules.filter((rule) => rule.kind === kind).map(({ path, cel }) => `${path} ${cel}`);
  return ours.filter(include).sort();
}

/** Whether a line, which begins with a path, is about a field that only the experimental channel has. */
function isAddition(kind: string, line: string): boolean {
  const [path = ""] = line.split(" ");
  return additionsTo(kind).some((addition) => isWithin(path, addition));
}
