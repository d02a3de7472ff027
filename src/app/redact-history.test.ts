import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { ObjectName } from "../core/explanation.ts";
import type { AnsweredPlace, HistoryReport, ToldChange } from "../core/history.ts";
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

const change: fc.Arbitrary<ToldChange> = fc
  .record({ gateway: owner, from: route, to: route, isFromTheirs: fc.boolean(), cause: fc.option(owner) })
  .map(({ gateway, from, to, isFromTheirs, cause }) => ({
    ...placeOf(gateway, wordOf(isFromTheirs ? from : to)),
    time: "2026-01-01T00:00:00Z",
    from: { route: from, generation: 3 },
    to: { route: to, generation: 4 },
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
      expect(redacted.changes.map(({ time, proxies }) => ({ time, proxies }))).toEqual(
        whole.changes.map(({ time, proxies }) => ({ time, proxies })),
      );
      for (const [index, each] of whole.current.entries()) {
        if (wordOf(each.route) === "own" && each.gateway === "own/edge") expect(redacted.current[index]).toEqual(each);
      }
    }),
  );
});
