import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  gatewayResourceKey,
  kindNames,
  kinds,
  nameOf,
  namespacedName,
  objectKey,
  parseGatewayResourceKey,
  parseNamespacedName,
  parseObjectKey,
} from "./keys.ts";

/** What Kubernetes allows in names, without '/' and '|'. */
const name = fc.stringMatching(/^[a-z0-9]([-.a-z0-9]{0,8}[a-z0-9])?$/);
const namespace = fc.option(name, { nil: undefined });
const kind = fc.constantFrom(...kindNames);

describe("keys", () => {
  it("take what they joined apart again", () => {
    fc.assert(
      fc.property(kind, namespace, name, (someKind, space, rest) => {
        const key = namespacedName(space, rest);
        expect(parseNamespacedName(key)).toEqual(
          space === undefined ? { name: rest } : { namespace: space, name: rest },
        );
        expect(parseObjectKey(objectKey(someKind, key))).toEqual({ kind: someKind, name: key });
      }),
    );
  });

  it("of two different objects are different", () => {
    const object = fc.tuple(kind, namespace, name);
    fc.assert(
      fc.property(object, object, (a, b) => {
        const keyOf = ([someKind, space, rest]: typeof a) => objectKey(someKind, namespacedName(space, rest));
        expect(keyOf(a) === keyOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it("of a resource keep the resource's name whatever it holds", () => {
    fc.assert(
      fc.property(name, name, fc.string(), (space, rest, resource) => {
        const gateway = namespacedName(space, rest);
        expect(parseGatewayResourceKey(gatewayResourceKey(gateway, resource))).toEqual({ gateway, name: resource });
      }),
    );
  });

  it("of an object are its namespace and name", () => {
    const metadata = { generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" };
    expect(nameOf({ ...metadata, namespace: "infra", name: "gateway" })).toBe("infra/gateway");
    expect(nameOf({ ...metadata, name: "class" })).toBe("class");
  });

  it("every kind has the scope by which its objects are named", () => {
    expect(kindNames).toHaveLength(Object.keys(kinds).length);
    expect(kindNames.filter((someKind) => kinds[someKind].scope === "Cluster")).toEqual([
      "GatewayClass",
      "Namespace",
      "HostnameClaim",
      "HostnameRecord",
      "NamespaceBudget",
      "Quarantine",
    ]);
  });
});
