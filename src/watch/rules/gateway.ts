import type { GatewayAddress } from "../../core/gateway-api.ts";
import { quoteValue } from "../problem.ts";
import { patterns } from "../schemas/patterns.ts";
import { listenerRules, repeated } from "./listener.ts";
import { type RuleCheck, rulesFor } from "./rule.ts";

/** How the fields of a Gateway fit together. */
export const gatewayRules = [
  ...listenerRules("Gateway", { uniqueListeners: "d31959b5efcf" }),
  ...rulesFor<readonly GatewayAddress[]>(
    "Gateway",
    ["spec.addresses"],
    [
      { name: "IP addresses are unique", cel: "1ff4561772c9", check: uniqueAddresses("IPAddress") },
      { name: "host name addresses are unique", cel: "43360f8ad2d6", check: uniqueAddresses("Hostname") },
    ],
  ),
  ...rulesFor<GatewayAddress>(
    "Gateway",
    ["spec.addresses[]"],
    [
      {
        name: "a host name address is a host name",
        cel: "dac2850f16ae",
        check: ({ type, value }) =>
          type !== "Hostname" || value === undefined || hostname.test(value)
            ? undefined
            : `must have a host name as its value (is ${quoteValue(value)})`,
      },
    ],
  ),
  ...rulesFor<Readonly<Record<string, string>>>(
    "Gateway",
    ["spec.infrastructure.labels", "spec.infrastructure.annotations"],
    [
      {
        name: "keys have a name and perhaps a domain",
        cel: "9d8358ece358",
        check: wrongKey(
          (key) => !labelKey.test(key),
          "that is no name of up to 63 characters, with or without a domain",
        ),
      },
      {
        name: "the domain of a key is short enough",
        cel: "4b9766f719f7",
        check: wrongKey((key) => (key.split("/")[0] ?? "").length >= 253, "whose domain is longer than 252 characters"),
      },
    ],
  ),
  ...rulesFor<readonly { readonly port: number }[]>(
    "Gateway",
    ["spec.tls.frontend.perPort"],
    [
      {
        name: "ports with their own client validation are unique",
        cel: "419307373c26",
        check: (entries) =>
          repeated(
            entries.map(({ port }) => String(port)),
            (port) => `has two entries for port ${port}`,
          ),
      },
    ],
  ),
];

const hostname = new RegExp(patterns.hostname);
const labelKey = new RegExp(patterns.labelKey);

function uniqueAddresses(type: string): RuleCheck<readonly GatewayAddress[]>["check"] {
  return (addresses) =>
    repeated(
      addresses.flatMap((address) => (address.type === type && address.value !== undefined ? [address.value] : [])),
      (value) => `has the ${type} ${value} twice`,
    );
}

function wrongKey(
  isWrong: (key: string) => boolean,
  words: string,
): RuleCheck<Readonly<Record<string, string>>>["check"] {
  return (entries) => {
    const key = Object.keys(entries).find(isWrong);
    return key === undefined ? undefined : `has a key ${quoteValue(key)} ${words}`;
  };
}
