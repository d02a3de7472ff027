import { describe, expect, it } from "vitest";
import type { LabelSelector } from "../core/kubernetes.ts";
import { namespaceAllowed, selectorMatches } from "./allowed-routes.ts";

describe("namespaceAllowed", () => {
  it.each([
    { name: "All admits another namespace", from: "All", other: "b", labels: {}, want: true },
    { name: "All admits a namespace that is not known", from: "All", other: "b", labels: undefined, want: true },
    { name: "Same admits its own namespace", from: "Same", other: "a", labels: undefined, want: true },
    { name: "Same refuses another namespace", from: "Same", other: "b", labels: {}, want: false },
    { name: "None refuses its own namespace", from: "None", other: "a", labels: {}, want: false },
    { name: "a missing selector matches nothing", from: "Selector", other: "a", labels: {}, want: false },
  ] as const)("$name", ({ from, other, labels, want }) => {
    expect(namespaceAllowed({ from }, "a", other, labels)).toBe(want);
  });

  it("a selector asks the labels of the other namespace, its own included", () => {
    const allowed = { from: "Selector", selector: { matchLabels: { access: "true" } } } as const;
    expect(namespaceAllowed(allowed, "a", "a", { access: "true" })).toBe(true);
    expect(namespaceAllowed(allowed, "a", "a", {})).toBe(false);
  });

  it("no selector matches a namespace that does not exist, not even the empty one", () => {
    expect(namespaceAllowed({ from: "Selector", selector: {} }, "a", "b", undefined)).toBe(false);
    expect(namespaceAllowed({ from: "Selector", selector: {} }, "a", "b", {})).toBe(true);
  });

  it("a selector beside another rule is not asked", () => {
    const selector: LabelSelector = { matchLabels: { access: "true" } };
    expect(namespaceAllowed({ from: "Same", selector }, "a", "b", { access: "true" })).toBe(false);
  });
});

describe("selectorMatches", () => {
  const expression = (operator: "In" | "NotIn" | "Exists" | "DoesNotExist", values?: readonly string[]) => ({
    matchExpressions: [{ key: "team", operator, ...(values === undefined ? {} : { values }) }],
  });
  it.each<{ name: string; selector: LabelSelector; labels: Record<string, string>; want: boolean }>([
    { name: "an empty selector matches", selector: {}, labels: {}, want: true },
    {
      name: "a label of another value does not match",
      selector: { matchLabels: { team: "a" } },
      labels: { team: "b" },
      want: false,
    },
    {
      name: "one wrong label of two does not match",
      selector: { matchLabels: { team: "a", x: "y" } },
      labels: { team: "a" },
      want: false,
    },
    { name: "In wants one of its values", selector: expression("In", ["a", "b"]), labels: { team: "b" }, want: true },
    { name: "In refuses an absent label", selector: expression("In", ["a"]), labels: {}, want: false },
    { name: "NotIn accepts an absent label", selector: expression("NotIn", ["a"]), labels: {}, want: true },
    { name: "NotIn refuses its values", selector: expression("NotIn", ["a"]), labels: { team: "a" }, want: false },
    { name: "Exists accepts an empty value", selector: expression("Exists"), labels: { team: "" }, want: true },
    { name: "Exists refuses an absent label", selector: expression("Exists"), labels: {}, want: false },
    {
      name: "DoesNotExist refuses a present label",
      selector: expression("DoesNotExist"),
      labels: { team: "a" },
      want: false,
    },
    { name: "DoesNotExist accepts an absent label", selector: expression("DoesNotExist"), labels: {}, want: true },
    {
      name: "labels and expressions must both hold",
      selector: { matchLabels: { x: "y" }, ...expression("Exists") },
      labels: { x: "y" },
      want: false,
    },
  ])("$name", ({ selector, labels, want }) => {
    expect(selectorMatches(selector, labels)).toBe(want);
  });

  it("does not take what every object inherits for a label", () => {
    expect(selectorMatches({ matchExpressions: [{ key: "constructor", operator: "Exists" }] }, {})).toBe(false);
    const labels: Record<string, string> = JSON.parse('{"__proto__": "a"}');
    expect(selectorMatches({ matchExpressions: [{ key: "__proto__", operator: "In", values: ["a"] }] }, labels)).toBe(
      true,
    );
  });
});
