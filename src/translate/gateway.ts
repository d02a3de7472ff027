/** One Gateway of a class of ours with everything that is decided about it and about its listeners. */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { Gateway, ListenerSet } from "../core/gateway-api.ts";
import { type NamespacedName, nameOf, objectKey } from "../core/keys.ts";
import type { NamespaceLabels } from "./allowed-routes.ts";
import { assignAddresses } from "./gateway-address.ts";
import { type GatewayClassNode, unsupportedParameters } from "./gateway-class.ts";
import { buildListener, isAcceptable, isUsable, type ListenerOwner } from "./listener.ts";
import { resolveConflicts } from "./listener-conflict.ts";
import { attachmentRejection, byPrecedence } from "./listener-set.ts";
import type { ListenerInputs } from "./listener-tls.ts";
import type { AttachedListenerSet, GatewayNode, Listener } from "./nodes.ts";

/** What a Gateway reads of the world. */
export interface GatewayInputs extends ListenerInputs {
  /** Classes of ours, by name. */
  readonly classes: Collection<GatewayClassNode>;
  /** By the Gateway that they name, namespace/name. */
  readonly listenerSets: Grouped<ListenerSet>;
  /** By namespace. */
  readonly namespaceLabels: Collection<NamespaceLabels>;
}

export interface GatewayOptions {
  /** What proxies bind for a Gateway that asks for no address. */
  readonly bindAddresses: readonly string[];
}

/**
 * Builds the node of a Gateway from it and its ListenerSets. A Gateway whose class is not ours, or does not exist, gives
 * none: it is somebody else's.
 */
export function buildGateway(inputs: GatewayInputs, options: GatewayOptions): Transform<Gateway, GatewayNode> {
  return (read, key, gateway) => {
    const gatewayClass = read.get(inputs.classes, gateway.spec.gatewayClassName);
    return gatewayClass === undefined ? [] : [[key, buildNode(read, inputs, options, { gateway, gatewayClass })]];
  };
}

function buildNode(
  read: Reader,
  inputs: GatewayInputs,
  { bindAddresses }: GatewayOptions,
  { gateway, gatewayClass }: { readonly gateway: Gateway; readonly gatewayClass: GatewayClassNode },
): GatewayNode {
  const key = nameOf(gateway.metadata);
  const sets = readListenerSets(read, inputs, gateway);
  const judged = resolveConflicts([
    ...ownListeners(read, inputs, gateway),
    ...sets.flatMap(({ set, refused }) => (refused === undefined ? setListeners(read, inputs, key, set) : [])),
  ]);
  const { addresses, rejection: unsupportedAddress, addressRejection } = assignAddresses(gateway, bindAddresses);
  const rejection =
    classRejection(gatewayClass) ?? parametersRejection(gateway) ?? unsupportedAddress ?? listenersRejection(judged);
  const open = rejection === undefined && addresses.length > 0;
  return {
    key,
    generation: gateway.metadata.generation,
    ...(rejection === undefined ? {} : { rejection }),
    addresses: rejection === undefined ? addresses : [],
    ...(addressRejection === undefined ? {} : { addressRejection }),
    listeners: judged.map((listener) => ({ ...listener, served: open && isUsable(listener) })),
    listenerSets: sets.map(({ set, refused }) => attachListenerSet(set, refused, { rejection, judged })),
  };
}

interface CandidateSet {
  readonly set: ListenerSet;
  readonly refused: Rejection | undefined;
}

function readListenerSets(read: Reader, inputs: GatewayInputs, gateway: Gateway): readonly CandidateSet[] {
  const members = read.get(inputs.listenerSets, nameOf(gateway.metadata));
  return [...(members?.values() ?? [])]
    .sort(byPrecedence)
    .map((set) => ({ set, refused: attachmentRejection(read, inputs.namespaceLabels, gateway, set) }));
}

function ownListeners(read: Reader, inputs: GatewayInputs, { metadata, spec }: Gateway): readonly Listener[] {
  const { name, namespace = "" } = metadata;
  const owner: ListenerOwner = { kind: "Gateway", namespace, name, gateway: nameOf(metadata) };
  return spec.listeners.map((listener) => buildListener(read, inputs, owner, listener));
}

function setListeners(
  read: Reader,
  inputs: GatewayInputs,
  gateway: NamespacedName,
  { metadata, spec }: ListenerSet,
): readonly Listener[] {
  const { name, namespace = "" } = metadata;
  const owner: ListenerOwner = { kind: "ListenerSet", namespace, name, gateway };
  return spec.listeners.map((listener) => buildListener(read, inputs, owner, listener));
}

function classRejection({ rejection }: GatewayClassNode): Rejection | undefined {
  if (rejection === undefined) return undefined;
  return { ...rejection, message: `The GatewayClass is not accepted: ${rejection.message}` };
}

function parametersRejection({ spec }: Gateway): Rejection | undefined {
  const ref = spec.infrastructure?.parametersRef;
  return ref === undefined ? undefined : unsupportedParameters(ref);
}

/** One acceptable listener is enough, whoever wrote it: the rest must not take it down. */
function listenersRejection(listeners: readonly Listener[]): Rejection | undefined {
  if (listeners.some(isAcceptable)) return undefined;
  return { condition: "Accepted", reason: "ListenersNotValid", message: "No listener can be accepted" };
}

function attachListenerSet(
  set: ListenerSet,
  refused: Rejection | undefined,
  gateway: { readonly rejection: Rejection | undefined; readonly judged: readonly Listener[] },
): AttachedListenerSet {
  const name = nameOf(set.metadata);
  const key = objectKey("ListenerSet", name);
  const base = { key, name, generation: set.metadata.generation };
  if (refused !== undefined) return { ...base, rejection: refused };
  if (gateway.rejection !== undefined) return { ...base, rejection: parentNotAccepted };
  const usable = gateway.judged.some((listener) => listener.parent === key && isUsable(listener));
  return usable ? base : { ...base, rejection: noUsableListener };
}

const parentNotAccepted: Rejection = {
  condition: "Accepted",
  reason: "ParentNotAccepted",
  message: "The Gateway is not accepted",
};

const noUsableListener: Rejection = {
  condition: "Accepted",
  reason: "ListenersNotValid",
  message: "No listener can be served",
};
