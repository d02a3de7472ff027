import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../../proto/messages.ts";
import { concatBytes, fieldNumbers, repeatedField } from "./splice.ts";

describe("repeatedField", () => {
  it.each([1, 127, 128, 16_383, 16_384, 300_000])("makes what the encoder makes, for %i characters", (length) => {
    const route = { name: "x".repeat(length), match: { prefix: "/" } };
    const routes = [route, { name: "second" }];
    const encoded = routes.map((each) => encodeMessage("envoy.config.route.v3.Route", each));
    const spliced = concatBytes([
      encodeMessage("envoy.config.route.v3.VirtualHost", { name: "host", domains: ["*"] }),
      repeatedField(fieldNumbers.routes, encoded),
    ]);
    expect(decodeMessage("envoy.config.route.v3.VirtualHost", spliced)).toEqual({
      name: "host",
      domains: ["*"],
      routes,
    });
    const whole = encodeMessage("envoy.config.route.v3.VirtualHost", { name: "host", domains: ["*"], routes });
    expect(Buffer.compare(spliced, whole)).toBe(0);
    const table = repeatedField(fieldNumbers.virtualHosts, [spliced, spliced]);
    expect(decodeMessage("envoy.config.route.v3.RouteConfiguration", table).virtualHosts).toHaveLength(2);
  });
});
