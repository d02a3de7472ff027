import type { Kind } from "../../core/keys.ts";
import { backendTlsPolicyRules } from "./backend-tls-policy.ts";
import { endpointSliceRules } from "./endpoint-slice.ts";
import { gatewayRules } from "./gateway.ts";
import { gatewayClassRules } from "./gateway-class.ts";
import { gatewayParametersRules } from "./gateway-parameters.ts";
import { grpcRouteRules } from "./grpc-route.ts";
import { hostnameClaimRules } from "./hostname-claim.ts";
import { hostnameRecordRules } from "./hostname-record.ts";
import { httpRouteRules } from "./http-route.ts";
import { layer4RouteRules } from "./layer4-routes.ts";
import { listenerRules } from "./listener.ts";
import { namespaceChoiceRules } from "./namespace-choice.ts";
import { quarantineRules } from "./quarantine.ts";
import type { Rule } from "./rule.ts";
import { serviceRules } from "./service.ts";
import { storedDataRules } from "./stored-data.ts";

/** Every rule beyond the schemas, in the order in which faults are told. */
export const rules: readonly Rule[] = [
  ...gatewayClassRules,
  ...gatewayRules,
  ...listenerRules("ListenerSet", { uniqueListeners: "e3e62c2ad493" }),
  ...httpRouteRules,
  ...grpcRouteRules,
  ...layer4RouteRules,
  ...backendTlsPolicyRules,
  ...serviceRules,
  ...endpointSliceRules,
  ...storedDataRules,
  ...gatewayParametersRules,
  ...hostnameClaimRules,
  ...hostnameRecordRules,
  ...namespaceChoiceRules("NamespaceBudget"),
  ...quarantineRules,
];

/** The rules of one kind. */
export function rulesOf(kind: Kind): readonly Rule[] {
  return byKind.get(kind) ?? [];
}

const byKind: ReadonlyMap<Kind, readonly Rule[]> = Map.groupBy(rules, ({ kind }) => kind);
