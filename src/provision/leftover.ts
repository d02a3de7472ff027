import {
  type KubeClient,
  type KubeFailure,
  type OwnerReference,
  type RawObject,
  type ResourceKind,
  resourcePath,
} from "../core/kube-client.ts";
import { textAt } from "./state/raw-fields.ts";

/** What to do with the objects of a Gateway for which no fleet is wanted. */
export type LeftoverVerdict = { readonly kind: "remove" } | { readonly kind: "leave" } | KubeFailure;

const gateways: ResourceKind = { group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" };
const gatewayClasses: ResourceKind = { ...gateways, plural: "gatewayclasses" };

/**
 * Asks the API server why no fleet is wanted. Only a Gateway that is there and has gone over to a class of another
 * controller loses its proxies: one that is gone is the garbage collector's, and with a class that is gone or of ours the
 * proxies keep serving what they had.
 */
export async function judgeLeftover(
  client: KubeClient,
  {
    namespace,
    owner,
    controllerName,
  }: { readonly namespace: string; readonly owner: OwnerReference; readonly controllerName: string },
): Promise<LeftoverVerdict> {
  const gateway = await client.request<RawObject>({
    method: "GET",
    path: resourcePath(gateways, { namespace, name: owner.name }),
  });
  if (gateway.kind === "failed") return gateway.status === 404 ? { kind: "leave" } : gateway;
  if (gateway.value.metadata.uid !== owner.uid || gateway.value.metadata.deletionTimestamp !== undefined)
    return { kind: "leave" };
  const name = textAt(gateway.value, "spec", "gatewayClassName");
  if (name === undefined) return { kind: "leave" };
  const gatewayClass = await client.request<RawObject>({ method: "GET", path: resourcePath(gatewayClasses, { name }) });
  if (gatewayClass.kind === "failed") return gatewayClass.status === 404 ? { kind: "leave" } : gatewayClass;
  const controller = textAt(gatewayClass.value, "spec", "controllerName");
  return { kind: controller === undefined || controller === controllerName ? "leave" : "remove" };
}
