import { expect, it } from "vitest";
import type { AnswerChange } from "../core/history.ts";
import { namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
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
