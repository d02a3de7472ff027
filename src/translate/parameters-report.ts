/** The status of GatewayParameters. */
import { conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import type { GatewayParameters } from "../core/gateway-parameters.ts";
import { nameOf, objectKey } from "../core/keys.ts";
import { parametersProblems } from "./parameters-check.ts";

/** Tells whether the object is in order in itself; what a class lets its Gateways have of it, their own status tells. */
export function parametersStatus({ metadata, spec }: GatewayParameters): StatusUpdate {
  const problems = parametersProblems(spec);
  const { generation } = metadata;
  const accepted =
    problems.length === 0
      ? conditionTrue("Accepted", generation)
      : conditionFalse("Accepted", generation, { reason: "InvalidParameters", message: problems.join("; ") });
  return {
    kind: "GatewayParameters",
    object: objectKey("GatewayParameters", nameOf(metadata)),
    conditions: [accepted],
  };
}
