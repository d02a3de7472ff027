/** The status of a GatewayClass. */
import { conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import type { GatewayClassNode } from "./gateway-class.ts";

/** Tells whether a class is accepted and which features it has; SupportedVersion is about the CRDs, which we embed. */
export function gatewayClassStatus(
  { key, generation, rejection }: GatewayClassNode,
  supportedFeatures: readonly string[],
): StatusUpdate {
  return {
    kind: "GatewayClass",
    object: key,
    conditions: [
      rejection === undefined
        ? conditionTrue("Accepted", generation, { message: "The class is served by this controller" })
        : conditionFalse("Accepted", generation, rejection),
      conditionTrue("SupportedVersion", generation),
    ],
    supportedFeatures: [...new Set(supportedFeatures)].sort(),
  };
}
