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
])("$name", ({ asked, bind = ["127.0.0.1"], want, accepted, programmed }) => {
  const spec = asked === undefined ? {} : { addresses: asked };
  const result = assignAddresses(gateway([listener("http")], spec), bind);
  expect(result.addresses).toEqual(want.map(ip));
  expect(result.rejection?.reason).toBe(accepted);
  expect(result.addressRejection?.reason).toBe(programmed);
});
