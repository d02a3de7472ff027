/**
 * The nodes of the graph between Kubernetes objects and Envoy resources: small readonly records in Gateway API and Envoy
 * terms, without protobuf and without Kubernetes metadata. One collection holds each of them; `pipeline.ts` says which
 * follows from which.
 */
import type { Rejection } from "../core/conditions.ts";
import type { EffectiveParameters } from "../core/fleet.ts";
import type {
  AllowedRoutes,
  HttpCors,
  HttpHeaderModifier,
  HttpRequestRedirect,
  HttpRouteMatch,
  HttpUrlRewrite,
  ParentReference,
  RouteGroupKind,
} from "../core/gateway-api.ts";
import type { AccessLog, TlsVersion } from "../core/gateway-parameters.ts";
import type { Hostname } from "../core/hostname.ts";
import type { NamespacedName, ObjectKey } from "../core/keys.ts";
import type {
  ClaimCandidate,
  EffectiveOwnership,
  HeldPath,
  OwnershipMode,
  OwnershipRefusal,
  RecordKey,
} from "../core/ownership.ts";
import type { EffectiveLimits } from "../core/proxy-limits.ts";

/** A listener of a Gateway or of a ListenerSet attached to it, with what was decided about it. */
export interface Listener {
  /** `<ObjectKey of the Gateway or ListenerSet>/<listener name>`. */
  readonly key: string;
  /** The Gateway whose proxies serve it. */
  readonly gateway: NamespacedName;
  /** The Gateway or ListenerSet in which it is written. */
  readonly parent: ObjectKey;
  /** The namespace of that object: what `from: Same` refers to. */
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** Its hostname waits to be recorded as its namespace's: it is not served before. */
  readonly pending?: true;
  /** Normalised; the empty string matches every host. */
  readonly hostname: Hostname;
  readonly allowedNamespaces: AllowedRoutes["namespaces"];
  /** The kinds of routes that may attach: those asked for, less those that the protocol or Gatehouse cannot serve. */
  readonly supportedKinds: readonly RouteGroupKind[];
  /** Secrets (namespace/name) with a usable certificate, in the order in which they are referred to. */
  readonly secrets: readonly NamespacedName[];
  /** Everything that is wrong with it. Empty when it is accepted, resolved and without conflict. */
  readonly rejections: readonly Rejection[];
  /** Why it lost against another listener on its port; such a listener is not served. */
  readonly conflict?: { readonly reason: "HostnameConflict" | "ProtocolConflict"; readonly message: string };
  /** Whether proxies open it. Routes attach to (and count for) a listener also when it is not served. */
  readonly served: boolean;
}

/** What holds for claims on a Gateway, with every default decided. */
export interface OwnershipPolicy extends Omit<EffectiveOwnership, "mode"> {
  readonly mode: OwnershipMode;
  /** The Gateway's own namespace. */
  readonly gatewayNamespace: string;
}

/** Something that an object holds, or would hold if it were recorded. */
export interface Claim extends ClaimCandidate {
  readonly key: RecordKey;
  readonly hostname: Hostname;
  readonly path?: HeldPath;
}

/** A ListenerSet that names a Gateway of ours as its parent. */
export interface AttachedListenerSet {
  readonly key: ObjectKey;
  readonly name: NamespacedName;
  readonly generation: number;
  readonly rejection?: Rejection;
}

/** One Gateway of a class of ours with all its listeners. */
export interface GatewayNode {
  readonly key: NamespacedName;
  readonly generation: number;
  /** Why the whole Gateway is not accepted. */
  readonly rejection?: Rejection;
  /** What its proxies bind: in a standalone placement also where clients connect. */
  readonly bindAddresses: readonly string[];
  /** Why an asked address cannot be used: Accepted stays True, Programmed turns False. */
  readonly addressRejection?: Rejection;
  /** The Gateway's own listeners, then those of its accepted ListenerSets, in order of precedence; rejected ones too. */
  readonly listeners: readonly Listener[];
  readonly listenerSets: readonly AttachedListenerSet[];
  readonly ownership: OwnershipPolicy;
  /** What its ListenerSets claim with the hostnames of their listeners. */
  readonly claims: readonly Claim[];
  readonly fleet: FleetNode;
}

/** What a Gateway says about how its proxies are run, merged with what its class says. */
export interface FleetNode {
  readonly uid: string;
  readonly gatewayClass: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly requestedAddresses: readonly string[];
  readonly parameters: EffectiveParameters;
}

/** What a route sees of an object that it may name as its parent. Keyed by ObjectKey. */
export interface RouteParent {
  readonly gateway: NamespacedName;
  /** Listeners written in this very object. */
  readonly listeners: readonly ParentListener[];
}

/** What a route sees of a listener: nothing that a certificate or another route changes. */
export interface ParentListener {
  readonly key: string;
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
  readonly protocol: string;
  readonly hostname: Hostname;
  readonly allowedNamespaces: AllowedRoutes["namespaces"];
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly served: boolean;
  /** The route table that its requests are looked up in. */
  readonly table: string;
  /** Hostnames that other listeners hold on its port: a host that a more specific one of them covers is theirs. */
  readonly siblings: readonly Hostname[];
  readonly ownership: OwnershipPolicy;
  /** `pending`: its hostname waits to be recorded. `refused`: it is not accepted. Nothing is claimed on either. */
  readonly standing: "accepted" | "pending" | "refused";
  /** The namespace of the ListenerSet in which it is written: it shares what it holds with the routes that it admits. */
  readonly hostNamespace?: string;
}

/** One Envoy listener: all listeners of a Gateway that share a port. Keyed by gatewayResourceKey(gateway, name). */
export interface EnvoyListener {
  readonly gateway: NamespacedName;
  /** Its xDS name, `http-80` or `https-443`. */
  readonly name: string;
  /** Port that clients use. */
  readonly port: number;
  /** Addresses and port that the proxy binds. */
  readonly addresses: readonly string[];
  readonly bindPort: number;
  /** What the Gateway's parameters say; the defaults where they are absent. */
  readonly accessLog?: AccessLog;
  readonly limits?: EffectiveLimits;
  readonly tlsParameters?: { readonly minimumVersion: TlsVersion; readonly cipherSuites: readonly string[] };
  /** One for HTTP; one for each served listener for HTTPS, the most specific hostname first. */
  readonly chains: readonly FilterChain[];
}

export interface FilterChain {
  /** The route table of its HTTP connection manager: `http-80`, or `https-443-<hostname>` with TLS. No ':' and no '/'. */
  readonly table: string;
  /** Absent on plain HTTP. */
  readonly tls?: {
    readonly hostname: Hostname;
    readonly secrets: readonly NamespacedName[];
  };
}

/** Where requests are looked up: one per HTTP connection manager. Keyed by gatewayResourceKey(gateway, table). */
export interface RouteTable {
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly port: number;
  readonly scheme: "http" | "https";
  /** Every hostname that is looked up here whether or not a route has it: answered 404 until one has. */
  readonly hostnames: readonly Hostname[];
  /** Hostnames of other TLS listeners of the port: a request for one of them came to the wrong connection, 421. */
  readonly misdirected: readonly Hostname[];
  /** Its proxies are of a version that takes no other cut, however many hostnames it has. */
  readonly onlyPlain?: true;
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

/** One rule of a route that can be printed. */
export interface RouteRule {
  readonly index: number;
  readonly name?: string;
  readonly matches: readonly HttpRouteMatch[];
  readonly filters: RuleFilters;
  readonly backends: readonly Backend[];
  /** Milliseconds; 0 means none was asked for or it was switched off. */
  readonly requestTimeoutMs: number;
  readonly backendTimeoutMs: number;
  readonly retry?: RuleRetry;
  /** All that it does is to ask for the same by HTTPS. */
  readonly upgradesToHttps?: true;
  /** Set when the rule cannot be served as written: it answers 500. */
  readonly broken?: Rejection;
}

/** How one parentRef of a route came out. */
export interface ParentBinding {
  readonly parentRef: ParentReference;
  /** Why it is not attached through this parentRef. */
  readonly rejection?: Rejection;
  readonly attachments: readonly Attachment[];
  /** What it may not answer through this parentRef: it does not where `enforced`, it does all the same where not. */
  readonly refusals?: { readonly enforced: boolean; readonly list: readonly OwnershipRefusal[] };
}

/** One listener to which a route is attached. */
export interface Attachment {
  readonly gateway: NamespacedName;
  readonly listener: string;
  readonly port: number;
  readonly table: string;
  readonly scheme: "http" | "https";
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
  /** What could not be resolved, for the ResolvedRefs condition. */
  readonly unresolved?: Rejection;
  /** Why some rules are dropped, for PartiallyInvalid. */
  readonly partiallyInvalid?: Rejection;
}

/** One match of one rule, printed. */
export interface RouteEntry {
  /** Where it stands among the matches of a virtual host: made by `precedence.ts`, compared as text. */
  readonly order: string;
  readonly route: ObjectKey;
  readonly namespace: string;
  readonly createdAt: string;
  /** The match within its route: `<index of the rule>.<index of the match>`. */
  readonly id: string;
  readonly rule: number;
  readonly match: HttpRouteMatch;
  /** All that its rule does is to ask for the same by HTTPS. */
  readonly upgradesToHttps?: true;
  /** The rule as it is printed, where that is another than the route has: proxies have refused what is written. */
  readonly servedAs?: RouteRule;
  /** The clusters that the messages send requests to. */
  readonly clusters: readonly string[];
  /** Encoded envoy.config.route.v3.Route messages, tried in order. */
  readonly routes: readonly Uint8Array[];
}

/** Who answers a hostname of a table: the routes of one object there, or nobody. A hostname may have many members. */
export type HostMember = TableRoutes | UnroutedHost;

/** A route's entries in one table, under each hostname that it answers there. */
export interface TableRoutes {
  readonly kind: "routes";
  readonly route: ObjectKey;
  readonly namespace: string;
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly hosts: readonly AttachedHost[];
  readonly entries: readonly RouteEntry[];
  /** The clusters that the entries send requests to. */
  readonly clusters: readonly string[];
}

/** A hostname that a table answers whether or not a route has it: 404, or 421 where it belongs to another connection. */
export interface UnroutedHost {
  readonly kind: "notFound" | "misdirected";
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly hostname: Hostname;
}

/** One hostname of one table, printed. Keyed by gatewayResourceKey(gateway, scopeName(table, hostname)). */
export interface VirtualHost {
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly hostname: Hostname;
  /** What answers there, in order of precedence: the order begins with the place of the route's own hostname. */
  readonly entries: readonly RouteEntry[];
  /** Encoded envoy.config.route.v3.VirtualHost for a plain table: its domains are the hostname's. */
  readonly bytes: Uint8Array;
  /** The routes alone, each as an encoded field of a virtual host, for a table of its own (domains `*`). */
  readonly routes: Uint8Array;
  /** 16 hex digits of a SHA-256 over `bytes`. */
  readonly version: string;
}

/** A Service port as a cluster needs it. Keyed by the cluster's xDS name. */
export interface ClusterNode {
  readonly name: string;
  readonly service: NamespacedName;
  readonly port: number;
  /** WebSocket upgrades work on HTTP/1.1 as they are: they need no cluster of their own. */
  readonly protocol: "http1" | "http2";
}

/** One address that a proxy may send requests to. */
export interface EndpointAddress {
  readonly address: string;
  readonly port: number;
}

/** A Secret of type kubernetes.io/tls that was read and checked. */
export type Certificate =
  | { readonly kind: "valid"; readonly chainPem: string; readonly keyPem: string }
  | { readonly kind: "invalid"; readonly message: string };
