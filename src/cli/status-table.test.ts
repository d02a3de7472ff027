import { describe, expect, it } from "vitest";
import { type StatusEntry, statusDetails, statusTable } from "./status-table.ts";

const since = { observedGeneration: 2, lastTransitionTime: "2026-01-01T00:00:00Z" };
const yes = (type: string) => ({ type, status: "True", reason: type, message: "", ...since });
const no = (type: string, reason: string, message: string) => ({ type, status: "False", reason, message, ...since });

const gateway: StatusEntry = {
  object: "Gateway/networking/public-gateway",
  kind: "Gateway",
  namespace: "networking",
  name: "public-gateway",
  status: {
    addresses: [{ type: "IPAddress", value: "192.0.2.7" }],
    conditions: [
      yes("Accepted"),
      { ...yes("Programmed"), status: "Unknown", reason: "Pending", message: "no proxy yet" },
    ],
    listeners: [
      {
        name: "https",
        attachedRoutes: 1,
        supportedKinds: [{ kind: "HTTPRoute" }],
        conditions: [
          yes("Accepted"),
          no("ResolvedRefs", "RefNotPermitted", "certificate app/tls"),
          no("Conflicted", "NoConflicts", ""),
        ],
      },
    ],
  },
};

const route: StatusEntry = {
  object: "HTTPRoute/app/app-route",
  kind: "HTTPRoute",
  namespace: "app",
  name: "app-route",
  status: {
    parents: [
      {
        parentRef: { namespace: "networking", name: "public-gateway", sectionName: "https" },
        conditions: [yes("Accepted"), yes("ResolvedRefs")],
      },
      {
        parentRef: { kind: "ListenerSet", name: "own", port: 443 },
        conditions: [no("Accepted", "NotAllowedByListeners", "not\u001b[2J here")],
      },
    ],
  },
};

it("prints a line for each object, listener and parent, with what stands in the way", () => {
  expect(statusTable([gateway, route])).toBe(
    [
      "OBJECT                                   PARENT                           ACCEPTED  RESOLVEDREFS  PROGRAMMED  REASON                 MESSAGE",
      "Gateway/networking/public-gateway        -                                True      -             Unknown     Pending                no proxy yet",
      "Gateway/networking/public-gateway/https  networking/public-gateway        True      False         -           RefNotPermitted        certificate app/tls",
      "HTTPRoute/app/app-route                  networking/public-gateway/https  True      True          -           Accepted",
      "HTTPRoute/app/app-route                  ListenerSet/app/own:443          False     -             -           NotAllowedByListeners  not [2J here",
      "",
    ].join("\n"),
  );
});

it("prints everything about one object", () => {
  expect(statusDetails(gateway)).toBe(
    [
      "Gateway/networking/public-gateway",
      "Addresses: IPAddress 192.0.2.7",
      "",
      "  CONDITION   STATUS   REASON    GENERATION  SINCE                 MESSAGE",
      "  Accepted    True     Accepted  2           2026-01-01T00:00:00Z",
      "  Programmed  Unknown  Pending   2           2026-01-01T00:00:00Z  no proxy yet",
      "",
      "Listener https: 1 attached route, takes HTTPRoute",
      "  CONDITION     STATUS  REASON           GENERATION  SINCE                 MESSAGE",
      "  Accepted      True    Accepted         2           2026-01-01T00:00:00Z",
      "  ResolvedRefs  False   RefNotPermitted  2           2026-01-01T00:00:00Z  certificate app/tls",
      "  Conflicted    False   NoConflicts      2           2026-01-01T00:00:00Z",
      "",
    ].join("\n"),
  );
});

it("lets no control character of somebody else's text reach the terminal", () => {
  expect(statusDetails(route)).not.toContain("\u001b");
});

describe("the status of a policy", () => {
  const policy: StatusEntry = {
    object: "BackendTLSPolicy/shop/strict",
    ...{ kind: "BackendTLSPolicy", namespace: "shop", name: "strict" },
    status: {
      ancestors: [
        {
          ancestorRef: { kind: "Gateway", namespace: "infra", name: "edge" },
          conditions: [{ type: "Accepted", status: "False", reason: "Conflicted", message: "an older one holds" }],
        },
      ],
    },
  };

  it("is one line for each Gateway for which it holds", () => {
    expect(
      statusTable([policy])
        .split("\n")[1]
        ?.split(/\s{2,}/),
    ).toEqual([
      ...["BackendTLSPolicy/shop/strict", "infra/edge", "False", "-", "-", "Conflicted", "an older one holds"],
    ]);
  });

  it("tells all conditions of each", () => {
    expect(statusDetails(policy)).toContain("Ancestor infra/edge\n");
  });
});
