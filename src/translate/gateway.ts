/** One Gateway of a class of ours with everything that is decided about it and about its listeners. */
import type { Collection, Grouped, Reader, Transform } from "../collection/collection.ts";
import { joinRejections, type Rejection } from "../core/conditions.ts";
import type { Gateway, ListenerSet, ListenerSpec } from "../core/gateway-api.ts";
import type { GatewayParameters, GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { type NamespacedName, nameOf, objectKey } from "../core/keys.ts";
import type { ObjectMeta } from "../core/kubernetes.ts";
import type { NamespaceLabels } from "./allowed-routes.ts";
import { resolveBackendCertificate } from "./backend-certificate.ts";
import { type BudgetInputs, budgetRejection } from "./budget/budgets.ts";
import {
  type FrontendValidation,
  type FrontendValidationInputs,
  readFrontendValidation,
} from "./frontend-validation.ts";
import { assignAddresses } from "./gateway-address.ts";
import type { GatewayClassNode } from "./gateway-class.ts";
import { readGatewayParameters } from "./gateway-parameters.ts";
import { http3Rejections, portsOfHttp3, servedByHttp3 } from "./http3.ts";
import { buildListener, isAcceptable, isUsable, type ListenerOwner } from "./listener.ts";
import { resolveConflicts } from "./listener-conflict.ts";
import { beyondBounds } from "./listener-limits.ts";
import { attachmentRejection, byPrecedence } from "./listener-set.ts";
import type { ListenerInputs } from "./listener-tls.ts";
import type { AttachedListenerSet, GatewayNode, Listener, OwnershipPolicy } from "./nodes.ts";
import { judgeListener, type ListenerOwnershipInputs } from "./ownership/listener-ownership.ts";
import { type GatewayPorts, gatewayPorts, portClaims, portRank } from "./ownership/listener-ports.ts";
import { refusalRejection } from "./ownership/messages.ts";
import { ownershipPolicy } from "./ownership/policy.ts";
import { invalidParameters } from "./parameters-ref.ts";
import type { Placement } from "./placement.ts";
import type { Claim } from "./route-nodes.ts";
import { type TlsOptionLimits, withTlsOptions } from "./tls-options.ts";

/** What a Gateway reads of the world. */
export interface GatewayInputs extends ListenerInputs, FrontendValidationInputs {
  /** Classes of ours, by name. */
  readonly classes: Collection<GatewayClassNode>;
  /** By the Gateway that they name, namespace/name. */
  readonly listenerSets: Grouped<ListenerSet>;
  /** By namespace. */
  readonly namespaceLabels: Collection<NamespaceLabels>;
  /** By namespace/name. */
  readonly parameters: Collection<GatewayParameters>;
  readonly ownership: ListenerOwnershipInputs;
  readonly budgets: BudgetInputs;
}

/**
 * Builds the node of a Gateway from it and its ListenerSets. A Gateway whose class is not ours, or does not exist, gives
 * none: it is somebody else's.
 */
export function buildGateway(inputs: GatewayInputs, placement: Placement): Transform<Gateway, GatewayNode> {
  return (read, key, gateway) => {
    const gatewayClass = read.get(inputs.classes, gateway.spec.gatewayClassName);
    return gatewayClass === undefined ? [] : [[key, buildNode(read, inputs, placement, { gateway, gatewayClass })]];
  };
}

function buildNode(
  read: Reader,
  inputs: GatewayInputs,
  placement: Placement,
  { gateway, gatewayClass }: { readonly gateway: Gateway; readonly gatewayClass: GatewayClassNode },
): GatewayNode {
  const key = nameOf(gateway.metadata);
  const sets = readListenerSets(read, inputs, gateway);
  const { fleet, rejections } = readGatewayParameters(read, inputs.parameters, gateway, gatewayClass);
  const frontend = readFrontendValidation(read, inputs, gateway);
  const rules = { frontend, ofClass: gatewayClass.parameters, ofGateway: fleet.parameters.tls };
  const own = ownListeners(read, inputs, gateway, rules);
  const admitted = sets.flatMap(({ set, refused }) => (refused === undefined ? [set] : []));
  const policy = ownershipPolicy(gateway, fleet.parameters.ownership, admitted);
  const ofSets = admitted.flatMap((set) => setListeners(read, inputs, { key, set, rules, policy }));
  const ports = gatewayPorts({
    gateway: key,
    own: own.map(({ listener }) => listener),
    http3Ports: portsOfHttp3(fleet.parameters),
  });
  const judged = resolveConflicts([...ports.own, ...ofSets.map(({ listener }) => listener)], {
    http3Ports: ports.http3Ports,
    rankOf: rankOf(read, inputs, ports),
  });
  const beyond = own.flatMap(({ beyond }) => beyond.map(({ message }) => invalidParameters(message)));
  const address = assignAddresses(gateway, placement, gatewayClass.parameters?.bounds?.addresses);
  const overBudget = beyondBudget(read, inputs, { kind: "Gateway", metadata: gateway.metadata });
  const rejection =
    classRejection(gatewayClass) ??
    overBudget ??
    joinRejections([...rejections, ...beyond, ...http3Rejections(judged.slice(0, own.length), fleet.parameters)]) ??
    address.rejection ??
    listenersRejection(judged);
  // Whoever runs into a limit goes on being served within it: those attached to the Gateway have done nothing wrong. Beyond
  // the budget of its namespace there is nothing within: the whole Gateway is too much.
  const open = address.bind.length > 0 && overBudget === undefined;
  const listeners = judged.map((listener) => ({
    ...listener,
    served: open && isUsable(listener) && listener.pending !== true,
  }));
  const tellsAddress = rejection === undefined || listeners.some(({ served }) => served);
  return {
    key,
    generation: gateway.metadata.generation,
    ...(rejection === undefined ? {} : { rejection }),
    bindAddresses: tellsAddress ? address.bind : [],
    ...(address.addressRejection === undefined ? {} : { addressRejection: address.addressRejection }),
    listeners,
    listenerSets: sets.map(({ set, refused }) => attachListenerSet(set, refused, { rejection, judged })),
    ownership: policy,
    claims: policy.mode === "Enforce" ? claimsOf(ofSets, ports) : [],
    fleet: { ...fleet, requestedAddresses: address.requested },
    ...resolveBackendCertificate(read, inputs, gateway),
    ...(frontend.isInsecure && { letsInAnybody: true }),
    ...servedByHttp3(listeners, fleet.parameters),
  };
}

interface CandidateSet {
  readonly set: ListenerSet;
  readonly refused: Rejection | undefined;
}

function readListenerSets(read: Reader, inputs: GatewayInputs, gateway: Gateway): readonly CandidateSet[] {
  const members = read.get(inputs.listenerSets, nameOf(gateway.metadata));
  return [...(members?.values() ?? [])].sort(byPrecedence).map((set) => ({
    set,
    refused:
      attachmentRejection(read, inputs.namespaceLabels, gateway, set) ??
      beyondBudget(read, inputs, { kind: "ListenerSet", metadata: set.metadata, gateway: nameOf(gateway.metadata) }),
  }));
}

function beyondBudget(
  read: Reader,
  { budgets }: GatewayInputs,
  {
    kind,
    metadata,
    ...scope
  }: { readonly kind: "Gateway" | "ListenerSet"; readonly metadata: ObjectMeta; readonly gateway?: NamespacedName },
): Rejection | undefined {
  const object = objectKey(kind, nameOf(metadata));
  return budgetRejection(read, budgets, { object, namespace: metadata.namespace ?? "", ...scope });
}

interface BoundedListener {
  readonly listener: Listener;
  /** What the class has against it; also among the listener's rejections. */
  readonly beyond: readonly Rejection[];
}

function ownListeners(
  read: Reader,
  inputs: GatewayInputs,
  { metadata, spec }: Gateway,
  rules: ListenerRules,
): readonly BoundedListener[] {
  const { name, namespace = "" } = metadata;
  const owner: ListenerOwner = { kind: "Gateway", namespace, name, gateway: nameOf(metadata) };
  return spec.listeners.map((listener, index) => {
    const { ofGateway: _, ...free } = rules;
    return withinRules(buildListener(read, inputs, owner, listener), listener, { index, rules: free });
  });
}

function setListeners(
  read: Reader,
  inputs: GatewayInputs,
  {
    key,
    set,
    rules,
    policy,
  }: {
    readonly key: NamespacedName;
    readonly set: ListenerSet;
    readonly rules: ListenerRules;
    readonly policy: OwnershipPolicy;
  },
): readonly OwnedListener[] {
  const { name, namespace = "" } = set.metadata;
  const owner: ListenerOwner = { kind: "ListenerSet", namespace, name, gateway: key };
  return set.spec.listeners.map((spec, index) => {
    const { listener } = withinRules(buildListener(read, inputs, owner, spec), spec, { index, rules });
    return isAcceptable(listener) ? withOwnership(read, inputs, { set, listener, policy }) : { set, listener };
  });
}

/** A listener with what its hostname claims. */
interface OwnedListener {
  readonly set: ListenerSet;
  readonly listener: Listener;
  readonly claim?: Claim;
}

function withOwnership(
  read: Reader,
  { ownership }: GatewayInputs,
  {
    set,
    listener,
    policy,
  }: { readonly set: ListenerSet; readonly listener: Listener; readonly policy: OwnershipPolicy },
): OwnedListener {
  const { refusal, claim, pending } = judgeListener(read, ownership, { set, hostname: listener.hostname, policy });
  if (policy.mode !== "Enforce") return { set, listener };
  const rejection = refusalRejection(refusal === undefined ? [] : [refusal]);
  return {
    set,
    listener: {
      ...listener,
      ...(rejection && { rejections: [...listener.rejections, rejection] }),
      ...(pending && { pending }),
    },
    ...(claim && { claim }),
  };
}

/** What ListenerSets claim with their listeners: hostnames, and ports. */
function claimsOf(listeners: readonly OwnedListener[], ports: GatewayPorts): readonly Claim[] {
  const claims = listeners.flatMap(({ set: { metadata }, listener, claim }) => {
    const { namespace = "", creationTimestamp: createdAt } = metadata;
    return [...(claim === undefined ? [] : [claim]), ...portClaims(listener, { namespace, createdAt }, ports)];
  });
  return [...new Map(claims.map((claim) => [`${claim.object} ${claim.key}`, claim])).values()];
}

/** The Gateway's own listeners come first, as it is theirs; of the others, who opened a port first. */
function rankOf(read: Reader, { ownership }: GatewayInputs, ports: GatewayPorts): (listener: Listener) => number {
  const own = new Set(ports.own);
  return (listener) => (own.has(listener) ? 0 : portRank(read, ownership.holdings, listener, ports));
}

/** What holds for listeners besides what is written in them. */
interface ListenerRules {
  readonly frontend: FrontendValidation;
  readonly ofClass: GatewayParametersSpec | undefined;
  /** For those of ListenerSets: what the Gateway asks of handshakes. */
  readonly ofGateway?: TlsOptionLimits["ofGateway"];
}

function withinRules(
  listener: Listener,
  spec: ListenerSpec,
  { index, rules: { frontend, ...limits } }: { readonly index: number; readonly rules: ListenerRules },
): BoundedListener {
  const path = `spec.listeners[${index}]`;
  const beyond = beyondBounds(listener, path, limits.ofClass?.bounds);
  const rejections = [...listener.rejections, ...beyond];
  const bounded = rejections.length === listener.rejections.length ? listener : { ...listener, rejections };
  return { listener: frontend.apply(withTlsOptions(bounded, spec, { path, limits })), beyond };
}

function classRejection({ rejection }: GatewayClassNode): Rejection | undefined {
  if (rejection === undefined) return undefined;
  return { ...rejection, message: `The GatewayClass is not accepted: ${rejection.message}` };
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
