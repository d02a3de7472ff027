import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { EndpointSlice } from "../../core/kubernetes.ts";
import { quoteValue } from "../problem.ts";
import { patterns } from "../schemas/patterns.ts";
import { rulesFor } from "./rule.ts";

/** How the fields of an EndpointSlice fit together. Loopback addresses are taken, unlike in a cluster: backends may be local. */
export const endpointSliceRules = rulesFor<EndpointSlice>(
  "EndpointSlice",
  [""],
  [
    {
      name: "addresses are of the slice's type",
      check: ({ addressType, endpoints = [] }) => {
        const wrong = endpoints.flatMap(({ addresses }) => addresses).find((address) => !fits(addressType, address));
        return wrong === undefined
          ? undefined
          : `has an address ${quoteValue(wrong)} that is not of the type ${addressType}`;
      },
    },
    {
      name: "addresses are those of one host",
      check: ({ endpoints = [] }) => {
        const wrong = endpoints.flatMap(({ addresses }) => addresses).find(isSpecial);
        return wrong === undefined
          ? undefined
          : `has an address ${quoteValue(wrong)} that is unspecified, link-local or multicast`;
      },
    },
  ],
);

const dnsName = new RegExp(patterns.dnsSubdomain);

const special = new BlockList();
special.addAddress("0.0.0.0");
special.addSubnet("169.254.0.0", 16);
special.addSubnet("224.0.0.0", 4);
special.addAddress("::", "ipv6");
special.addSubnet("fe80::", 10, "ipv6");
special.addSubnet("ff00::", 8, "ipv6");

function fits(addressType: EndpointSlice["addressType"], address: string): boolean {
  if (addressType === "IPv4") return isIPv4(address);
  // A zone (fe80::1%eth0) names an interface of one machine.
  if (addressType === "IPv6") return isIPv6(address) && !address.includes("%");
  return address.length <= 253 && dnsName.test(address);
}

function isSpecial(address: string): boolean {
  if (isIPv4(address)) return special.check(address);
  return isIPv6(address) && special.check(address, "ipv6");
}
