import { availableParallelism, totalmem } from "node:os";
import type { ContainerSpec, Pod, ResourceFieldRef } from "./pod.ts";
import { divideQuantity } from "./quantity.ts";

/** What the downward API tells beyond the pod's own object. */
export interface PodPlace {
  readonly podAddress: string;
  readonly nodeAddress: string;
  readonly nodeName: string;
}

/** The value of a `fieldRef`; undefined for a field that the downward API does not have. */
export function fieldValue(pod: Pod, place: PodPlace, fieldPath: string): string | undefined {
  const { metadata, spec } = pod;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  if (keyed !== null) return (keyed[1] === "labels" ? metadata.labels : metadata.annotations)?.[keyed[2] ?? ""] ?? "";
  switch (fieldPath) {
    case "metadata.name":
      return metadata.name;
    case "metadata.namespace":
      return metadata.namespace ?? "";
    case "metadata.uid":
      return metadata.uid ?? "";
    case "metadata.labels":
      return quotedLines(metadata.labels ?? {});
    case "metadata.annotations":
      return quotedLines(metadata.annotations ?? {});
    case "spec.nodeName":
      return place.nodeName;
    case "spec.serviceAccountName":
      return spec.serviceAccountName ?? "default";
    case "status.podIP":
    case "status.podIPs":
      return place.podAddress;
    case "status.hostIP":
    case "status.hostIPs":
      return place.nodeAddress;
    default:
      return undefined;
  }
}

/** The value of a `resourceFieldRef`: a limit that is not set is what the machine has. */
export function resourceValue(pod: Pod, own: ContainerSpec | undefined, ref: ResourceFieldRef): string {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const container = ref.containerName === undefined ? own : all.find(({ name }) => name === ref.containerName);
  const [list = "", resource = ""] = ref.resource.split(/\.(.*)/);
  const { limits = {}, requests = {} } = container?.resources ?? {};
  const machine =
    resource === "cpu" ? String(availableParallelism()) : resource === "memory" ? String(totalmem()) : "0";
  const amount = list === "limits" ? (limits[resource] ?? machine) : (requests[resource] ?? limits[resource] ?? "0");
  return divideQuantity(amount, ref.divisor);
}

function quotedLines(entries: Readonly<Record<string, string>>): string {
  return Object.entries(entries)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}\n`)
    .join("");
}
