/**
 * GatewayParameters (gatehouse.dev/v1alpha1): how the proxies of Gateways are run. A GatewayClass refers to one with
 * `parametersRef`, a Gateway to another with `infrastructure.parametersRef`; they are merged field by field, the class's
 * first. What the class's object says in `bounds` and `locked` holds for every Gateway of the class.
 */
import type { KubernetesObject } from "./kubernetes.ts";
import type { BudgetLimits, OwnershipParameters } from "./ownership.ts";
import { limitFields, type ProxyLimits } from "./proxy-limits.ts";

export interface GatewayParameters extends KubernetesObject {
  readonly kind: "GatewayParameters";
  readonly spec: GatewayParametersSpec;
}

/** The paths of {@link ProxyParameters} that a class may lock; a lock holds for everything below it. */
export const lockableFields = [
  "image",
  "replicas",
  "autoscaling",
  "resources",
  "resources.requests",
  "resources.limits",
  "service",
  "service.type",
  "service.annotations",
  "service.loadBalancerClass",
  "service.externalTrafficPolicy",
  "nodeSelector",
  "tolerations",
  "labels",
  "hostNetwork",
  "logLevel",
  "accessLog",
  "tls",
  "tls.minimumVersion",
  "tls.cipherSuites",
  "listeners",
  "ownership",
  "ownership.mode",
  "ownership.uniqueness",
  "ownership.unclaimedHostnames",
  "ownership.acmeChallenges",
  "budget",
  "limits",
  "limits.backend",
  "limits.listener",
  "limits.connection",
  "limits.proxy",
  ...limitFields,
] as const;

export type LockableField = (typeof lockableFields)[number];

export type ServiceType = "LoadBalancer" | "NodePort" | "ClusterIP";
export type EnvoyLogLevel = "trace" | "debug" | "info" | "warning" | "error" | "critical" | "off";
export type TlsVersion = "1.2" | "1.3";

/** Cipher suites of TLS 1.2 that Envoy knows, by its names for them. */
export const cipherSuiteNames = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-SHA",
  "ECDHE-RSA-AES128-SHA",
  "ECDHE-ECDSA-AES256-SHA",
  "ECDHE-RSA-AES256-SHA",
  "AES128-GCM-SHA256",
  "AES256-GCM-SHA384",
  "AES128-SHA",
  "AES256-SHA",
] as const;

/** What a class or a Gateway may set. Everything is optional: what neither sets has a default. */
export interface GatewayParametersSpec extends ProxyParameters {
  /** Of the class only: the paths of fields (such as `logLevel` or `service.annotations`) that its Gateways may not set. */
  readonly locked?: readonly LockableField[];
  /** Of the class only: what its Gateways may ask for. */
  readonly bounds?: ParameterBounds;
  /** Of the class only: who runs the proxies. Unmanaged ones are run by the user, and nothing is provisioned. */
  readonly proxies?: "Managed" | "Unmanaged";
  /** Of the class only, with unmanaged proxies: the Service whose addresses are those of the Gateways. */
  readonly addressService?: { readonly namespace: string; readonly name: string };
  /** Of the class only: the annotation of a Service by which its load balancer is asked for an address. */
  readonly addressAnnotation?: string;
}

/** The fields that a class and its Gateways both may set. */
export interface ProxyParameters {
  /** Image of Envoy. */
  readonly image?: string;
  /** How many proxies; not together with `autoscaling`. */
  readonly replicas?: number;
  readonly autoscaling?: Autoscaling;
  readonly resources?: ResourceRequirements;
  readonly service?: {
    readonly type?: ServiceType;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly loadBalancerClass?: string;
    readonly externalTrafficPolicy?: "Cluster" | "Local";
  };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  /** Labels of the pods, besides those of the Gateway's infrastructure. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
  readonly logLevel?: EnvoyLogLevel;
  readonly accessLog?: AccessLog;
  readonly tls?: { readonly minimumVersion?: TlsVersion; readonly cipherSuites?: readonly string[] };
  /** What proxies do on ports besides what the listeners there say, each port once. */
  readonly listeners?: readonly PortParameters[];
  readonly ownership?: OwnershipParameters;
  /** What each other namespace may attach to a Gateway; a Gateway may only ask for less than its class. */
  readonly budget?: BudgetLimits;
  readonly limits?: ProxyLimits;
}

export interface PortParameters {
  readonly port: number;
  /** Serves the HTTPS listeners of the port by HTTP/3 as well, on the UDP port of that number. */
  readonly http3?: boolean;
  /** Whether connections begin with a header of the PROXY protocol, which says who the client is. */
  readonly proxyProtocol?: ProxyProtocol;
}

/** `Allow` takes connections without the header too, and believes the header of whoever sends one. */
export type ProxyProtocol = "Off" | "Allow" | "Require";

export interface Autoscaling {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Percent of the requested CPU. */
  readonly targetCPUUtilization: number;
}

/** Quantities as Kubernetes spells them, such as `500m` and `1Gi`. */
export interface ResourceRequirements {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: "Exists" | "Equal";
  readonly value?: string;
  readonly effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  readonly tolerationSeconds?: number;
}

/** `JSON` writes our fields and `fields`; `Text` writes `text`, an Envoy format string; `None` writes nothing. */
export interface AccessLog {
  readonly format: "JSON" | "Text" | "None";
  /** Further fields by name, with Envoy command operators as values. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/**
 * What Gateways of a class may ask for. Image, service type, more proxies than the class's own and host networking are
 * closed unless they are opened here; everything else is open unless it is bounded here or locked.
 */
export interface ParameterBounds {
  /** Without `maximum` no Gateway gets more than the class's `replicas` (or its `autoscaling.maxReplicas`). */
  readonly replicas?: { readonly minimum?: number; readonly maximum?: number };
  /** Images that Gateways may name; a `*` at the end stands for anything. */
  readonly images?: readonly string[];
  readonly serviceTypes?: readonly ServiceType[];
  readonly hostNetwork?: boolean;
  readonly ports?: readonly { readonly from: number; readonly to: number }[];
  readonly protocols?: readonly string[];
  /** Hostnames that listeners may have: exact, or `*.example.com` for everything below it. */
  readonly hostnames?: readonly string[];
  readonly tls?: { readonly minimumVersion?: TlsVersion; readonly cipherSuites?: readonly string[] };
  /** CIDRs in which Gateways may ask for addresses; none by default. */
  readonly addresses?: readonly string[];
  /** The most that Gateways may ask for, each limit by itself. */
  readonly limits?: ProxyLimits;
}
