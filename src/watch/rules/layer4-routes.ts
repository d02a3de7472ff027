import { isIP } from "node:net";
import { quoteValue } from "../problem.ts";
import { patterns } from "../schemas/patterns.ts";
import { backendPort } from "./http-filter.ts";
import { parentRefRules } from "./route.ts";
import { type RuleCheck, rulesFor } from "./rule.ts";

const hostname = new RegExp(patterns.dnsSubdomain);

/** The schema's pattern asks the last two as well: the API says them twice. */
const serverNames: readonly RuleCheck<readonly string[]>[] = [
  {
    name: "a server name is no IP address",
    cel: "0843be6f6939",
    check: firstWrong((name) => isIP(name) !== 0, "is an IP address, which no client asks for by name"),
  },
  {
    name: "a server name without wildcard is a host name",
    cel: "20123a065b59",
    check: firstWrong((name) => !name.includes("*") && !hostname.test(name), "is no host name"),
  },
  {
    name: "a wildcard is the first label of a server name, and a host name follows",
    cel: "b31a373d8a00",
    check: firstWrong(
      (name) => name.includes("*") && !(name.startsWith("*.") && hostname.test(name.slice(2))),
      "has a wildcard elsewhere than as its first label",
    ),
  },
];

/** How the fields of TLSRoutes, TCPRoutes and UDPRoutes fit together. */
export const layer4RouteRules = [
  ...rulesFor("TLSRoute", ["spec.hostnames"], serverNames),
  ...(["TLSRoute", "TCPRoute", "UDPRoute"] as const).flatMap((kind) => [
    ...parentRefRules(kind),
    ...rulesFor(kind, ["spec.rules[].backendRefs[]"], backendPort),
  ]),
];

function firstWrong(isWrong: (name: string) => boolean, words: string): RuleCheck<readonly string[]>["check"] {
  return (names) => {
    const wrong = names.find(isWrong);
    return wrong === undefined ? undefined : `has a name ${quoteValue(wrong)} that ${words}`;
  };
}
