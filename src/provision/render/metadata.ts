import type { FleetSpec } from "../../core/fleet.ts";
import { fleetLabels, fleetName, labelValue, managedBy } from "../../core/fleet-names.ts";
import { parseNamespacedName } from "../../core/keys.ts";
import { digestOf } from "./digest.ts";
import { type FleetObject, type FleetObjectKind, fleetAnnotations, fleetObjectKinds } from "./fleet-object.ts";

/** Namespace and name of the objects of a fleet. */
export function fleetAddress(fleet: FleetSpec): { readonly namespace: string; readonly name: string } {
  const { namespace = "", name } = parseNamespacedName(fleet.gateway);
  return { namespace, name: fleetName(name) };
}

/** The labels by which the pods of a fleet are told from all others. They never change: a Deployment's selector cannot. */
export function selectorLabels(fleet: FleetSpec): Readonly<Record<string, string>> {
  return {
    [fleetLabels.managedBy]: managedBy,
    [fleetLabels.gatewayName]: labelValue(parseNamespacedName(fleet.gateway).name),
  };
}

/** The labels of an object of a fleet: the Gateway's, then ours, which nobody can take. */
export function labelsOf(fleet: FleetSpec): Readonly<Record<string, string>> {
  return {
    ...fleet.labels,
    "app.kubernetes.io/name": "gatehouse-proxy",
    ...classLabel(fleet),
    ...selectorLabels(fleet),
  };
}

/** The annotations that an object of a fleet has from its Gateway: all but those by which controllers keep their own books. */
export function annotationsOf(fleet: FleetSpec): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fleet.annotations).filter(([name]) => !bookkeeping.has(name)));
}

/** Makes an object of a fleet: owned by its Gateway, with what the Gateway's infrastructure says, and its own digest. */
export function fleetObject(
  fleet: FleetSpec,
  kind: FleetObjectKind,
  {
    annotations = {},
    ...body
  }: { readonly annotations?: Readonly<Record<string, string>>; readonly [field: string]: unknown },
): FleetObject {
  const { group, version } = fleetObjectKinds[kind];
  const metadata = {
    ...fleetAddress(fleet),
    labels: labelsOf(fleet),
    annotations: { ...annotationsOf(fleet), ...annotations },
    ownerReferences: [ownerReference(fleet)],
  };
  const object = { apiVersion: group === "" ? version : `${group}/${version}`, kind, metadata, ...body };
  const applied = { [fleetAnnotations.applied]: digestOf(object) };
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...applied } } };
}

const bookkeeping: ReadonlySet<string> = new Set([
  ...Object.values(fleetAnnotations),
  "deployment.kubernetes.io/revision",
  "kubectl.kubernetes.io/last-applied-configuration",
]);

function classLabel(fleet: FleetSpec): Readonly<Record<string, string>> {
  return { [fleetLabels.gatewayClassName]: labelValue(fleet.gatewayClass) };
}

/** It does not block the owner's deletion: that would want the right to write finalizers of Gateways on some clusters. */
function ownerReference(fleet: FleetSpec): FleetObject["metadata"]["ownerReferences"][number] {
  const { name } = parseNamespacedName(fleet.gateway);
  return { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", name, uid: fleet.uid, controller: true };
}
