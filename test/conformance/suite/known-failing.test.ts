import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { listProblems, parseKnownFailing } from "./known-failing.ts";

it("reads names and reasons", () => {
  const text = "# People read this.\n\nBackendTLSPolicy  is not   built yet\nTLSRouteSimple later\n";
  expect([...parseKnownFailing(text)]).toEqual([
    ["BackendTLSPolicy", "is not built yet"],
    ["TLSRouteSimple", "later"],
  ]);
});

it.each([
  ["a test without a reason", "BackendTLSPolicy\n", "has no reason"],
  ["a test that is listed twice", "A x\nB y\nA z\n", "A is listed twice"],
])("refuses %s", (_name, text, want) => {
  expect(() => parseKnownFailing(text)).toThrow(want);
});

it.each([
  ["BackendTLSPolicySANValidation", true],
  ["GatewayBackendClientCertificate", true],
  ["GatewayFrontendClientCertificateValidationInsecureFallback", true],
  ["GRPCRoute", true],
  ["TLSRouteModeMixed", true],
  ["TCPRoute", true],
  ["UDPRoute", true],
  ["HTTPRoute", false],
  ["HTTPRouteCORS", false],
  ["ListenerSet", false],
  ["GatewayStaticAddresses", false],
  ["ReferenceGrant", false],
])("a test that needs %s may be listed: %s", (feature, want) => {
  const test = { name: "T", features: ["Gateway", feature], provisional: false };
  expect(listProblems(new Map([["T", "reason"]]), [test])).toHaveLength(want ? 0 : 1);
});

it("refuses a test that the suite does not have", () => {
  expect(listProblems(new Map([["Gone", "reason"]]), [])).toEqual([
    "Gone is listed as known to fail, and the suite has no such test",
  ]);
});

it("can read the list of this checkout", () => {
  const known = parseKnownFailing(readFileSync(new URL("../known-failing.txt", import.meta.url), "utf8"));
  expect([...known.values()].every((reason) => reason.length > 10)).toBe(true);
});
