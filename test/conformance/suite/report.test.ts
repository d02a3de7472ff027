import { expect, it } from "vitest";
import { stringify } from "yaml";
import type { Catalogue } from "./catalogue.ts";
import { differencesOf, lacksOf, parseReport, type SuiteReport } from "./report.ts";

const catalogue: Catalogue = {
  profiles: [
    { name: "GATEWAY-HTTP", core: ["Gateway", "HTTPRoute"], extended: ["HTTPRouteCORS"] },
    // A feature may be core and extended at once.
    { name: "GATEWAY-TCP", core: ["Gateway", "TCPRoute"], extended: ["TCPRoute"] },
  ],
  tests: [
    { name: "OfBoth", features: ["Gateway"], provisional: false },
    { name: "Cors", features: ["Gateway", "HTTPRouteCORS"], provisional: false },
    { name: "Tcp", features: ["Gateway", "TCPRoute"], provisional: false },
    { name: "OfNone", features: ["HTTPRoute", "TCPRoute"], provisional: false },
  ],
};
const both = ["GATEWAY-TCP", "GATEWAY-HTTP"];
const http = { name: "GATEWAY-HTTP", core: counts(1), extended: counts(1) };
const tcp = { name: "GATEWAY-TCP", core: counts(2) };

function counts(Passed: number, Failed = 0, Skipped = 0) {
  return { statistics: { Passed, Failed, Skipped } };
}

function reportOf(profiles: SuiteReport["profiles"], others: Readonly<Record<string, unknown>> = {}): SuiteReport {
  const of = { gatewayAPIChannel: "standard", gatewayAPIVersion: "v1.7.0", implementation: { version: "1.2.3" } };
  return parseReport(stringify({ date: "2026-01-01", ...of, profiles, ...others }));
}

it("lacks nothing when every test of every profile has passed", () => {
  expect(lacksOf(reportOf([http, tcp]), catalogue, both)).toEqual([]);
});

it.each([
  ["a failure", [{ ...http, core: counts(0, 1) }, tcp], ["GATEWAY-HTTP core: 0 passed, 1 failed, 0 skipped of 1"]],
  [
    "a test left out",
    [{ ...http, extended: counts(0, 0, 1) }, tcp],
    ["GATEWAY-HTTP extended: 0 passed, 0 failed, 1 skipped of 1"],
  ],
  [
    "a test that it does not name",
    [http, { ...tcp, core: counts(1) }],
    ["GATEWAY-TCP core: 1 passed, 0 failed, 0 skipped of 2"],
  ],
  ["a test too many", [http, { ...tcp, core: counts(3) }], ["GATEWAY-TCP core: 3 passed, 0 failed, 0 skipped of 2"]],
  [
    "all of a part",
    [{ ...http, extended: undefined }, tcp],
    ["GATEWAY-HTTP extended: 0 passed, 0 failed, 0 skipped of 1"],
  ],
  ["a profile", [http], ["the report is of GATEWAY-HTTP"]],
])("tells of %s", (_name, profiles, want) => {
  expect(lacksOf(reportOf(profiles as SuiteReport["profiles"]), catalogue, both)).toEqual(want);
});

it.each(["", "profiles: none\n", "- 1\n"])("refuses %j for a report", (text) => {
  expect(() => parseReport(text)).toThrow("no report");
});

it("finds two reports of one checkout equal, whatever their day and the order of their profiles", () => {
  expect(differencesOf(reportOf([http, tcp]), reportOf([tcp, http], { date: "2026-02-02" }))).toEqual([]);
});

it.each([
  ["another count", [{ ...http, core: counts(2) }, tcp], {}, ["GATEWAY-HTTP"]],
  [
    "another list of features",
    [{ ...http, extended: { ...counts(1), unsupportedFeatures: ["X"] } }, tcp],
    {},
    ["GATEWAY-HTTP"],
  ],
  ["a profile less", [tcp], {}, ["GATEWAY-HTTP"]],
  ["another version", [http, tcp], { implementation: { version: "2.0.0" } }, ["what is beside the profiles"]],
  ["other provisional tests", [http, tcp], { succeededProvisionalTests: ["A"] }, ["what is beside the profiles"]],
])("sees %s", (_name, profiles, others, want) => {
  const made = reportOf(profiles as SuiteReport["profiles"], others);
  expect(differencesOf(reportOf([http, tcp]), made)).toEqual(want);
});
