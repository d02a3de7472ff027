import { expect, it } from "vitest";
import { suiteFlags } from "./flags.ts";

const run = {
  profiles: ["GATEWAY-HTTP", "GATEWAY-UDP"],
  gatewayClass: "gatehouse",
  usableAddress: "10.0.0.1",
  unusableAddress: "10.1.0.1",
  reportFile: "/tmp/report.yaml",
  version: "1.2.3",
};

it("lets the GatewayClass tell the features of a whole run, and leaves no test out", () => {
  const flags = suiteFlags(run);
  expect(flags).toContain("-conformance-profiles=GATEWAY-HTTP,GATEWAY-UDP");
  expect(flags).toContain("-report-output=/tmp/report.yaml");
  expect(flags.filter((flag) => /^-(supported-features|skip-|run-test|exempt)/.test(flag))).toEqual([]);
});

it("names the features for a part, and the tests that are not of it", () => {
  const flags = suiteFlags({ ...run, part: { features: ["Gateway", "HTTPRoute"], leaveOut: ["A", "B"] } });
  expect(flags).toContain("-supported-features=Gateway,HTTPRoute");
  expect(flags).toContain("-skip-tests=A,B");
});
