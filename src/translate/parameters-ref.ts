/** References to GatewayParameters, from a GatewayClass or from a Gateway. */
import type { Collection, Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { GatewayParameters, GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { kinds, namespacedName } from "../core/keys.ts";

/** A parametersRef with the namespace in which it looks. */
export interface ParametersRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** What a reference leads to, or why to nothing. */
export type FoundParameters =
  | { readonly kind: "found"; readonly name: string; readonly spec: GatewayParametersSpec }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

/** Follows a reference. */
export function findParameters(
  read: Reader,
  parameters: Collection<GatewayParameters>,
  ref: ParametersRef,
): FoundParameters {
  const { group } = kinds.GatewayParameters;
  if (ref.group !== group || ref.kind !== "GatewayParameters") {
    const kind = ref.group === "" ? ref.kind : `${ref.kind}.${ref.group}`;
    return rejected(`parametersRef names a ${kind}: only GatewayParameters.${group} are supported`);
  }
  if (ref.namespace === undefined) return rejected("parametersRef names no namespace");
  const name = namespacedName(ref.namespace, ref.name);
  const found = read.get(parameters, name);
  if (found === undefined) return rejected(`GatewayParameters ${name} does not exist`);
  return { kind: "found", name, spec: found.spec };
}

/** Refuses an object for its parameters. */
export function invalidParameters(message: string): Rejection {
  return { condition: "Accepted", reason: "InvalidParameters", message };
}

function rejected(message: string): FoundParameters {
  return { kind: "rejected", rejection: invalidParameters(message) };
}
