import fc from "fast-check";
import { expect, it } from "vitest";
import { gateway, gatewayClass, httpsListener, listener } from "../../test/support/gateway-objects.ts";
import { createGatewayWorld } from "../../test/support/gateway-world.ts";
import type { ListenerSpec } from "../core/gateway-api.ts";
import { intersectHostnames } from "../core/hostname.ts";
import { overlappingListeners } from "./tls-overlap.ts";

function overlaps(specs: readonly ListenerSpec[]): readonly string[] {
  const world = createGatewayWorld();
  world.apply(gatewayClass(), gateway(specs));
  const listeners = world.nodes.get("infra/shared-gateway")?.listeners ?? [];
  const overlapping = overlappingListeners(listeners);
  return listeners.filter(({ key }) => overlapping.has(key)).map(({ name }) => name);
}

const https = (name: string, hostname?: string, port = 443) =>
  httpsListener(name, "missing", hostname === undefined ? { port } : { port, hostname });

const passthrough = (name: string, hostname: string) =>
  listener(name, { port: 443, hostname, protocol: "TLS", tls: { mode: "Passthrough" } });

it.each<{ name: string; specs: readonly ListenerSpec[]; want: readonly string[] }>([
  {
    name: "an exact name below a wildcard",
    specs: [https("a", "foo.example.com"), https("b", "foo.example.org"), https("c", "*.example.com")],
    want: ["a", "c"],
  },
  {
    name: "a wildcard below a wildcard",
    specs: [https("a", "*.b.example.com"), https("b", "*.example.com")],
    want: ["a", "b"],
  },
  { name: "every host", specs: [https("a"), https("b", "b.example.com")], want: ["a", "b"] },
  {
    name: "the name above a wildcard is not below it",
    specs: [https("a", "example.com"), https("b", "*.example.com")],
    want: [],
  },
  { name: "another port", specs: [https("a", "foo.example.com"), https("b", "*.example.com", 8443)], want: [] },
  {
    name: "requests beside connections that are passed on",
    specs: [https("a", "*.example.com"), passthrough("b", "foo.example.com"), passthrough("c", "foo.example.org")],
    want: ["a", "b"],
  },
  {
    name: "connections that are forwarded, whoever ends their TLS",
    specs: [
      passthrough("a", "*.example.com"),
      { ...https("b", "foo.example.com"), protocol: "TLS" },
      listener("c", { port: 443, hostname: "foo.example.com", protocol: "UDP" }),
    ],
    want: ["a", "b"],
  },
  {
    name: "plain HTTP has no TLS that could overlap",
    specs: [listener("a", { hostname: "foo.example.com" }), listener("b", { hostname: "*.example.com" })],
    want: [],
  },
])("$name", ({ specs, want }) => {
  expect(overlaps(specs)).toEqual(want);
});

it("finds what asking every pair finds", () => {
  const hostname = fc.constantFrom(
    undefined,
    "a.com",
    "*.a.com",
    "b.a.com",
    "*.b.a.com",
    "c.b.a.com",
    "*.com",
    "com",
    "x.org",
    "*.org",
  );
  fc.assert(
    fc.property(fc.uniqueArray(hostname, { minLength: 1 }), (hostnames) => {
      const meets = (a: string | undefined) =>
        hostnames.some((b) => a !== b && intersectHostnames(a ?? "", b ?? "") !== undefined);
      const want = hostnames.flatMap((one, index) => (meets(one) ? [`l${index}`] : []));
      expect(overlaps(hostnames.map((one, index) => https(`l${index}`, one)))).toEqual(want);
    }),
  );
});
