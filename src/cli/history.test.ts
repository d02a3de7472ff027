import { expect, it } from "vitest";
import { namespacedName, objectKey } from "../core/keys.ts";
import { historyTable, parseAsked } from "./history.ts";

it.each([
  ["shop.example.com", { host: "shop.example.com" }],
  ["shop.example.com/", { host: "shop.example.com", path: "/" }],
  ["shop.example.com:8443/a/b?c=d#e", { host: "shop.example.com", path: "/a/b" }],
  ["HTTPS://shop.example.com/a", { host: "shop.example.com", path: "/a" }],
  ["*.example.com", { host: "*.example.com" }],
  ["*", { host: "*" }],
  [":5432/tcp", { port: 5432, protocol: "TCP" }],
  [":53/UDP", { port: 53, protocol: "UDP" }],
])("reads %s", (asked, want) => {
  expect(parseAsked(asked)).toEqual({ text: asked, question: want });
});

it("prints what is so now, then the changes, with what others wrote made safe", () => {
  const route = { route: objectKey("HTTPRoute", namespacedName("shop", "cart")), generation: 3 };
  const place = { gateway: namespacedName("infra", "edge"), port: 80, hostname: "" };
  const path = { type: "PathPrefix", value: "/a", condition: "header x: \u001b[2J" } as const;
  const report = {
    host: "a.com",
    current: [{ ...place, path: { type: "PathPrefix", value: "/" } as const, ...route }],
    changes: [
      {
        ...{
          ...place,
          path,
          to: route,
          time: "2026-01-01T00:00:00Z",
          cause: "HTTPRoute shop/cart generation 3 changed",
        },
        ...{ resource: { name: "http-80" }, proxies: { connected: 2, acknowledged: 1 } },
      },
    ],
  };
  expect(historyTable(report)).toBe(
    [
      "TIME                  GATEWAY        HOST  PATH                            FROM    TO           PROXIES  CAUSE",
      "now                   infra/edge:80  *     PathPrefix /                            shop/cart@3",
      "2026-01-01T00:00:00Z  infra/edge:80  *     PathPrefix /a (header x:  [2J)  nobody  shop/cart@3  1/2      HTTPRoute shop/cart generation 3 changed",
      "",
    ].join("\n"),
  );
});
