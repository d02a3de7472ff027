/**
 * Routes as they were decided, and what they are made of: the part of the graph's nodes (`nodes.ts`) that knows nothing of
 * Gateways and printing.
 */
import type { Rejection } from "../core/conditions.ts";
import type {
  GrpcMethodMatch,
  HttpCors,
  HttpHeaderModifier,
  HttpRequestRedirect,
  HttpRouteMatch,
  HttpUrlRewrite,
  ParentReference,
} from "../core/gateway-api.ts";
import type { Hostname } from "../core/hostname.ts";
import type { NamespacedName, ObjectKey } from "../core/keys.ts";
import type { ClaimCandidate, HeldPath, OwnershipRefusal, RecordKey } from "../core/ownership.ts";

/** Something that an object holds, or would hold if it were recorded. */
export interface Claim extends ClaimCandidate {
  readonly key: RecordKey;
  readonly hostname: Hostname;
  readonly path?: HeldPath;
}

/** How one reference to a backend came out. Weight 0 is kept: it counts as a backend that gets nothing. */
export type Backend =
  | {
      readonly kind: "cluster";
      /** The xDS name of its cluster, made by `envoy/names.ts`. */
      readonly cluster: string;
      readonly weight: number;
      readonly filters: RuleFilters;
    }
  | { readonly kind: "invalid"; readonly weight: number; readonly rejection: Rejection };

export interface Mirror {
  readonly cluster: string;
  /** Share of the requests that are copied, 0 to 1 as a fraction. */
  readonly numerator: number;
  readonly denominator: number;
}

/** The filters of a rule or of a backendRef by what they do; each kind occurs once, mirrors many times. */
export interface RuleFilters {
  readonly requestHeaders?: HttpHeaderModifier;
  readonly responseHeaders?: HttpHeaderModifier;
  readonly redirect?: HttpRequestRedirect;
  readonly rewrite?: HttpUrlRewrite;
  readonly cors?: HttpCors;
  readonly mirrors: readonly Mirror[];
}

export interface RuleRetry {
  readonly codes: readonly number[];
  readonly attempts: number;
  /** Milliseconds between tries; absent leaves it to Envoy. */
  readonly backoffMs?: number;
}

/** What keeps the requests of a session together. */
export type RuleSession =
  | {
      readonly kind: "cookie";
      readonly name: string;
      readonly path: string;
      /** Absent: clients forget it when they end. */
      readonly lifetimeMs?: number;
    }
  | { readonly kind: "header"; readonly name: string };

/** What a rule matches, in the terms of HTTPRoutes. */
export interface RequestMatch extends HttpRouteMatch {
  /** The call that its path was made from, in a GRPCRoute: its place among others follows from that. */
  readonly call?: GrpcMethodMatch;
}

/** One rule of a route that can be printed. */
export interface RouteRule {
  readonly index: number;
  readonly name?: string;
  readonly matches: readonly RequestMatch[];
  readonly filters: RuleFilters;
  readonly backends: readonly Backend[];
  /** Milliseconds; 0 means none was asked for or it was switched off. */
  readonly requestTimeoutMs: number;
  readonly backendTimeoutMs: number;
  readonly retry?: RuleRetry;
  readonly session?: RuleSession;
  /** All that it does is to ask for the same by HTTPS. */
  readonly upgradesToHttps?: true;
  /** What answers in place of what cannot be served; 500 where it is absent. Of a call, 503 makes UNAVAILABLE. */
  readonly failureStatus?: 503;
  /** Set when the rule cannot be served as written: it fails. */
  readonly broken?: Rejection;
}

/** The only rule of a route that forwards connections or datagrams as they are. */
export interface Layer4Rule {
  readonly name?: string;
  readonly backends: readonly Layer4Backend[];
}

/** Weight 0 is kept: it counts as a backend that gets nothing. */
export type Layer4Backend =
  | { readonly kind: "cluster"; readonly cluster: string; readonly weight: number }
  | { readonly kind: "invalid"; readonly weight: number; readonly rejection: Rejection };

/** A listener to which such a route is attached, with the server names that it answers there. */
export interface Layer4Place {
  readonly listener: string;
  readonly passesTls?: true;
  readonly hosts: readonly AttachedHost[];
}

/** One route that forwards connections or datagrams, in one Envoy listener. Keyed by route and Envoy listener. */
export interface PortRoutes {
  readonly route: ObjectKey;
  readonly namespace: string;
  readonly createdAt: string;
  readonly gateway: NamespacedName;
  /** The xDS name of the Envoy listener. */
  readonly envoyListener: string;
  readonly places: readonly Layer4Place[];
  readonly rule: Layer4Rule;
  /** The clusters that the rule sends traffic to. */
  readonly clusters: readonly string[];
}

/** How one parentRef of a route came out. */
export interface ParentBinding {
  readonly parentRef: ParentReference;
  /** Why it is not attached through this parentRef. */
  readonly rejection?: Rejection;
  readonly attachments: readonly Attachment[];
  /** What it may not answer through this parentRef: it does not where `enforced`, it does all the same where not. */
  readonly refusals?: { readonly enforced: boolean; readonly list: readonly OwnershipRefusal[] };
  /** Hostnames that it does not answer because routes of another kind do. */
  readonly kindConflict?: Rejection;
}

/** One listener to which a route is attached. */
export interface Attachment {
  readonly gateway: NamespacedName;
  readonly listener: string;
  readonly port: number;
  /** As of {@link ParentListener}. */
  readonly table: string;
  readonly scheme: "http" | "https";
  /** What comes to the listener is TLS, and passed on as it is. */
  readonly passesTls?: true;
  readonly served: boolean;
  readonly hosts: readonly AttachedHost[];
}

/** A hostname that a route answers on a listener. */
export interface AttachedHost {
  /** Intersection of the listener's and the route's hostname. */
  readonly hostname: Hostname;
  /** The route's own hostname that led to it: its specificity decides between routes. */
  readonly written: Hostname;
  /** Matches (their ids, see {@link RouteEntry}) that are not the route's to answer under this hostname; absent: none. */
  readonly withheld?: ReadonlySet<string>;
}

/** One route with everything that was decided about it: config and status facts in one value. */
export interface BoundRoute {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly generation: number;
  /** RFC 3339; the older of two equal matches wins. */
  readonly createdAt: string;
  readonly parents: readonly ParentBinding[];
  readonly claims: readonly Claim[];
  /** Something that it claims waits for its record. */
  readonly pending: boolean;
  readonly rules: readonly RouteRule[];
  /** Of TLSRoutes, TCPRoutes and UDPRoutes, which have no `rules` of the other sort: where the traffic goes. */
  readonly layer4?: Layer4Rule;
  /** What could not be resolved, for the ResolvedRefs condition. */
  readonly unresolved?: Rejection;
  /** Why some rules are dropped, for PartiallyInvalid. */
  readonly partiallyInvalid?: Rejection;
}
