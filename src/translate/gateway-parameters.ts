/** What a Gateway says about how its proxies are run, and what of it counts. */
import type { Collection, Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { Gateway } from "../core/gateway-api.ts";
import type { GatewayParameters } from "../core/gateway-parameters.ts";
import type { GatewayClassNode } from "./gateway-class.ts";
import type { FleetNode } from "./nodes.ts";
import { textsOf } from "./parameter-fields.ts";
import { claimsAddress } from "./parameter-limits.ts";
import { resolveParameters } from "./parameters.ts";
import { findParameters, invalidParameters } from "./parameters-ref.ts";

/** What came of it. */
export interface ReadGatewayParameters {
  readonly fleet: Omit<FleetNode, "requestedAddresses">;
  /** Why the Gateway is not accepted, each with the field's name. */
  readonly rejections: readonly Rejection[];
}

/** Reads the parameters of a Gateway of a class. */
export function readGatewayParameters(
  read: Reader,
  parameters: Collection<GatewayParameters>,
  { metadata, spec }: Gateway,
  gatewayClass: GatewayClassNode,
): ReadGatewayParameters {
  const { labels = {}, annotations = {}, parametersRef } = spec.infrastructure ?? {};
  const found =
    parametersRef &&
    findParameters(read, parameters, {
      ...parametersRef,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    });
  const own = found?.kind === "found" ? found : undefined;
  const { effective, problems } = resolveParameters(gatewayClass.parameters, own?.spec);
  const claims = Object.keys(annotations).filter((key) =>
    claimsAddress(key, gatewayClass.parameters?.addressAnnotation),
  );
  return {
    fleet: {
      uid: metadata.uid ?? "",
      gatewayClass: spec.gatewayClassName,
      labels: textsOf(Object.entries(labels)),
      annotations: textsOf(Object.entries(annotations).filter(([key]) => !claims.includes(key))),
      parameters: effective,
    },
    rejections: [
      ...(found?.kind === "rejected" ? [found.rejection] : []),
      ...problems.map((problem) => invalidParameters(`GatewayParameters ${own?.name ?? ""}: ${problem}`)),
      ...claims.map((key) =>
        invalidParameters(`spec.infrastructure.annotations[${key}] asks for an address: use spec.addresses`),
      ),
    ],
  };
}
