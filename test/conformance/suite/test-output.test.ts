import { expect, it } from "vitest";
import { parseTestOutput } from "./test-output.ts";

it("reads the tests of the suite, and neither the suite itself nor their parts", () => {
  const output = `=== RUN   TestConformance
=== RUN   TestConformance/HTTPRouteCORS
    suite.go:1: running HTTPRouteCORS
=== RUN   TestConformance/HTTPRouteCORS/0_request_to_'/'
--- FAIL: TestConformance (12.00s)
    --- PASS: TestConformance/HTTPRouteCORS (3.25s)
        --- PASS: TestConformance/HTTPRouteCORS/0_request_to_'/' (0.05s)
\x16    --- SKIP: TestConformance/MeshBasic (0.00s)
half a line of a test's own    --- FAIL: TestConformance/HTTPRouteWeight (60.10s)
        --- FAIL: TestConformance/HTTPRouteWeight/part (1.00s)
FAIL
`;
  expect([...parseTestOutput(output)]).toEqual([
    ["HTTPRouteCORS", { outcome: "passed", seconds: 3.25 }],
    ["MeshBasic", { outcome: "skipped", seconds: 0 }],
    ["HTTPRouteWeight", { outcome: "failed", seconds: 60.1 }],
  ]);
});

it("tells nothing of a test that was cut short", () => {
  expect(parseTestOutput("=== RUN   TestConformance/HTTPRouteCORS\npanic: test timed out after 40m0s\n").size).toBe(0);
});

it("is not misled by a test that quotes a result", () => {
  expect(parseTestOutput("    log: --- PASS: TestConformance/HTTPRouteCORS (3.25s) was seen\n").size).toBe(0);
});
