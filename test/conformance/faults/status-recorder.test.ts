import { describe, expect, it } from "vitest";
import { type RecordedStatus, takenBack } from "./status-recorder.ts";

const good = (type: string) => ({ type, status: "True", reason: type });
const bad = (type: string) => ({ type, status: "False", reason: "Pending" });

describe("what a write of a status has taken back", () => {
  const listener = (attachedRoutes: number, ...conditions: readonly ReturnType<typeof good>[]): RecordedStatus => ({
    listeners: [{ name: "http", attachedRoutes, conditions }],
  });
  const parent = (name: string, ...conditions: readonly ReturnType<typeof good>[]): RecordedStatus => ({
    parents: [{ parentRef: { name }, conditions }],
  });
  const cases: readonly { name: string; before: RecordedStatus; after: RecordedStatus; want: readonly string[] }[] = [
    { name: "nothing where all is new", before: {}, after: { conditions: [good("Programmed")] }, want: [] },
    {
      name: "a condition that was True",
      before: { conditions: [good("Programmed"), good("Accepted")] },
      after: { conditions: [bad("Programmed"), good("Accepted")] },
      want: ["gateways shop/web: Programmed is False (Pending)"],
    },
    {
      name: "a condition that is gone",
      before: { conditions: [good("Accepted")] },
      after: {},
      want: ["gateways shop/web: Accepted is gone ()"],
    },
    {
      name: "an address",
      before: { addresses: [{ value: "10.0.0.1" }, { value: "10.0.0.2" }] },
      after: { addresses: [{ value: "10.0.0.2" }] },
      want: ["gateways shop/web: address 10.0.0.1"],
    },
    {
      name: "an attached route",
      before: listener(2),
      after: listener(1),
      want: ["gateways shop/web: listener http: 2 to 1 routes"],
    },
    {
      name: "a listener's condition",
      before: listener(1, good("Programmed")),
      after: listener(1, bad("Programmed")),
      want: ["gateways shop/web: listener http: Programmed is False (Pending)"],
    },
    {
      name: "a route's parent",
      before: parent("web", good("Accepted")),
      after: parent("other", good("Accepted")),
      want: ['gateways shop/web: parent {"name":"web"}: Accepted is gone ()'],
    },
    {
      name: "not a condition that is well when it is False",
      before: { conditions: [good("Conflicted")] },
      after: {},
      want: [],
    },
  ];
  it.each(cases)("tells $name", ({ before, after, want }) => {
    expect(takenBack({ object: "gateways shop/web", at: 0, before, after })).toEqual(want);
  });
});
