import type { OwnerReference, RawObject } from "../../core/kube-client.ts";

/** The Gateway that an object belongs to, if it belongs to one. */
export function owningGateway(object: RawObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ kind, controller }) => kind === "Gateway" && controller === true);
}

/** Whether an object was made for the Gateway with this uid; labels alone are no proof, anybody can set them. */
export function belongsTo(object: RawObject, gatewayUid: string): boolean {
  return owningGateway(object)?.uid === gatewayUid;
}
