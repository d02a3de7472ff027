import { expect, it } from "vitest";
import { gateway, listener } from "../../test/support/gateway-objects.ts";
import type { GatewayAddress } from "../core/gateway-api.ts";
import { assignAddresses } from "./gateway-address.ts";

const ip = (value: string): GatewayAddress => ({ type: "IPAddress", value });

interface Case {
  readonly name: string;
  readonly asked?: readonly GatewayAddress[];
  readonly bind?: readonly string[];
  readonly want: readonly string[];
  readonly accepted?: string;
  readonly programmed?: string;
}

it.each<Case>([
  { name: "none asked for gives those configured", bind: ["127.0.0.1", "::1"], want: ["127.0.0.1", "::1"] },
  { name: "an empty list gives those configured", asked: [], want: ["127.0.0.1"] },
  { name: "none asked for and none configured is not assigned", bind: [], want: [], programmed: "AddressNotAssigned" },
  { name: "one asked for is used instead of those configured", asked: [ip("10.0.0.1")], want: ["10.0.0.1"] },
  { name: "an address without a value gets those configured", asked: [{ type: "IPAddress" }], want: ["127.0.0.1"] },
  { name: "an empty value is no value", asked: [ip("")], want: ["127.0.0.1"] },
  { name: "one address in two spellings is bound once", asked: [ip("::1"), ip("0:0:0:0:0:0:0:1")], want: ["::1"] },
  {
    name: "what is no address leaves the others",
    asked: [ip("my-address"), ip("10.0.0.1")],
    want: ["10.0.0.1"],
    programmed: "AddressNotUsable",
  },
  { name: "a zone cannot be bound everywhere", asked: [ip("fe80::1%eth0")], want: [], programmed: "AddressNotUsable" },
  { name: "leading zeros are no address", asked: [ip("010.0.0.1")], want: [], programmed: "AddressNotUsable" },
  { name: "a number above 255 is no address", asked: [ip("10.0.0.256")], want: [], programmed: "AddressNotUsable" },
  { name: "a port is no part of an address", asked: [ip("10.0.0.1:80")], want: [], programmed: "AddressNotUsable" },
  {
    name: "a hostname is not supported",
    asked: [ip("10.0.0.1"), { type: "Hostname", value: "example.com" }],
    want: [],
    accepted: "UnsupportedAddress",
  },
  {
    name: "a type of somebody's own is not supported",
    asked: [{ type: "test/fake-invalid-type", value: "x" }],
    want: [],
    accepted: "UnsupportedAddress",
  },
  {
    name: "an address for some is not supported, as it would be one for everybody",
    asked: [ip("10.0.0.1"), { type: "IPAddress", routability: "Cluster" }],
    want: [],
    accepted: "UnsupportedAddress",
  },
  { name: "no routability is the usual one", asked: [{ ...ip("10.0.0.1"), routability: "" }], want: ["10.0.0.1"] },
])("$name", ({ asked, bind = ["127.0.0.1"], want, accepted, programmed }) => {
  const spec = asked === undefined ? {} : { addresses: asked };
  const result = assignAddresses(gateway([listener("http")], spec), { kind: "standalone", bindAddresses: bind });
  expect(result.bind).toEqual(want);
  expect(result.requested).toEqual([]);
  expect(result.rejection?.reason).toBe(accepted);
  expect(result.addressRejection?.reason).toBe(programmed);
});

interface RequestCase {
  readonly name: string;
  readonly asked: readonly GatewayAddress[];
  readonly allowed?: readonly string[];
  readonly want?: readonly string[];
  readonly accepted?: string;
  readonly message?: string;
}

it.each<RequestCase>([
  { name: "none asked for asks the cluster for none", asked: [] },
  { name: "an address without a value is any", asked: [{ type: "IPAddress" }, ip("")] },
  {
    name: "none may be asked for unless the class says so",
    asked: [ip("192.0.2.1")],
    message:
      "192.0.2.1 is not an address that the class lets its Gateways ask for (spec.bounds.addresses of its GatewayParameters has none)",
  },
  {
    name: "one that the class allows is asked for",
    asked: [ip("192.0.2.1")],
    allowed: ["192.0.2.0/24"],
    want: ["192.0.2.1"],
  },
  {
    name: "one in two spellings is asked for once",
    asked: [ip("2001:db8::1"), ip("2001:DB8:0::1")],
    allowed: ["2001:db8::/32"],
    want: ["2001:db8::1"],
  },
  {
    name: "one that the class does not allow leaves the others",
    asked: [ip("192.0.2.1"), ip("192.0.3.1")],
    allowed: ["192.0.2.0/24"],
    want: ["192.0.2.1"],
    message: "192.0.3.1 is not an address that the class lets its Gateways ask for (192.0.2.0/24)",
  },
  {
    name: "text is no address",
    asked: [ip("192.0.2.0/24")],
    allowed: ["0.0.0.0/0"],
    message: "192.0.2.0/24 is not an IP address",
  },
  {
    name: "a type of somebody's own is not supported",
    asked: [{ type: "test/fake-invalid-type", value: "x" }, ip("192.0.2.1")],
    allowed: ["192.0.2.0/24"],
    accepted: "UnsupportedAddress",
  },
])("in a cluster $name", ({ asked, allowed, want = [], accepted, message }) => {
  const placement = { kind: "cluster", bindAddresses: ["0.0.0.0"] } as const;
  const result = assignAddresses(gateway([listener("http")], { addresses: asked }), placement, allowed);
  expect(result.bind).toEqual(["0.0.0.0"]);
  expect(result.requested).toEqual(want);
  expect(result.rejection?.reason).toBe(accepted);
  const unusable = { condition: "Programmed", reason: "AddressNotUsable", message };
  expect(result.addressRejection).toEqual(message === undefined ? undefined : unusable);
});
