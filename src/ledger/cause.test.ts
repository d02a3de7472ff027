import { expect, it } from "vitest";
import { namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";
import { type ChangedObject, describeCause } from "./cause.ts";

const route = (name: string) => objectKey("HTTPRoute", namespacedName("shop", name));
const changed = (object: ObjectKey, generation?: number): ChangedObject => ({
  object,
  ...(generation !== undefined && { generation }),
});
const to = { route: route("cart"), generation: 2 };
const claim = objectKey("HostnameClaim", namespacedName(undefined, "y"));
const service = objectKey("Service", namespacedName("shop", "cart"));

it.each<[string, readonly ChangedObject[], string]>([
  ["the route itself", [changed(claim, 1), changed(to.route, 2)], "HTTPRoute shop/cart generation 2 changed"],
  ["what else changed", [changed(service, 1), changed(claim, 4)], "HostnameClaim y generation 4 changed"],
  ["what is gone", [changed(route("old"))], "HTTPRoute shop/old is gone"],
  [
    "three of many",
    ["e", "d", "c", "b", "a"].map((name) => changed(route(name))),
    "HTTPRoute shop/a is gone, HTTPRoute shop/b is gone, HTTPRoute shop/c is gone, and 2 more",
  ],
  ["nothing that a user did", [changed(service, 1)], "the control plane decided anew"],
])("names %s", (_name, all, want) => {
  expect(describeCause(all, { to })).toBe(want);
});
