import { expect, it } from "vitest";
import { answerText } from "./try.ts";

it.each([
  { name: "an HTTPRoute", routeName: "httproute/shop/cart/rule/0", want: "HTTPRoute shop/cart" },
  { name: "a GRPCRoute", routeName: "grpcroute/shop/cart/rule/0", want: "GRPCRoute shop/cart" },
  { name: "a connection that was forwarded, of which nothing more is logged", routeName: null, want: "shop/cart" },
])("tells $name by its kind", ({ routeName, want }) => {
  const line = { listener: "http", namespace: "shop", route: "cart", rule: "0", route_name: routeName };
  const text = answerText({
    kind: "answered",
    target: { gateway: "infra/shared", address: "192.0.2.1", port: 80 },
    response: { status: 200, statusText: "OK", milliseconds: 3, bytes: 2 },
    line,
  });
  expect(text.split("\n")).toContain(`  route     ${want}`);
});

it("tells of a request that no route has answered", () => {
  const text = answerText({
    kind: "answered",
    target: { gateway: "infra/shared", address: "192.0.2.1", port: 80 },
    response: { status: 404, statusText: "Not Found", milliseconds: 3, bytes: 0 },
    line: { listener: "http", route: null, route_name: null },
  });
  expect(text).toContain("  route     none\n");
});
