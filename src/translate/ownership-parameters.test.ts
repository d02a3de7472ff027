import { describe, expect, it } from "vitest";
import {
  type GatewayParametersSpec,
  type LockableField,
  lockableFields,
  type ProxyParameters,
} from "../core/gateway-parameters.ts";
import { fieldsOf } from "./parameter-fields.ts";
import { resolveParameters } from "./parameters.ts";

interface Case {
  readonly name: string;
  readonly ofClass?: GatewayParametersSpec;
  readonly ofGateway: ProxyParameters;
  readonly want: readonly string[];
}

describe("ownership and budget of a class and a Gateway", () => {
  const ofClass: GatewayParametersSpec = {
    ownership: { mode: "Warn", uniqueness: "Route", foreignEndpoints: "Allowed" },
    budget: { routes: 100, rules: 1000 },
  };
  const ofGateway: ProxyParameters = {
    ownership: { mode: "Enforce", acmeChallenges: "Forbidden" },
    budget: { regexes: 5, routes: 10 },
  };

  it("are merged field by field, the Gateway's over the class's", () => {
    const { effective, problems } = resolveParameters(ofClass, ofGateway);
    expect(problems).toEqual([]);
    expect(effective.ownership).toEqual({
      mode: "Enforce",
      uniqueness: "Route",
      unclaimedHostnames: "Allowed",
      acmeChallenges: "Forbidden",
      foreignEndpoints: "Allowed",
    });
    expect(effective.budget).toEqual({ routes: 10, rules: 1000, regexes: 5 });
  });

  it("know where each field comes from; a mode that nobody sets has no origin", () => {
    const { origins } = resolveParameters(ofClass, ofGateway).effective;
    const ours = origins.filter(({ field }) => field.startsWith("ownership.") || field.startsWith("budget."));
    expect(ours.map(({ field, from }) => `${field} ${from}`)).toEqual([
      "budget.regexes gateway",
      "budget.routes gateway",
      "budget.rules class",
      "ownership.acmeChallenges gateway",
      "ownership.foreignEndpoints class",
      "ownership.mode gateway",
      "ownership.unclaimedHostnames default",
      "ownership.uniqueness class",
    ]);
    expect(resolveParameters().effective.origins.map(({ field }) => field)).not.toContain("ownership.mode");
  });

  it("give the same whichever way their fields are written", () => {
    const forward = resolveParameters({ budget: { routes: 1, rules: 2 } }, { budget: { regexes: 3, listeners: 4 } });
    const backward = resolveParameters({ budget: { rules: 2, routes: 1 } }, { budget: { listeners: 4, regexes: 3 } });
    expect(JSON.stringify(forward)).toBe(JSON.stringify(backward));
  });
});

describe("a Gateway that oversteps in ownership or budget", () => {
  it.each<Case>([
    {
      name: "the class by allowing endpoints in other namespaces",
      ofGateway: { ownership: { foreignEndpoints: "Allowed" } },
      want: ["spec.ownership.foreignEndpoints is Allowed, which only the class may say"],
    },
    {
      name: "nothing by refusing what the class allows",
      ofClass: { ownership: { foreignEndpoints: "Allowed" } },
      ofGateway: { ownership: { foreignEndpoints: "Refused" } },
      want: [],
    },
    {
      name: "each count of the class that is lower",
      ofClass: { budget: { routes: 10, rules: 0, hostnames: 5 } },
      ofGateway: { budget: { routes: 11, rules: 1 } },
      want: [
        "spec.budget.routes is 11, the class allows at most 10",
        "spec.budget.rules is 1, the class allows at most 0",
      ],
    },
    {
      name: "nothing with less than the class, nor where it has no limit",
      ofClass: { budget: { routes: 10 } },
      ofGateway: { budget: { routes: 9, listeners: 1000 } },
      want: [],
    },
  ])("$name", ({ ofClass, ofGateway, want }) => {
    const { effective, problems } = resolveParameters(ofClass, ofGateway);
    expect(problems).toEqual(want);
    const withoutGateway = resolveParameters(ofClass).effective;
    if (want.length > 0) expect(effective).toEqual(withoutGateway);
    else expect(effective).not.toEqual(withoutGateway);
  });

  it("keeps what it may set beside that", () => {
    const ofGateway = { ownership: { mode: "Enforce", foreignEndpoints: "Allowed" }, budget: { routes: 3, rules: 9 } };
    const { effective } = resolveParameters({ budget: { rules: 5 } }, ofGateway as ProxyParameters);
    expect(effective.ownership).toMatchObject({ mode: "Enforce", foreignEndpoints: "Refused" });
    expect(effective.budget).toEqual({ routes: 3, rules: 5 });
  });
});

describe("a lock on ownership or budget", () => {
  const ofGateway: ProxyParameters = {
    ownership: { mode: "Off", uniqueness: "Route", unclaimedHostnames: "Forbidden", acmeChallenges: "Forbidden" },
    budget: { routes: 1, rules: 1, hostnames: 1, regexes: 1, listeners: 1, certificates: 1, changesPerMinute: 1 },
  };
  const ours = lockableFields.filter((field) => field.startsWith("ownership") || field === "budget");

  it("is there for all of ownership, for each field of it that Gateways may set, and for the budget", () => {
    const single = fieldsOf(ofGateway).filter((field) => field.startsWith("ownership."));
    expect([...ours].sort()).toEqual(["budget", "ownership", ...single].sort());
  });

  it.each(ours)("keeps a Gateway from setting %s, and from nothing else", (lock: LockableField) => {
    const { problems } = resolveParameters({ locked: [lock] }, ofGateway);
    const closed = fieldsOf(ofGateway).filter((field) => field === lock || field.startsWith(`${lock}.`));
    expect(closed.length).toBeGreaterThan(0);
    expect([...problems].sort()).toEqual(closed.map((field) => `spec.${field} is locked by the class`).sort());
  });
});
