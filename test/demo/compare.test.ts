import { describe, expect, it } from "vitest";
import { parseServedBy } from "../../demo/access-log.ts";
import {
  compareAnswer,
  compareCommand,
  compareCondition,
  compareGone,
  compareRefusal,
  compareTable,
  compareTouched,
} from "../../demo/compare.ts";

const answered = {
  kind: "answered",
  status: 200,
  headers: { "x-team": "app" },
  backend: "a/b",
  backendPath: "/get",
} as const;
const served = { answer: answered, log: { kind: "route", servedBy: { route: "a/r", rule: 1 } } } as const;
const good = { status: 200, backend: "a/b", served: { route: "a/r", rule: 1 } } as const;

describe("compareAnswer", () => {
  it("agrees with what was expected", () => {
    const expected = { ...good, backendPath: "/get", header: { name: "x-team", value: "app" } };
    expect(compareAnswer(expected, served).map(({ agrees }) => agrees)).toEqual([true, true, true, true, true]);
  });

  it.each([
    { name: "another status", expected: { ...good, status: 404 }, differs: "answer" },
    { name: "another route", expected: { ...good, served: { route: "a/other", rule: 1 } }, differs: "route" },
    { name: "another rule", expected: { ...good, served: { route: "a/r", rule: 0 } }, differs: "route" },
    { name: "a route where none may match", expected: { status: 200, backend: "a/b" }, differs: "route" },
    { name: "another backend", expected: { ...good, backend: "c/d" }, differs: "backend" },
    {
      name: "a backend where the proxy must answer",
      expected: { status: 200, served: good.served },
      differs: "backend",
    },
    { name: "another path at the backend", expected: { ...good, backendPath: "/" }, differs: "path seen" },
    { name: "another header", expected: { ...good, header: { name: "x-team", value: "x" } }, differs: "x-team" },
  ])("tells $name", ({ expected, differs }) => {
    const lines = compareAnswer(expected, served).filter(({ agrees }) => !agrees);
    expect(lines.map(({ label }) => label)).toEqual([differs]);
  });

  it("tells a request that failed and an access log without the request", () => {
    expect(compareAnswer(good, { answer: { kind: "failed", message: "refused" } })).toMatchObject([{ agrees: false }]);
    const lines = compareAnswer({ status: 404 }, { answer: { kind: "answered", status: 404, headers: {} } });
    expect(lines.filter(({ agrees }) => !agrees)).toMatchObject([{ real: "not in the access log" }]);
  });
});

describe("compareCondition", () => {
  const condition = {
    type: "Accepted",
    status: "False",
    reason: "NotAllowedByListeners",
    message: "m",
    observedGeneration: 2,
  };
  const parents = [{ parentRef: { name: "g" }, conditions: [condition] }];
  const statuses = [{ kind: "HTTPRoute", namespace: "a", name: "r", status: { parents } }];
  const expected = { object: "HTTPRoute a/r", parent: "a/g", type: "Accepted", status: "False" } as const;

  it("agrees, and takes a parent without a namespace for one beside the route", () => {
    const full = { ...expected, reason: "NotAllowedByListeners", generation: 2 };
    expect(compareCondition(full, statuses)).toMatchObject({ agrees: true, detail: "m" });
  });

  it.each([
    { name: "another status", change: { status: "True" } as const },
    { name: "another reason", change: { reason: "NoMatchingParent" } },
    { name: "an older generation", change: { generation: 3 } },
    { name: "another parent", change: { parent: "b/g" } },
    { name: "another object", change: { object: "HTTPRoute a/other" } },
    { name: "another type", change: { type: "ResolvedRefs" } },
    { name: "another message", change: { message: "n" } },
  ])("tells $name", ({ change }) => {
    expect(compareCondition({ ...expected, ...change }, statuses).agrees).toBe(false);
  });
});

describe("compareTable", () => {
  const printed = "OBJECT   PARENT\nGateway/a/b   True\n";

  it("wants all words in one line", () => {
    const line = { question: "q", args: [] };
    expect(compareTable({ ...line, words: ["Gateway/a/b", "True"] }, printed).agrees).toBe(true);
    expect(compareTable({ ...line, words: ["PARENT", "True"] }, printed).agrees).toBe(false);
    expect(compareTable({ ...line, words: ["True"] }, "").agrees).toBe(false);
  });
});

describe("compareCommand", () => {
  const result = { exitCode: 1, output: "HTTPRoute a/r\n\n  ✗ web:  not attached\n", errors: "" };
  const expected = { args: ["explain", "route", "a/r"], exitCode: 1 };

  it.each([
    { name: "agrees with lines in their order", lines: [["a/r"], ["web", "not attached"]], agrees: true },
    { name: "tells lines in another order", lines: [["web", "not attached"], ["a/r"]], agrees: false },
    { name: "tells words of two lines", lines: [["a/r", "web"]], agrees: false },
  ])("$name", ({ lines, agrees }) => {
    expect(compareCommand({ ...expected, lines }, result)).toMatchObject({ agrees, output: result.output });
  });

  it("tells another exit code, with what the command complained of", () => {
    const compared = compareCommand({ ...expected, lines: [] }, { exitCode: 2, output: "", errors: "no server" });
    expect(compared).toMatchObject({ agrees: false, real: "exit code 2 no server" });
  });
});

describe("compareRefusal", () => {
  it("wants the very words, of each object that was asked about", () => {
    expect(compareRefusal("It is taken.", ["It is taken."]).agrees).toBe(true);
    expect(compareRefusal("It is taken.", ["It is taken by somebody."]).agrees).toBe(false);
    expect(compareRefusal("It is taken.", ["It is taken.", undefined]).agrees).toBe(false);
    expect(compareRefusal("It is taken.", [undefined])).toMatchObject({ agrees: false, real: "admitted" });
    expect(compareRefusal("It is taken.", []).agrees).toBe(false);
  });
});

describe("compareGone", () => {
  it("tells an object of which a status is still there", () => {
    const statuses = [{ kind: "HTTPRoute", namespace: "a", name: "r", status: {} }];
    expect(compareGone("HTTPRoute a/r", statuses).agrees).toBe(false);
    expect(compareGone("HTTPRoute a/other", statuses).agrees).toBe(true);
  });
});

describe("compareTouched", () => {
  it("tells a second file", () => {
    expect(compareTouched(["a"], ["a"])).toMatchObject([{ agrees: true }]);
    expect(compareTouched(["a"], ["a", "b"])).toMatchObject([{ agrees: false }]);
    expect(compareTouched(undefined, ["a"])).toEqual([]);
  });
});

describe("parseServedBy", () => {
  it.each([
    { name: "a route's rule", line: "GET /x 200 httproute/a/r/rule/2 127.0.0.1", want: { route: "a/r", rule: 2 } },
    { name: "a named rule", line: '{"route":"httproute/a/r/rule/0/first"}', want: { route: "a/r", rule: 0 } },
    { name: "no route", line: "GET /x 404 - 127.0.0.1", want: undefined },
  ])("reads $name", ({ line, want }) => {
    expect(parseServedBy(line)).toEqual(want);
  });
});
