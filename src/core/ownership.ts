/**
 * Who may answer which hostname. A namespace holds what it was first to have accepted; the platform overrides that with
 * HostnameClaims. What is held is stored as one HostnameRecord each, so that neither a restart nor an edit changes it.
 */
import { hash } from "node:crypto";
import type { HttpPathMatch } from "./gateway-api.ts";
import type { Hostname } from "./hostname.ts";
import type { ObjectKey } from "./keys.ts";
import type { KubernetesObject, LabelSelector } from "./kubernetes.ts";

/** `Warn` tells what `Enforce` would refuse, and serves it. */
export type OwnershipMode = "Off" | "Warn" | "Enforce";

/** What GatewayParameters say about ownership. */
export interface OwnershipParameters {
  /** Without it: `Enforce` for a Gateway whose listeners admit other namespaces, else `Off`. */
  readonly mode?: OwnershipMode;
  /** `Namespace` by default: all routes of a namespace share what it holds. `Route`: one route only has a hostname. */
  readonly uniqueness?: "Namespace" | "Route";
  /** `Allowed` by default: what nobody holds belongs to who comes first. `Forbidden`: only what a HostnameClaim grants. */
  readonly unclaimedHostnames?: "Allowed" | "Forbidden";
  /** `Allowed` by default: the Gateway's own namespace answers ACME challenges below every hostname of its listeners. */
  readonly acmeChallenges?: "Allowed" | "Forbidden";
  /** Of the class only; `Refused` by default: endpoints in hand-written EndpointSlices that belong to other namespaces. */
  readonly foreignEndpoints?: "Allowed" | "Refused";
}

/** The same with every default filled in, save the mode, which depends on the Gateway's listeners. */
export interface EffectiveOwnership extends Required<Omit<OwnershipParameters, "mode">> {
  readonly mode?: OwnershipMode;
}

/** Counts that a namespace may not exceed; what is absent is not limited. */
export interface BudgetLimits {
  readonly routes?: number;
  readonly rules?: number;
  /** Different ones, of routes and of the listeners of ListenerSets. */
  readonly hostnames?: number;
  /** Regular expressions in matches of paths, headers and query parameters. */
  readonly regexes?: number;
  readonly listeners?: number;
  /** References to certificates. */
  readonly certificates?: number;
  /** This and the next two count in a NamespaceBudget only. */
  readonly gateways?: number;
  readonly backendTlsPolicies?: number;
  /** References to ConfigMaps with authorities. */
  readonly authorities?: number;
  readonly changesPerMinute?: number;
}

/** Which namespaces are meant: those that are named, and those whose labels match. */
export interface NamespaceChoice {
  readonly names?: readonly string[];
  readonly selector?: LabelSelector;
}

/** Cluster-scoped: the platform grants a domain. Where several cover a request the most specific hostname, then path, counts. */
export interface HostnameClaim extends KubernetesObject {
  readonly kind: "HostnameClaim";
  readonly spec: {
    /** `shop.example.com`, or `*.example.com` for what lies below only. */
    readonly hostname: string;
    /** Whether it holds for everything below the hostname too. */
    readonly subdomains?: boolean;
    /** Path prefix to which the grant is limited. */
    readonly path?: string;
    readonly namespaces: NamespaceChoice;
  };
}

/** Cluster-scoped: what the objects of each of some namespaces may come to. */
export interface NamespaceBudget extends KubernetesObject {
  readonly kind: "NamespaceBudget";
  readonly spec: { readonly namespaces: NamespaceChoice; readonly limits: BudgetLimits };
}

/** Cluster-scoped, made by the control plane: one namespace holds one hostname, one path of a shared hostname, or one port. */
export interface HostnameRecord extends KubernetesObject {
  readonly kind: "HostnameRecord";
  readonly spec: {
    readonly hostname: string;
    readonly path?: HeldPath;
    readonly namespace: string;
    /** RFC 3339: when it was first accepted. */
    readonly since: string;
    /** The route or ListenerSet that was first, as an {@link ObjectKey}. */
    readonly object: string;
  };
}

/** A path that a namespace holds among the routes of one listener that share a hostname. */
export interface HeldPath {
  /** Key of the listener: `<ObjectKey of the Gateway or ListenerSet>/<listener name>`; or a port, see {@link heldPort}. */
  readonly listener: string;
  readonly type: HttpPathMatch["type"];
  /** Of a prefix without its trailing slash; of a regular expression the folder that its literal beginning names. */
  readonly value: string;
}

declare const brand: unique symbol;

/** Names what is held, whoever holds it: the hostname, or listener, hostname and path. */
export type RecordKey = string & { readonly [brand]: "RecordKey" };

/** One thing that a namespace holds. */
export interface Holding {
  readonly key: RecordKey;
  readonly hostname: Hostname;
  readonly path?: HeldPath;
  readonly namespace: string;
  readonly since: string;
  readonly object: ObjectKey;
}

/** An object that wants to hold something, or holds it already. */
export interface ClaimCandidate {
  readonly namespace: string;
  readonly object: ObjectKey;
  /** RFC 3339: the creation of the object. Decides only between those that come at once. */
  readonly createdAt: string;
}

/** Something that is held, or would be if it were recorded, with everybody to whom it could belong, the oldest first. */
export interface ClaimWant {
  readonly key: RecordKey;
  readonly hostname: Hostname;
  readonly path?: HeldPath;
  readonly candidates: readonly ClaimCandidate[];
}

/** Why a hostname, or a path of it, is not a namespace's to answer. */
export type RefusalCriterion =
  /** Another namespace had the hostname accepted first. */
  | "ClaimedFirst"
  /** Another namespace holds a wildcard above it. */
  | "CoveredByWildcard"
  /** A HostnameClaim grants it to others. */
  | "GrantedToOthers"
  /** Another namespace had the path, or one above it, accepted first on this listener. */
  | "PathClaimedFirst"
  /** Public suffixes and single labels need a HostnameClaim. */
  | "PublicSuffix"
  /** Nobody granted it, and the Gateway wants that. */
  | "Unclaimed"
  /** Another route of the same namespace has it, and the Gateway gives a hostname to one route only. */
  | "OtherRoute"
  /** It could not be stored yet that it is this namespace's. */
  | "NotRecorded";

/** One hostname, or one path of it, that an object was refused. */
export interface OwnershipRefusal {
  readonly hostname: Hostname;
  /** Absent: the whole hostname. */
  readonly path?: HttpPathMatch;
  /** It is about all connections or datagrams that come to a listener, which tells them apart by nothing. */
  readonly isPort?: true;
  readonly criterion: RefusalCriterion;
  /** Who has it. Never told to anybody who may not read that object. */
  readonly holder?: { readonly namespace: string; readonly object?: ObjectKey };
  /** Only of `NotRecorded`: what went wrong. */
  readonly problem?: string;
}

/**
 * Decides about wants. Called after each pass of a flush with the wants that changed (undefined: nobody wants it any more); what comes
 * back is held at once, before anything is published. Everything else becomes held when its record comes back as an object.
 */
export interface ClaimKeeper {
  wantsChanged(changes: ReadonlyMap<RecordKey, ClaimWant | undefined>): readonly Holding[];
  /** Called at the end of a flush after which nothing waits to be counted: the wants show all that was handed over. */
  settled?(): void;
}

/** The condition of what an object is refused while something is left for it; only losers have it. */
export const hostnamesGranted = "gatehouse.dev/HostnamesGranted";

/** The key of a hostname. */
export function hostnameRecordKey(hostname: Hostname): RecordKey {
  return `host ${hostname}` as RecordKey; // one of the two places that make one; neither part has a space in it
}

/** The key of a path that is shared on a listener. */
export function pathRecordKey(hostname: Hostname, { listener, type, value }: HeldPath): RecordKey {
  return `path ${listener} ${hostname} ${type} ${value}` as RecordKey;
}

/**
 * What is held of a port that ListenerSets open on a Gateway, in the form of a path: `:` is in no listener's name, so that it is
 * none of a listener's.
 */
export function heldPort(gateway: ObjectKey, place: string): HeldPath {
  return { listener: `${gateway}/${place}`, type: "PathPrefix", value: "/" };
}

/** Whether it is a port that is held, and nothing that routes ask for. */
export function isPortHolding({ path }: Pick<Holding, "path">): boolean {
  return path?.listener.includes(":") === true;
}

/** The name of the HostnameRecord of a key. */
export function recordName(key: RecordKey): string {
  return `h-${hash("sha256", key, "hex").slice(0, 40)}`;
}

/** What a record says. */
export function holdingOf({ spec }: HostnameRecord): Holding {
  const { hostname, path, namespace, since, object } = spec;
  const key = path === undefined ? hostnameRecordKey(hostname) : pathRecordKey(hostname, path);
  // The parse boundary: whoever may write records is trusted with what they say.
  return { key, hostname, ...(path && { path }), namespace, since, object: object as ObjectKey };
}

/** The record of a holding, as it is created. */
export function recordOf(holding: Holding): HostnameRecord {
  const { key, hostname, path, namespace, since, object } = holding;
  return {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "HostnameRecord",
    metadata: { name: recordName(key), generation: 1, creationTimestamp: since },
    spec: { hostname, ...(path && { path }), namespace, since, object },
  };
}
