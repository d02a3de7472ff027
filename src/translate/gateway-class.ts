/** Which GatewayClasses are ours, and which of those can be served. */
import type { Collection, Transform } from "../collection/collection.ts";
import { joinRejections, type Rejection } from "../core/conditions.ts";
import type { GatewayClass } from "../core/gateway-api.ts";
import type { GatewayParameters, GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { nameOf, type ObjectKey, objectKey } from "../core/keys.ts";
import { parametersProblems, usableParameters } from "./parameters-check.ts";
import { findParameters, invalidParameters } from "./parameters-ref.ts";

/** A GatewayClass that names our controller. Keyed by its name. */
export interface GatewayClassNode {
  readonly key: ObjectKey;
  readonly generation: number;
  /** Why it, and with it every Gateway of it, is not accepted. */
  readonly rejection?: Rejection;
  /** What holds for its Gateways; without it they get defaults, and may ask for nothing. */
  readonly parameters?: GatewayParametersSpec;
}

/** Picks the classes that name our controller; all others, and their Gateways, are left alone. */
export function buildGatewayClass(
  options: { readonly controllerName: string },
  parameters: Collection<GatewayParameters>,
): Transform<GatewayClass, GatewayClassNode> {
  return (read, key, { metadata, spec }) => {
    if (spec.controllerName !== options.controllerName) return [];
    const node = { key: objectKey("GatewayClass", nameOf(metadata)), generation: metadata.generation };
    if (spec.parametersRef === undefined) return [[key, node]];
    const found = findParameters(read, parameters, spec.parametersRef);
    if (found.kind === "rejected") return [[key, { ...node, rejection: found.rejection }]];
    const problems = parametersProblems(found.spec).map((problem) =>
      invalidParameters(`GatewayParameters ${found.name}: ${problem}`),
    );
    const rejection = joinRejections(problems);
    return [[key, { ...node, ...(rejection && { rejection }), parameters: usableParameters(found.spec) }]];
  };
}
