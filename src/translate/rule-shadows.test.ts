import { describe, expect, it } from "vitest";
import type { Condition } from "../core/conditions.ts";
import type { Hostname } from "../core/hostname.ts";
import { namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
import type { RouteEntry, VirtualHost } from "./nodes.ts";
import { hostnameOrder, matchOrder } from "./precedence.ts";
import type { Attachment, BoundRoute, RouteRule } from "./route-nodes.ts";
import { findRouteShadows, type RouteShadows, unreachableRules } from "./rule-shadows.ts";
import { matchId } from "./table-routes.ts";
import { virtualHostKey } from "./virtual-host-key.ts";

const gateway = namespacedName("infra", "edge");
const cart = objectKey("HTTPRoute", namespacedName("shop", "cart"));
const path = (value: string) => ({ path: { type: "PathPrefix", value } }) as const;

function rule(index: number, paths: readonly string[], name?: string): RouteRule {
  const rest = {
    filters: { mirrors: [] },
    backends: [],
    requestTimeoutMs: 0,
    backendTimeoutMs: 0,
  };
  return { index, ...(name !== undefined && { name }), matches: paths.map(path), ...rest };
}

function entries(route: ObjectKey, rules: readonly RouteRule[], createdAt: string): readonly RouteEntry[] {
  return rules.flatMap(({ index, matches }) =>
    matches.map((match, matchIndex) => ({
      order: `${hostnameOrder("a.com")}${matchOrder({ match, createdAt, route, ruleIndex: index, matchIndex })}`,
      ...{ route, namespace: route.split("/")[1] ?? "", createdAt, id: matchId(index, matchIndex), rule: index, match },
      ...{ clusters: [], routes: [] },
    })),
  );
}

/** What a host with these entries leaves of the route `cart`. */
function shadowsOn(hostname: Hostname, table: string, ...all: readonly RouteEntry[]): readonly RouteShadows[] {
  const inOrder = [...all].sort((a, b) => (a.order < b.order ? -1 : 1));
  const host: VirtualHost = {
    ...{ gateway, table, hostname, entries: inOrder },
    ...{ bytes: new Uint8Array(), routes: new Uint8Array(), version: "1" },
  };
  const found = [...findRouteShadows({ get: () => undefined }, virtualHostKey(host, hostname), host)];
  for (const [key, { host: of, route }] of found) expect(key).toBe(`${of}|${route}`);
  return found.map(([, shadows]) => shadows).filter(({ route }) => route === cart);
}

function attachment(table: string, hosts: readonly Hostname[], more: Partial<Attachment> = {}): Attachment {
  const places = hosts.map((hostname) => ({ hostname, written: hostname }));
  return { gateway, listener: table, port: 80, table, scheme: "http", served: true, hosts: places, ...more };
}

function told(
  rules: readonly RouteRule[],
  attachments: readonly Attachment[],
  shadows: readonly RouteShadows[],
): string | undefined {
  const route: BoundRoute = {
    ...{
      key: cart,
      namespace: "shop",
      generation: 3,
      createdAt: newer,
      parents: [],
      claims: [],
      pending: false,
      rules,
    },
  };
  const parentRef = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "edge" };
  const condition: Condition | undefined = unreachableRules(route, { parentRef, attachments }, shadows);
  if (condition === undefined) return undefined;
  const { message, ...rest } = condition;
  const fixed = {
    type: "gatehouse.dev/RulesReachable",
    status: "False",
    reason: "RuleShadowed",
    observedGeneration: 3,
  };
  expect(rest).toEqual(fixed);
  return message;
}

const [older, newer] = ["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"];
const foreign = entries(objectKey("HTTPRoute", namespacedName("rival", "secret-name")), [rule(0, ["/a", "/b"])], older);
const sibling = entries(objectKey("HTTPRoute", namespacedName("shop", "basket")), [rule(0, ["/a"])], newer);

describe("a rule that is never reached", () => {
  it("is told with its name, where, and what decided, without naming another namespace's route", () => {
    const rules = [rule(0, ["/a"], "api"), rule(1, ["/c"])];
    const shadows = shadowsOn("a.com", "http-80", ...foreign, ...entries(cart, rules, newer));
    expect(told(rules, [attachment("http-80", ["a.com"])], shadows)).toBe(
      "Rule 0 ('api') is never reached on a.com: a route of another namespace comes first (an older route)",
    );
  });

  it("names a route of its own namespace, and a rule of its own", () => {
    const rules = [rule(0, ["/a"]), rule(1, ["/c"]), rule(2, ["/c"])];
    const shadows = shadowsOn("a.com", "http-80", ...sibling, ...entries(cart, rules, newer));
    expect(told(rules, [attachment("http-80", ["a.com"])], shadows)).toBe(
      "Rule 0 is never reached on a.com: another route of this namespace (basket) comes first (the name that sorts first); " +
        "Rule 2 is never reached on a.com: rule 1 of this route comes first (an earlier rule of the same route)",
    );
  });

  it("tells single matches where others of the rule are reached", () => {
    const rules = [rule(0, ["/c", "/b", "/c"])];
    const shadows = shadowsOn("a.com", "http-80", ...foreign, ...entries(cart, rules, newer));
    expect(told(rules, [attachment("http-80", ["a.com"])], shadows)).toBe(
      "Match 1 of rule 0 is never reached on a.com: a route of another namespace comes first (an older route)",
    );
  });

  it("is none where any listener of the parent reaches it under the same hostname", () => {
    const rules = [rule(0, ["/a"])];
    const own = entries(cart, rules, newer);
    const attachments = [attachment("http-80", ["a.com", "b.com"]), attachment("http-8080", ["a.com"])];
    const shadows = [
      ...shadowsOn("a.com", "http-80", ...foreign, ...own),
      ...shadowsOn("b.com", "http-80", ...foreign, ...own),
    ];
    expect(told(rules, attachments, shadows)).toContain("Rule 0 is never reached on b.com: ");
    expect(told(rules, attachments.slice(1), shadows)).toBeUndefined();
    expect(told(rules, attachments.slice(0, 1), shadows)).toContain("on a.com, b.com: ");
  });

  it("is none where it is not served, or not the route's to answer", () => {
    const rules = [rule(0, ["/a"])];
    const shadows = shadowsOn("a.com", "http-80", ...foreign, ...entries(cart, rules, newer));
    expect(told(rules, [attachment("http-80", ["a.com"], { served: false })], shadows)).toBeUndefined();
    const hosts = [{ hostname: "a.com", written: "a.com", withheld: new Set(["0.0"]) }];
    expect(told(rules, [attachment("http-80", [], { hosts })], shadows)).toBeUndefined();
  });

  it("lists eight of them at most", () => {
    const paths = Array.from({ length: 11 }, (_, index) => `/p${index}`);
    const rules = paths.map((each, index) => rule(index, [each]));
    const all = entries(objectKey("HTTPRoute", namespacedName("rival", "many")), [rule(0, paths)], older);
    const shadows = shadowsOn("", "http-80", ...all, ...entries(cart, rules, newer));
    const message = told(rules, [attachment("http-80", [""])], shadows);
    expect(message).toMatch(/^Rule 0 is never reached on every host: /);
    expect(message).toMatch(/Rule 7 is never [^;]*; and 3 more$/);
  });
});
