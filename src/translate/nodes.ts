/**
 * The nodes of the graph between Kubernetes objects and Envoy resources: small readonly records in Gateway API and Envoy
 * terms, without protobuf and without Kubernetes metadata. One collection holds each of them; `pipeline.ts` says which
 * follows from which.
 */
import type { Rejection } from "../core/conditions.ts";
import type { EffectiveParameters } from "../core/fleet.ts";
import type { AllowedRoutes, ListenerTls, RouteGroupKind } from "../core/gateway-api.ts";
import type { AccessLog, ProxyProtocol, TlsVersion } from "../core/gateway-parameters.ts";
import type { Hostname } from "../core/hostname.ts";
import type { NamespacedName, ObjectKey } from "../core/keys.ts";
import type { EffectiveOwnership, OwnershipMode } from "../core/ownership.ts";
import type { EffectiveLimits } from "../core/proxy-limits.ts";
import type { ClusterTls } from "./backend-tls/upstream-tls.ts";
import type { AttachedHost, Claim, PortRoutes, RequestMatch, RouteRule } from "./route-nodes.ts";

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
  /** Of protocol TLS: whether proxies end it, or pass it on. */
  readonly tlsMode?: ListenerTls["mode"];
  /** Its hostname waits to be recorded as its namespace's: it is not served before. */
  readonly pending?: true;
  /** Normalised; the empty string matches every host. */
  readonly hostname: Hostname;
  readonly allowedNamespaces: AllowedRoutes["namespaces"];
  /** The kinds of routes that may attach: those asked for, less those that the protocol or Gatehouse cannot serve. */
  readonly supportedKinds: readonly RouteGroupKind[];
  /** Secrets (namespace/name) with a usable certificate, in the order in which they are referred to. */
  readonly secrets: readonly NamespacedName[];
  /** What its Gateway asks of clients on its port; absent asks for nothing. */
  readonly clientValidation?: ClientValidation;
  /** What it says itself about handshakes. */
  readonly tlsOptions?: DownstreamTls["options"];
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
  /** The Secret with the certificate that proxies show to backends that they speak TLS with. */
  readonly backendCertificate?: NamespacedName;
  /** Why a reference of its own, which is no listener's, leads nowhere. */
  readonly unresolved?: Rejection;
  /** On some port clients are let in whose certificate nobody trusts. */
  readonly letsInAnybody?: true;
  /** Ports whose HTTPS listeners are served by HTTP/3 as well; absent: none. */
  readonly http3Ports?: readonly number[];
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
  readonly tlsMode?: ListenerTls["mode"];
  readonly hostname: Hostname;
  readonly allowedNamespaces: AllowedRoutes["namespaces"];
  readonly supportedKinds: readonly RouteGroupKind[];
  readonly served: boolean;
  /** The route table that its requests are looked up in; the Envoy listener, where what comes is forwarded as it is. */
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
  /** Its xDS name, such as `http-80`: see `listenerName`. */
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
  /** A second Envoy listener serves its requests by HTTP/3. */
  readonly http3?: true;
  readonly proxyProtocol?: Exclude<ProxyProtocol, "Off">;
  /** One for HTTP, TCP or UDP; where TLS tells them apart one for each listener, the most specific hostname first. */
  readonly chains: readonly FilterChain[];
}

/** What becomes of a connection: its requests are looked up in a table, or it is forwarded as it is. */
export type FilterChain = HttpChain | Layer4Chain;

export interface HttpChain {
  readonly kind: "http";
  /** The route table of its HTTP connection manager: `http-80`, or `https-443-<hostname>` with TLS. No ':' and no '/'. */
  readonly table: string;
  /** Absent on plain HTTP. */
  readonly tls?: DownstreamTls;
}

/** A listener of protocol TLS, TCP or UDP: {@link PortRoutes} of its key say where its connections or datagrams go. */
export interface Layer4Chain {
  readonly kind: "layer4";
  /** The key of the listener. */
  readonly listener: string;
  readonly protocol: "TLS" | "TCP" | "UDP";
  /** What it is told apart by, on a port that listeners of protocol TLS share; matches everything on others. */
  readonly hostname: Hostname;
  /** Where proxies end TLS; absent on passthrough, TCP and UDP. */
  readonly tls?: DownstreamTls;
}

/** How proxies end TLS for one listener. */
export interface DownstreamTls {
  readonly hostname: Hostname;
  readonly secrets: readonly NamespacedName[];
  /** What clients are asked for; absent asks for nothing. */
  readonly clientValidation?: ClientValidation;
  /** What the listener's own `tls.options` say; what the Gateway's parameters say holds where they are silent. */
  readonly options?: { readonly minimumVersion?: TlsVersion; readonly cipherSuites?: readonly string[] };
}

/** Which certificates of clients are taken. */
export interface ClientValidation {
  /** ConfigMaps (namespace/name) whose authorities are trusted, sorted; none: no client is. */
  readonly configMaps: readonly NamespacedName[];
  /** Clients without a certificate, or with one that nobody trusts, are let in too. */
  readonly isOptional: boolean;
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
  readonly match: RequestMatch;
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

/** What the name of a cluster says. */
export interface ClusterAddress {
  readonly name: string;
  readonly service: NamespacedName;
  readonly port: number;
  /**
   * WebSocket upgrades work on HTTP/1.1 as they are: they need no cluster of their own. The others are forwarded; what is
   * passed through is TLS of the client, to which no policy of the backend adds any.
   */
  readonly protocol: "http1" | "http2" | "tcp" | "passthrough" | "udp";
}

/** A Service port as the cluster of a Gateway needs it. Keyed by gatewayResourceKey(gateway, name). */
export interface ClusterNode extends ClusterAddress {
  readonly gateway: NamespacedName;
  /** Absent: what is sent is sent as it is. */
  readonly tls?: ClusterTls;
}

/** One address that a proxy may send requests to. */
export interface EndpointAddress {
  readonly address: string;
  readonly port: number;
}

/** A Secret of type kubernetes.io/tls that was read and checked. */
export type Certificate =
  | {
      readonly kind: "valid";
      readonly chainPem: string;
      readonly keyPem: string;
      /** Why no listener can serve with it, though backends can be shown it. */
      readonly unservable?: string;
    }
  | { readonly kind: "invalid"; readonly message: string };
