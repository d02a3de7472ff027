import { describe, expect, it } from "vitest";
import { namespacedName, objectKey } from "../../core/keys.ts";
import {
  clusterName,
  httpsTableName,
  httpTableName,
  parseClusterName,
  parseRouteName,
  routeName,
  scopeName,
} from "./names.ts";

describe("names", () => {
  it("of clusters are split as they were joined", () => {
    for (const protocol of ["http1", "http2"] as const) {
      const node = { service: namespacedName("shop", "cart"), port: 8080, protocol };
      expect(parseClusterName(clusterName(node))).toEqual({ ...node, name: clusterName(node) });
    }
  });

  it("of clusters differ where only the place of the joint does, and by port and protocol", () => {
    const names = [
      clusterName({ service: namespacedName("a-b", "c"), port: 80, protocol: "http1" }),
      clusterName({ service: namespacedName("a", "b-c"), port: 80, protocol: "http1" }),
      clusterName({ service: namespacedName("a", "b-c"), port: 8080, protocol: "http1" }),
      clusterName({ service: namespacedName("a", "b-c"), port: 80, protocol: "http2" }),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  it("of tables differ by scheme, port and hostname and hold nothing that scopes split at", () => {
    const names = [
      httpTableName(80),
      httpTableName(443),
      httpsTableName(443, ""),
      httpsTableName(443, "*.example.com"),
      httpsTableName(443, "example.com"),
      httpsTableName(8443, "example.com"),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => /[:/]/.test(name))).toEqual([]);
  });

  it("of routes tell kind, object, rule and the rule's own name", () => {
    const route = objectKey("HTTPRoute", namespacedName("shop", "cart"));
    expect(routeName(route, { index: 3 })).toBe("httproute/shop/cart/rule/3");
    expect(routeName(route, { index: 3, name: "pay" })).toBe("httproute/shop/cart/rule/3/pay");
    expect(parseRouteName("httproute/shop/cart/rule/3")).toEqual({ route, rule: 3 });
    expect(parseRouteName("httproute/shop/cart/rule/3/pay")).toEqual({ route, rule: 3 });
    for (const other of ["misdirected", "refused", "other/shop/cart/rule/3", "httproute/shop/cart/rule/x"])
      expect(parseRouteName(other)).toBeUndefined();
  });

  it("of scopes are the table's and the hostname's", () => {
    expect(scopeName("http-80", "shop.example.com")).toBe("http-80/shop.example.com");
    expect(scopeName("http-80", "*")).toBe("http-80/*");
  });
});
