import { expect, it } from "vitest";
import type { AnswerChange } from "../core/history.ts";
import { namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
import { type HostChange, Ledger } from "../ledger/ledger.ts";
import { takeoverNews, tellTakeovers } from "./takeover-events.ts";

const route = (namespace: string): ObjectKey => objectKey("HTTPRoute", namespacedName(namespace, "x"));

function change(from: string | undefined, to: string | undefined, path = "/", hostname = "a.com"): AnswerChange {
  return {
    ...{ time: "2026-01-01T00:00:00Z", gateway: namespacedName("infra", "edge"), port: 80, hostname, cause: "" },
    path: { type: "PathPrefix", value: path },
    ...(from !== undefined && { from: { route: route(from), generation: 1 } }),
    ...(to !== undefined && { to: { route: route(to), generation: 1 } }),
    resource: { name: "http-80" },
  };
}

it("tells both sides of a takeover, and neither who the other is", () => {
  const news = takeoverNews([change("shop", "rival", "/pay")]);
  expect(news).toEqual([
    {
      object: route("shop"),
      type: "Warning",
      reason: "TrafficTaken",
      note: "a.com/pay is now answered by a route of another namespace",
    },
    {
      object: route("rival"),
      type: "Normal",
      reason: "TrafficGained",
      note: "a.com/pay is now answered by this route, and no longer by a route of another namespace",
    },
  ]);
});

it("names a server name or a port that is forwarded", () => {
  const { path: _, ...forwarded } = change("shop", "rival", "/", "db.example.com");
  const news = takeoverNews([
    { ...forwarded, port: 8443, protocol: "TLS" },
    { ...forwarded, port: 53, hostname: "", protocol: "UDP" },
  ]);
  expect(news[0]?.note).toBe("db.example.com:8443, :53/udp are now answered by a route of another namespace");
});

/** What a new ledger tells of a host that comes beside what there is, and goes again. */
function comingAndGoing(there: HostChange, coming: HostChange): readonly AnswerChange[] {
  const ledger = new Ledger({ most: 10, now: () => new Date(0) });
  const publish = (hosts: readonly HostChange[]) => ledger.record({ hosts, routes: new Map(), objects: [] });
  publish([there]);
  const { matches: _, port: __, ...gone } = coming;
  return [...publish([coming]), ...publish([there.hostname === coming.hostname ? there : gone])];
}

function host(hostname: string, answers: Readonly<Record<string, string>>, protocol?: "TLS"): HostChange {
  return {
    ...{ gateway: namespacedName("infra", "edge"), table: "t", hostname, port: 8443, resource: { name: "t" } },
    ...(protocol && { protocol }),
    matches: Object.entries(answers).map(([value, namespace]) => ({
      route: route(namespace),
      match: { path: { type: "PathPrefix", value } },
    })),
  };
}

it.each([
  {
    what: "a more specific hostname",
    there: host("*.a.com", { "/": "shop" }),
    coming: host("vault.a.com", { "/": "rival", "/vault": "rival", "/vault/two": "rival" }),
    want: "a part of *.a.com/",
  },
  {
    what: "a longer path",
    there: host("a.com", { "/": "shop" }),
    coming: host("a.com", { "/": "shop", "/vault": "rival", "/vault/two": "rival" }),
    want: "a part of a.com/",
  },
  {
    what: "a more specific server name",
    there: host("*.a.com", { "/": "shop" }, "TLS"),
    coming: host("vault.a.com", { "/": "rival" }, "TLS"),
    want: "a part of *.a.com:8443",
  },
])("tells whom $what takes something from, and whom it comes back to, only of their own", ({ there, coming, want }) => {
  const news = takeoverNews(comingAndGoing(there, coming)).filter(({ object }) => object === route("shop"));
  expect(news.map(({ reason, note }) => `${reason}: ${note}`)).toEqual([
    `TrafficTaken: ${want} is now answered by a route of another namespace`,
    `TrafficGained: ${want} is now answered by this route, and no longer by a route of another namespace`,
  ]);
});

it("says nothing within a namespace, and nothing of what nobody answered", () => {
  expect(takeoverNews([change("shop", "shop"), change(undefined, "rival"), change("shop", undefined)])).toEqual([]);
});

it("gathers what happened between two routes", () => {
  const paths = ["/a", "/b", "/c", "/d", "/e"];
  const news = takeoverNews([...paths.map((path) => change("shop", "rival", path)), change("hr", "rival", "/", "")]);
  expect(news.map(({ note }) => note)).toEqual([
    "a.com/a, a.com/b, a.com/c, and 2 more are now answered by a route of another namespace",
    expect.stringContaining("by this route"),
    "*/ is now answered by a route of another namespace",
    expect.stringContaining("by this route"),
  ]);
});

it("records Events of routes that are there, as long as it may", () => {
  const told: string[] = [];
  let leads = false;
  const tell = tellTakeovers({
    translator: {
      metadata: (object) => {
        if (object !== route("rival")) return undefined;
        return { name: "x", uid: "1", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" };
      },
    },
    events: { note: ({ object, uid, reason }) => told.push(`${object} ${uid} ${reason}`) },
    mayWrite: () => leads,
  });
  tell([change("shop", "rival")]);
  leads = true;
  tell([change("shop", "rival")]);
  expect(told).toEqual(["HTTPRoute/rival/x 1 TrafficGained"]);
});
