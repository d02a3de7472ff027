import { expect, it } from "vitest";
import { printEndpoints } from "./endpoint.ts";

it("prints the same bytes in whatever order the endpoints come", () => {
  const endpoints = [
    { address: "192.0.2.2", port: 80 },
    { address: "192.0.2.1", port: 81 },
    { address: "192.0.2.1", port: 80 },
  ];
  expect(printEndpoints("shop/cart/80", endpoints.toReversed())).toEqual(printEndpoints("shop/cart/80", endpoints));
});
