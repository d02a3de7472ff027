import { expect, it } from "vitest";
import { suiteFlags } from "./flags.ts";

const run = {
  profile: "GATEWAY-HTTP",
  gatewayClass: "gatehouse",
  usableAddress: "10.0.0.1",
  unusableAddress: "10.1.0.1",
  reportFile: "/tmp/report.yaml",
  version: "1.2.3",
};

it("lets the GatewayClass tell the features of a whole run, and asks for a report", () => {
  const flags = suiteFlags(run);
  expect(flags).toContain("-conformance-profiles=GATEWAY-HTTP");
  expect(flags).toContain("-report-output=/tmp/report.yaml");
  expect(flags.filter((flag) => flag.startsWith("-supported-features") || flag.startsWith("-run-test"))).toEqual([]);
});

it("names the features for a run of one test, of which there is no report", () => {
  const flags = suiteFlags({ ...run, only: { test: "HTTPRouteCORS", supportedFeatures: ["Gateway", "HTTPRoute"] } });
  expect(flags).toContain("-run-test=HTTPRouteCORS");
  expect(flags).toContain("-supported-features=Gateway,HTTPRoute");
  expect(flags.filter((flag) => flag.startsWith("-report-output"))).toEqual([]);
});
