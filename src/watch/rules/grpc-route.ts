import type { GrpcMethodMatch } from "../../core/gateway-api.ts";
import { quoteValue } from "../problem.ts";
import { backendPort, grpcFilterRules } from "./http-filter.ts";
import { parentRefRules, uniqueRuleNames } from "./route.ts";
import { type RuleCheck, rulesFor } from "./rule.ts";
import { sessionPersistenceRules } from "./session-persistence.ts";

interface LooseRule {
  readonly name?: string;
  readonly matches?: readonly unknown[];
}

const ruleList: readonly RuleCheck<readonly LooseRule[]>[] = [
  uniqueRuleNames,
  {
    name: "a route has at most 128 matches",
    cel: "837b88f53c5a",
    check: (rules) => {
      const total = rules.reduce((sum, { matches = [] }) => sum + matches.length, 0);
      return total <= 128 ? undefined : `must have at most 128 matches in all (has ${total})`;
    },
  },
];

const serviceName = /^\.?[a-z_][a-z_0-9]*(?:\.[a-z_][a-z_0-9]*)*$/i;
const methodName = /^[A-Za-z_][A-Za-z_0-9]*$/;

const methodMatch: readonly RuleCheck<GrpcMethodMatch>[] = [
  {
    name: "a method match names a service, a method or both",
    cel: "6cb810174eb6",
    check: ({ service, method }) =>
      service === undefined && method === undefined ? "must have a service, a method or both" : undefined,
  },
  {
    name: "a service that is matched exactly is the name of one",
    cel: "fb8615af1d49",
    check: ({ type, service }) =>
      type !== "Exact" || service === undefined || serviceName.test(service)
        ? undefined
        : `must have a service of letters, digits and '_', in parts joined by '.', when its type is Exact (is ${quoteValue(service)})`,
  },
  {
    name: "a method that is matched exactly is the name of one",
    cel: "7797fc313149",
    check: ({ type, method }) =>
      type !== "Exact" || method === undefined || methodName.test(method)
        ? undefined
        : `must have a method of letters, digits and '_' when its type is Exact (is ${quoteValue(method)})`,
  },
];

/** How the fields of a GRPCRoute fit together. */
export const grpcRouteRules = [
  ...parentRefRules("GRPCRoute"),
  ...rulesFor("GRPCRoute", ["spec.rules"], ruleList),
  ...rulesFor("GRPCRoute", ["spec.rules[].matches[].method"], methodMatch),
  ...rulesFor("GRPCRoute", ["spec.rules[].backendRefs[]"], backendPort),
  ...sessionPersistenceRules("GRPCRoute"),
  ...grpcFilterRules("spec.rules[].filters"),
  ...grpcFilterRules("spec.rules[].backendRefs[].filters"),
];
