/** Which GatewayClasses are ours, and which of those can be served. */
import type { Transform } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { GatewayClass } from "../core/gateway-api.ts";
import { nameOf, type ObjectKey, objectKey } from "../core/keys.ts";

/** A GatewayClass that names our controller. Keyed by its name. */
export interface GatewayClassNode {
  readonly key: ObjectKey;
  readonly generation: number;
  /** Why it, and with it every Gateway of it, is not accepted. */
  readonly rejection?: Rejection;
}

/** Picks the classes that name our controller; all others, and their Gateways, are left alone. */
export function buildGatewayClass(options: {
  readonly controllerName: string;
}): Transform<GatewayClass, GatewayClassNode> {
  return (_read, key, { metadata, spec }) => {
    if (spec.controllerName !== options.controllerName) return [];
    const node = { key: objectKey("GatewayClass", nameOf(metadata)), generation: metadata.generation };
    return [
      [
        key,
        spec.parametersRef === undefined ? node : { ...node, rejection: unsupportedParameters(spec.parametersRef) },
      ],
    ];
  };
}

/** Refuses parameters of a class or of a Gateway: to ignore what they ask for could open what they close. */
export function unsupportedParameters(ref: { readonly group: string; readonly kind: string }): Rejection {
  const kind = ref.group === "" ? ref.kind : `${ref.kind}.${ref.group}`;
  return {
    condition: "Accepted",
    reason: "InvalidParameters",
    message: `parametersRef names a ${kind}: no kind of parameters is supported`,
  };
}
