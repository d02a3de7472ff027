import { describe, expect, it } from "vitest";
import { lintSarif } from "../../src/cli/lint-sarif.ts";
import { type Finding, findingKinds } from "../../src/core/finding.ts";
import type { ObjectKey } from "../../src/core/keys.ts";

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string; readonly name: string }[] } };
    readonly results: readonly SarifResult[];
  }[];
}

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly object[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

const finding: Finding = {
  code: "GH0006",
  severity: "error",
  // As a key is written.
  object: "EndpointSlice/shop/web-1" as ObjectKey,
  place: { file: "./teams/shop team/web.yaml", document: 2, line: 7 },
  message: "it points elsewhere",
  advice: "Do not",
};

/** Through JSON, as a scanner reads it. */
function logOf(...findings: Finding[]): Log {
  return JSON.parse(JSON.stringify(lintSarif(findings, "1.2.3")));
}

describe("the SARIF log", () => {
  it("names its version, its tool and every rule once", () => {
    const log = logOf();
    expect(log).toMatchObject({
      $schema: expect.stringMatching(/sarif-schema-2\.1\.0\.json$/),
      version: "2.1.0",
      runs: [{ tool: { driver: { name: "Gatehouse", semanticVersion: "1.2.3" } }, results: [] }],
    });
    const rules = log.runs[0]?.tool.driver.rules ?? [];
    expect(rules.map(({ id }) => id)).toEqual(Object.keys(findingKinds));
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });

  it("gives a finding its rule, its level, its words and its place", () => {
    const log = logOf(finding);
    const [result] = log.runs[0]?.results ?? [];
    expect(result).toMatchObject({
      ruleId: "GH0006",
      level: "error",
      message: { text: "EndpointSlice shop/web-1: it points elsewhere. Do not." },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: "teams/shop%20team/web.yaml" }, region: { startLine: 7 } },
          logicalLocations: [{ fullyQualifiedName: "EndpointSlice/shop/web-1", kind: "resource" }],
        },
      ],
    });
    expect(log.runs[0]?.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe("GH0006");
  });

  it("places what comes from a cluster by its object alone", () => {
    const { place: _, ...live } = finding;
    expect(logOf(live).runs[0]?.results[0]?.locations).toEqual([
      { logicalLocations: [{ fullyQualifiedName: "EndpointSlice/shop/web-1", kind: "resource" }] },
    ]);
  });

  it("knows a finding again where its line has moved, and tells it from others", () => {
    const prints = [
      finding,
      { ...finding, place: { file: "b.yaml", line: 9 } },
      { ...finding, message: "another" },
    ].map((each) => logOf(each).runs[0]?.results[0]?.partialFingerprints["gatehouse/v1"]);
    expect(prints[0]).toBe(prints[1]);
    expect(prints[0]).not.toBe(prints[2]);
  });
});
