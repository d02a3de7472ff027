import { describe, expect, it } from "vitest";
import { addressRanges, canonicalAddress, isOfAnotherHost, isRange } from "./ip-address.ts";

describe("a range of addresses", () => {
  it.each([
    ["192.0.2.0/24", "192.0.2.0", true],
    ["192.0.2.0/24", "192.0.2.255", true],
    ["192.0.2.0/24", "192.0.3.0", false],
    ["192.0.2.128/25", "192.0.2.127", false],
    ["192.0.2.77/24", "192.0.2.1", true],
    ["192.0.2.1/32", "192.0.2.1", true],
    ["192.0.2.1/32", "192.0.2.2", false],
    ["0.0.0.0/0", "203.0.113.1", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::/0", "2001:db8::1", true],
    ["2001:db8::/32", "2001:db8:ffff::1", true],
    ["2001:db8::/32", "2001:db9::", false],
    ["2001:DB8:0:0::/32", "2001:db8::5", true],
    ["192.0.2.0/24", "::ffff:192.0.2.1", true],
    ["192.0.2.0/24", "not an address", false],
    ["192.0.2.0/24", "192.0.2.1%eth0", false],
  ])("%s holds %s: %s", (range, address, want) => {
    expect(addressRanges([range]).contains(address)).toBe(want);
  });

  it.each(["10.0.0.0/8", "10.0.0.0/0", "::/128", "2001:db8::/32"])("can be %s", (range) => {
    expect(isRange(range)).toBe(true);
  });

  it.each(["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0/8", "/8", "", "10.0.0.0/8/8", "10.0.0.0/-1", ":/8", "g::/8"])(
    "cannot be %j, which holds nothing",
    (range) => {
      expect(isRange(range)).toBe(false);
      expect(addressRanges([range]).contains("10.0.0.1")).toBe(false);
    },
  );
});

it.each([
  "127.0.0.1",
  "0.0.0.0",
  "169.254.169.254",
  "::1",
  "::",
  "fe80::1",
  "febf::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "x",
])("%s is of no other host", (address) => expect(isOfAnotherHost(address)).toBe(false));

it.each(["10.0.0.1", "126.255.255.255", "128.0.0.1", "169.253.0.1", "fec0::1", "::1:0:0:0", "::ffff:10.0.0.1"])(
  "%s is of another host",
  (address) => expect(isOfAnotherHost(address)).toBe(true),
);

it("an address has one spelling", () => {
  expect(["0:0:0:0:0:0:0:1", "::0001", "2001:DB8::A"].map(canonicalAddress)).toEqual(["::1", "::1", "2001:db8::a"]);
});
