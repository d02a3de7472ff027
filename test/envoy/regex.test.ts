import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printHostTable } from "../../src/translate/envoy/route-tables.ts";
import { eventually } from "../support/envoy.ts";
import { aHost, aListener, httpTable, routeTable } from "./one-listener.ts";
import { printTable, startProxy, type TestProxy } from "./proxy.ts";
import { goodPatterns } from "./regex-patterns.ts";

/** One table for each pattern, in a response of its own. */
describe("on a real Envoy", () => {
  let proxy: TestProxy;
  const table = (value: string) =>
    printHostTable(httpTable, aHost("x.test", {}, { path: { type: "RegularExpression", value } }));

  beforeAll(async () => {
    proxy = await startProxy();
    await proxy.apply(...printTable("scoped", routeTable, [aHost("x.test", {})]), aListener(proxy.address, "scoped"));
  });

  afterAll(() => proxy.stop());

  it.each(goodPatterns)("a pattern that we accept is accepted: %j", async (pattern) => {
    await proxy.apply(table(pattern));
  });

  it.each(["((", "(?=x)", "(a)\\1", "a{1001}", "[a", "a++", "\\x{100}", "\\400"])(
    "one that we refuse is refused: %j",
    async (pattern) => {
      const before = proxy.ads.refusals.length;
      proxy.ads.push(table(pattern));
      await eventually("Envoy answers", () => proxy.ads.settled());
      expect(proxy.ads.refusals.length).toBe(before + 1);
    },
  );
});
