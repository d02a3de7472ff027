/**
 * Readonly shapes of the Gateway API fields that Gatehouse reads (v1.7.0, standard channel, and of the experimental one
 * `sessionPersistence`), after API server defaulting: a field without `?` is always there. https://gateway-api.sigs.k8s.io/reference/spec/
 */
import type { KubernetesObject, LabelSelector } from "./kubernetes.ts";

export interface GatewayClass extends KubernetesObject {
  readonly kind: "GatewayClass";
  readonly spec: {
    readonly controllerName: string;
    readonly parametersRef?: {
      readonly group: string;
      readonly kind: string;
      readonly name: string;
      readonly namespace?: string;
    };
    readonly description?: string;
  };
}

export type ListenerProtocol = "HTTP" | "HTTPS" | "TLS" | "TCP" | "UDP" | (string & {});

export interface SecretObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface RouteGroupKind {
  readonly group: string;
  readonly kind: string;
}

export interface AllowedRoutes {
  readonly namespaces: {
    readonly from: "All" | "Selector" | "Same" | "None";
    readonly selector?: LabelSelector;
  };
  readonly kinds?: readonly RouteGroupKind[];
}

export interface ListenerTls {
  readonly mode: "Terminate" | "Passthrough";
  readonly certificateRefs?: readonly SecretObjectReference[];
  readonly options?: Readonly<Record<string, string>>;
}

/** One entry of `spec.listeners` of a Gateway or a ListenerSet. */
export interface ListenerSpec {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  readonly protocol: ListenerProtocol;
  readonly tls?: ListenerTls;
  readonly allowedRoutes: AllowedRoutes;
  /** Of the experimental channel, and in no schema of ours: none is applied, so a listener that has any is not served. */
  readonly filters?: { readonly requests?: readonly unknown[] };
}

export interface GatewayAddress {
  readonly type: string;
  readonly value?: string;
  /** Of the experimental channel, and in no schema of ours: from where it is to be reached, which nobody can promise here. */
  readonly routability?: string;
}

/** Any object that a reference names whose group and kind are written out. */
export interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** How the certificates of clients are checked. */
export interface FrontendTlsConfig {
  readonly validation?: {
    readonly caCertificateRefs: readonly ObjectReference[];
    readonly mode: "AllowValidOnly" | "AllowInsecureFallback";
  };
}

/** TLS of a whole Gateway: what it asks of its clients, and what it shows to backends. */
export interface GatewayTls {
  readonly backend?: { readonly clientCertificateRef?: SecretObjectReference };
  readonly frontend?: {
    readonly default: FrontendTlsConfig;
    readonly perPort?: readonly { readonly port: number; readonly tls: FrontendTlsConfig }[];
  };
}

export interface Gateway extends KubernetesObject {
  readonly kind: "Gateway";
  readonly spec: {
    readonly gatewayClassName: string;
    readonly listeners: readonly ListenerSpec[];
    readonly addresses?: readonly GatewayAddress[];
    readonly allowedListeners?: {
      readonly namespaces: {
        readonly from: "All" | "Selector" | "Same" | "None";
        readonly selector?: LabelSelector;
      };
    };
    readonly tls?: GatewayTls;
    readonly infrastructure?: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
      readonly parametersRef?: { readonly group: string; readonly kind: string; readonly name: string };
    };
  };
}

/** A reference to a Gateway or ListenerSet, as written in a route or a ListenerSet (group and kind defaulted). */
export interface ParentReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

export interface ListenerSet extends KubernetesObject {
  readonly kind: "ListenerSet";
  readonly spec: {
    readonly parentRef: ParentReference;
    readonly listeners: readonly ListenerSpec[];
  };
}

export interface HttpPathMatch {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

export interface HttpValueMatch {
  readonly type: "Exact" | "RegularExpression";
  readonly name: string;
  readonly value: string;
}

export interface HttpRouteMatch {
  readonly path: HttpPathMatch;
  readonly headers?: readonly HttpValueMatch[];
  readonly queryParams?: readonly HttpValueMatch[];
  readonly method?: string;
}

export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

export interface HttpHeaderModifier {
  readonly set?: readonly HttpHeader[];
  readonly add?: readonly HttpHeader[];
  readonly remove?: readonly string[];
}

export type HttpPathModifier =
  | { readonly type: "ReplaceFullPath"; readonly replaceFullPath: string }
  | { readonly type: "ReplacePrefixMatch"; readonly replacePrefixMatch: string };

export interface HttpRequestRedirect {
  readonly scheme?: "http" | "https";
  readonly hostname?: string;
  readonly path?: HttpPathModifier;
  readonly port?: number;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

export interface HttpUrlRewrite {
  readonly hostname?: string;
  readonly path?: HttpPathModifier;
}

export interface HttpRequestMirror {
  readonly backendRef: BackendObjectReference;
  readonly percent?: number;
  readonly fraction?: { readonly numerator: number; readonly denominator: number };
}

export interface HttpCors {
  readonly allowOrigins?: readonly string[];
  readonly allowCredentials?: boolean;
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Seconds; 5 by default. */
  readonly maxAge: number;
}

export type HttpRouteFilter =
  | { readonly type: "RequestHeaderModifier"; readonly requestHeaderModifier: HttpHeaderModifier }
  | { readonly type: "ResponseHeaderModifier"; readonly responseHeaderModifier: HttpHeaderModifier }
  | { readonly type: "RequestMirror"; readonly requestMirror: HttpRequestMirror }
  | { readonly type: "RequestRedirect"; readonly requestRedirect: HttpRequestRedirect }
  | { readonly type: "URLRewrite"; readonly urlRewrite: HttpUrlRewrite }
  | { readonly type: "CORS"; readonly cors: HttpCors }
  | {
      readonly type: "ExtensionRef";
      readonly extensionRef: { readonly group: string; readonly kind: string; readonly name: string };
    };

/** A reference to a backend, with group and kind defaulted to the core Service. */
export interface BackendObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
}

export interface HttpBackendRef extends BackendObjectReference {
  /** 1 by default; 0 sends nothing. */
  readonly weight: number;
  readonly filters?: readonly HttpRouteFilter[];
}

export interface HttpRouteTimeouts {
  /** Gateway API duration such as `500ms` or `1h30m`; zero switches the timeout off. */
  readonly request?: string;
  readonly backendRequest?: string;
}

export interface HttpRouteRetry {
  readonly codes?: readonly number[];
  /** Retries after the first try. */
  readonly attempts: number;
  readonly backoff?: string;
}

/** Requests of one session go to one backend. Of the experimental channel. */
export interface SessionPersistence {
  readonly type: "Cookie" | "Header";
  readonly cookie?: { readonly name?: string; readonly path: string; readonly lifetimeType: "Permanent" | "Session" };
  readonly header?: { readonly name: string };
  /** Gateway API duration. */
  readonly absoluteTimeout?: string;
}

export interface HttpRouteRule {
  readonly name?: string;
  /** Never empty: a rule without matches is defaulted to the prefix `/`. */
  readonly matches: readonly HttpRouteMatch[];
  readonly filters?: readonly HttpRouteFilter[];
  readonly backendRefs?: readonly HttpBackendRef[];
  readonly timeouts?: HttpRouteTimeouts;
  readonly retry?: HttpRouteRetry;
  readonly sessionPersistence?: SessionPersistence;
}

export interface HttpRoute extends KubernetesObject {
  readonly kind: "HTTPRoute";
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    readonly hostnames?: readonly string[];
    /** Defaulted to one rule that matches everything. */
    readonly rules: readonly HttpRouteRule[];
  };
}

export interface GrpcMethodMatch {
  readonly type: "Exact" | "RegularExpression";
  readonly service?: string;
  readonly method?: string;
}

export interface GrpcRouteMatch {
  readonly method?: GrpcMethodMatch;
  readonly headers?: readonly HttpValueMatch[];
}

/** The filters of GRPCRoutes are those of HTTPRoutes that have a meaning there. */
export type GrpcRouteFilter = Extract<
  HttpRouteFilter,
  { readonly type: "RequestHeaderModifier" | "ResponseHeaderModifier" | "RequestMirror" | "ExtensionRef" }
>;

export interface GrpcBackendRef extends BackendObjectReference {
  /** 1 by default; 0 sends nothing. */
  readonly weight: number;
  readonly filters?: readonly GrpcRouteFilter[];
}

export interface GrpcRouteRule {
  readonly name?: string;
  /** Absent or empty matches every call. */
  readonly matches?: readonly GrpcRouteMatch[];
  readonly filters?: readonly GrpcRouteFilter[];
  readonly backendRefs?: readonly GrpcBackendRef[];
  readonly sessionPersistence?: SessionPersistence;
}

export interface GrpcRoute extends KubernetesObject {
  readonly kind: "GRPCRoute";
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly GrpcRouteRule[];
  };
}

/** The rule of a route that forwards connections or datagrams as they are. */
export interface Layer4RouteRule {
  readonly name?: string;
  readonly backendRefs: readonly Layer4BackendRef[];
}

export interface Layer4BackendRef extends BackendObjectReference {
  /** 1 by default; 0 sends nothing. */
  readonly weight: number;
}

export interface TlsRoute extends KubernetesObject {
  readonly kind: "TLSRoute";
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    /** At least one: matched against the name that a client asks for in its handshake. */
    readonly hostnames: readonly string[];
    /** Exactly one. */
    readonly rules: readonly Layer4RouteRule[];
  };
}

export interface TcpRoute extends KubernetesObject {
  readonly kind: "TCPRoute";
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    /** Exactly one. */
    readonly rules: readonly Layer4RouteRule[];
  };
}

export interface UdpRoute extends KubernetesObject {
  readonly kind: "UDPRoute";
  readonly spec: TcpRoute["spec"];
}

/** A route of any kind. */
export type Route = HttpRoute | GrpcRoute | TlsRoute | TcpRoute | UdpRoute;

export interface SubjectAltName {
  readonly type: "Hostname" | "URI";
  readonly hostname?: string;
  readonly uri?: string;
}

export interface BackendTlsPolicy extends KubernetesObject {
  readonly kind: "BackendTLSPolicy";
  readonly spec: {
    readonly targetRefs: readonly {
      readonly group: string;
      readonly kind: string;
      readonly name: string;
      /** The name of a port of the Service. */
      readonly sectionName?: string;
    }[];
    readonly validation: {
      readonly caCertificateRefs?: readonly { readonly group: string; readonly kind: string; readonly name: string }[];
      readonly wellKnownCACertificates?: string;
      /** The server name that is asked for, and the name that the certificate must be for unless `subjectAltNames` says. */
      readonly hostname: string;
      readonly subjectAltNames?: readonly SubjectAltName[];
    };
    readonly options?: Readonly<Record<string, string>>;
  };
}

export interface ReferenceGrant extends KubernetesObject {
  readonly kind: "ReferenceGrant";
  readonly spec: {
    readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
    readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
  };
}
