import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { ObjectName } from "../core/explanation.ts";
import type { AnsweredPath, AnsweredPlace, AnsweringRoute, HistoryReport, ToldChange } from "../core/history.ts";
import { namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
import { redactHistory } from "./redact-history.ts";

/** Everything that somebody else wrote has this word in it, and nothing else has. */
const secret = "secret";
const owner = fc.constantFrom("own", `${secret}-one`, `${secret}-two`);
const route: fc.Arbitrary<ObjectKey> = owner.map((namespace) =>
  objectKey("HTTPRoute", namespacedName(namespace, `${namespace}-route`)),
);

function placeOf(gateway: string, word: string): AnsweredPlace {
  const path = { type: "PathPrefix", value: `/${word}`, condition: `header x: ${word}` } as const;
  return { gateway: namespacedName(gateway, "edge"), port: 80, hostname: `*.${word}.example.com`, path };
}

function wordOf(key: ObjectKey): string {
  return key.split("/")[1] ?? "";
}

/** A side of a change: who has the place itself, or answers there through what is wider. */
function sideOf(route: ObjectKey, isItself: boolean, generation: number): AnsweringRoute {
  const { hostname, path } = placeOf("", wordOf(route));
  return { route, generation, ...(!isItself && { through: { hostname: `*${hostname}`, ...(path && { path }) } }) };
}

const change: fc.Arbitrary<ToldChange> = fc
  .record({ gateway: owner, from: route, to: route, isFromTheirs: fc.boolean(), cause: fc.option(owner) })
  .map(({ gateway, from, to, isFromTheirs, cause }) => ({
    ...placeOf(gateway, wordOf(isFromTheirs ? from : to)),
    time: "2026-01-01T00:00:00Z",
    from: sideOf(from, isFromTheirs, 3),
    to: sideOf(to, !isFromTheirs, 4),
    cause: cause === null ? `${from.replace("/", " ")} is gone` : `Gateway ${cause}/edge generation 2 changed`,
    resource: { name: `http-80/${wordOf(from)}.example.com`, version: "0123456789abcdef" },
    proxies: { connected: 2, acknowledged: 1 },
  }));

const report: fc.Arbitrary<HistoryReport> = fc
  .record({ changes: fc.array(change), current: fc.array(fc.record({ route, gateway: owner })) })
  .map(({ changes, current }) => ({
    host: "shop.example.com",
    current: current.map(({ route, gateway }) => ({ ...placeOf(gateway, wordOf(route)), route, generation: 1 })),
    changes,
  }));

const sees = ({ namespace }: ObjectName) => !namespace.startsWith(secret);

it("tells nothing that another namespace wrote, whatever has happened", () => {
  fc.assert(
    fc.property(report, (whole) => {
      expect(JSON.stringify(redactHistory(whole, sees))).not.toContain(secret);
    }),
  );
});

it("tells when something happened and how many proxies know, and whatever is only the reader's", () => {
  fc.assert(
    fc.property(report, (whole) => {
      const redacted = redactHistory(whole, sees);
      const timed = ({ changes }: HistoryReport) =>
        new Set(changes.map(({ time, proxies }) => `${time} ${proxies.acknowledged}/${proxies.connected}`));
      expect(timed(redacted)).toEqual(timed(whole));
      const isOwn = ({ gateway, route }: HistoryReport["current"][number]) =>
        wordOf(route) === "own" && gateway === "own/edge";
      expect(redacted.current.filter(isOwn)).toEqual(whole.current.filter(isOwn));
    }),
  );
});

const theirs = (name: string) => objectKey("HTTPRoute", namespacedName(`${secret}-one`, name));
const own = objectKey("HTTPRoute", namespacedName("own", "own-route"));

function currentOf(path: AnsweredPath, port = 80): HistoryReport["current"][number] {
  const place = { gateway: namespacedName(`${secret}-infra`, "edge"), port, hostname: "shop.example.com", path };
  return { ...place, route: theirs("r"), generation: 1 };
}

it("tells the same of others however many paths, ports, types and conditions they have", () => {
  const one = currentOf({ type: "PathPrefix", value: "/a" });
  const more = [
    currentOf({ type: "Exact", value: "/b" }),
    currentOf({ type: "PathPrefix", value: "/c", condition: "method GET" }, 8443),
    { ...one, generation: 7 },
  ];
  const told = (current: HistoryReport["current"]) =>
    redactHistory({ host: "shop.example.com", current, changes: [] }, sees);
  expect(told([one, ...more])).toEqual(told([one]));
});

it.each(["before", "after"])(
  "tells no hostname and no path that the reader only has through a wider one %s",
  (when) => {
    const through = { hostname: "*.example.com", path: { type: "PathPrefix", value: "/" } } as const;
    const mine = { route: own, generation: 1, through };
    const whole: ToldChange = {
      ...{ time: "2026-01-01T00:00:00Z", gateway: namespacedName("own", "edge"), port: 80 },
      hostname: `${secret}.example.com`,
      path: { type: "PathPrefix", value: `/${secret}` },
      ...(when === "before" ? { from: mine } : { to: mine }),
      cause: "the control plane decided anew",
      resource: { name: "http-80" },
      proxies: { connected: 1, acknowledged: 1 },
    };
    const told = redactHistory({ host: "*.example.com", current: [], changes: [whole] }, sees);
    expect(JSON.stringify(told)).not.toContain(secret);
    expect(told.changes[0]).toMatchObject(when === "before" ? { from: mine } : { to: mine });
  },
);
