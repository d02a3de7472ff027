/**
 * What `gatehouse diff` answers, as plain data that goes through JSON unchanged: the world before a change beside the world
 * right after it. Objects are written `Kind/namespace/name`; every text that names one is a field of its own.
 */
import type { HttpPathMatch } from "./gateway-api.ts";
import type { NamespacedName, ObjectKey } from "./keys.ts";
import type { ResourceType } from "./xds-resource.ts";

/** Everything that a change does. New fields may join; none goes or changes its meaning. */
export interface WorldDiff {
  readonly apiVersion: "gatehouse.dev/v1alpha1";
  readonly kind: "WorldDiff";
  /**
   * `refused`: something of the change itself is refused. `affected`: the objects of other namespaces than those of the
   * change fare otherwise. `unaffected`: neither.
   */
  readonly verdict: "unaffected" | "affected" | "refused";
  /** The objects of the change, in the order of kinds, then of names. */
  readonly objects: readonly ObjectChange[];
  /** Hostnames and paths that another route answers, or nobody any more. */
  readonly owners: readonly OwnerChange[];
  /** Requests that are answered otherwise. */
  readonly requests: readonly AnswerChange[];
  /** Server names and ports whose connections or datagrams go elsewhere. */
  readonly forwarded: readonly ForwardingChange[];
  /** Routes, ListenerSets and Gateways of other namespaces that fare otherwise. */
  readonly others: readonly OtherChange[];
  /** The proxies of each Gateway that are sent something. */
  readonly proxies: readonly ProxyChange[];
  /** What people should know to judge the rest. */
  readonly notes: readonly string[];
}

/** One object of the change. */
export interface ObjectChange {
  readonly object: ObjectKey;
  /** `absent`: it was to be deleted, and is not there. */
  readonly action: "create" | "change" | "unchanged" | "delete" | "absent" | "forbidden";
  /** It is not accepted, or not granted every hostname, or the API server would not take it. */
  readonly refused: boolean;
  /** Its conditions afterwards, save those that depend on running proxies. */
  readonly verdicts: readonly Verdict[];
}

/** One condition of an object, of one of its listeners, or of its place at one parent. */
export interface Verdict {
  readonly parent?: string;
  readonly listener?: string;
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  /** Whether it says that all is well, or at least nothing else. */
  readonly good: boolean;
}

/** A hostname and path, a server name or a port that changes hands. */
export interface OwnerChange {
  readonly gateway: NamespacedName;
  readonly port: number;
  /** `*` stands for every host that nothing else has. */
  readonly hostname: string;
  /** Absent where connections or datagrams are forwarded as they are: all of the hostname. */
  readonly path?: HttpPathMatch;
  /** Absent: nobody. */
  readonly before?: ObjectKey;
  readonly after?: ObjectKey;
  /** Whether a route of another namespace than those of the change loses or gains it. */
  readonly foreign: boolean;
}

/** A request that is answered otherwise: one for each match, at its boundary. */
export interface AnswerChange {
  readonly gateway: NamespacedName;
  readonly request: ProbeRequest;
  readonly before: ProbeAnswer;
  readonly after: ProbeAnswer;
  readonly foreign: boolean;
}

/** What is forwarded as it is, and goes elsewhere. */
export interface ForwardingChange {
  readonly gateway: NamespacedName;
  readonly port: number;
  readonly protocol: "TLS" | "TCP" | "UDP";
  /** `*` for what nothing else has. */
  readonly hostname: string;
  readonly before: ForwardedAnswer;
  readonly after: ForwardedAnswer;
  readonly foreign: boolean;
}

export interface ForwardedAnswer {
  /** In words: `forward to shop/db:5432`, `closed` or, of datagrams, `dropped`. */
  readonly answer: string;
  readonly route?: ObjectKey;
}

/** The last element of a path that stands for everything below a prefix. */
export const probeSegment = "gatehouse-probe";

export interface ProbeRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** With query. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export interface ProbeAnswer {
  /** In words, such as `forward to cart/cart:80` or `404`. */
  readonly answer: string;
  readonly route?: ObjectKey;
  /** Place of the rule in its route, from 0. */
  readonly rule?: number;
}

/** How an object of another namespace fares. */
export interface OtherChange {
  readonly object: ObjectKey;
  /** What it answers from now on, as `hostname on gateway:port`, `*` for every host. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  readonly conditions: readonly ConditionChange[];
  /** Whether something that was good is not any more. */
  readonly refused: boolean;
}

/** A condition that turned, or whose reason did. */
export interface ConditionChange {
  readonly parent?: string;
  readonly listener?: string;
  readonly type: string;
  /** `status reason`; absent where there was no such condition. */
  readonly before?: string;
  readonly after?: string;
  readonly message: string;
}

/** What the proxies of one Gateway get. */
export interface ProxyChange {
  readonly gateway: NamespacedName;
  readonly fleet: "added" | "removed" | "changed" | "unchanged";
  /** In the order of sending, then of names. */
  readonly resources: readonly {
    readonly type: ResourceType;
    readonly name: string;
    readonly change: "added" | "changed" | "removed";
  }[];
}
