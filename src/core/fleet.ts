/** The proxies of one Gateway: how they should be run, and how they are. */
import type { GatewayAddress } from "./gateway-api.ts";
import type {
  AccessLog,
  Autoscaling,
  EnvoyLogLevel,
  PortParameters,
  ResourceRequirements,
  ServiceType,
  TlsVersion,
  Toleration,
} from "./gateway-parameters.ts";
import type { NamespacedName } from "./keys.ts";
import type { BudgetLimits, EffectiveOwnership } from "./ownership.ts";
import type { EffectiveLimits } from "./proxy-limits.ts";

/** Everything that is decided about how the proxies of one accepted Gateway are run. Equal input gives an equal value. */
export interface FleetSpec {
  readonly gateway: NamespacedName;
  /** Of the Gateway: its fleet's objects are owned by it. */
  readonly uid: string;
  readonly generation: number;
  readonly gatewayClass: string;
  /** The Gateway oversteps its class's bounds, or cannot be read: what was provisioned stays as it is, nothing is added. */
  readonly frozen: boolean;
  /** `spec.infrastructure` of the Gateway: on every object of the fleet. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Ascending by port, then protocol. */
  readonly ports: readonly FleetPort[];
  /** IP addresses that are asked for and that the class allows, each once. */
  readonly requestedAddresses: readonly string[];
  readonly parameters: EffectiveParameters;
}

export interface FleetPort {
  /** A Service port's name: unique, at most 15 characters, such as `http-80`. */
  readonly name: string;
  readonly protocol: "TCP" | "UDP";
  /** Where clients connect. */
  readonly port: number;
  /** Where proxies listen: above 1024, never one of {@link proxyPorts}. */
  readonly targetPort: number;
}

/** Ports of a proxy's pod that no listener gets. Admin answers on loopback only. */
export const proxyPorts = { admin: 19_000, readiness: 19_001, metrics: 19_002, drain: 19_003 } as const;

/** The parameters of a fleet with every default filled in. */
export interface EffectiveParameters {
  readonly managed: boolean;
  readonly addressService?: { readonly namespace: string; readonly name: string };
  readonly addressAnnotation?: string;
  /** Absent: the image that the control plane was told. */
  readonly image?: string;
  readonly replicas: number;
  /** Present: `replicas` is never applied. */
  readonly autoscaling?: Autoscaling;
  readonly resources: ResourceRequirements;
  readonly service: {
    readonly type: ServiceType;
    readonly annotations: Readonly<Record<string, string>>;
    readonly loadBalancerClass?: string;
    readonly externalTrafficPolicy?: "Cluster" | "Local";
  };
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly podLabels: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  readonly logLevel: EnvoyLogLevel;
  readonly accessLog: AccessLog;
  readonly tls: { readonly minimumVersion: TlsVersion; readonly cipherSuites: readonly string[] };
  /** By port, ascending; absent where nothing is said about any. */
  readonly listeners?: readonly PortParameters[];
  readonly ownership: EffectiveOwnership;
  /** What each other namespace may attach. */
  readonly budget: BudgetLimits;
  readonly limits: EffectiveLimits;
  /** Where each field (by its path in GatewayParameters) comes from; sorted by path. */
  readonly origins: readonly ParameterOrigin[];
}

export interface ParameterOrigin {
  readonly field: string;
  readonly from: "class" | "gateway" | "default";
}

/** How a fleet is, as the cluster tells: the input from which a Gateway's addresses and `Programmed` are derived. */
export interface FleetState {
  /** Where clients reach the proxies: load balancer ingress, else node addresses, else cluster IPs. Sorted. */
  readonly addresses: readonly GatewayAddress[];
  /** Why there is no address (or not the one asked for), with what to do about it. */
  readonly addressProblem?: { readonly reason: "AddressNotAssigned" | "AddressNotUsable"; readonly message: string };
  /** Why the fleet's objects could not be applied: the API server's words on quota, admission or a conflict. */
  readonly applyProblem?: string;
  /** Proxies that pass their readiness check. */
  readonly readyReplicas: number;
}

/** The key of the only {@link ClusterFacts} there are. */
export const clusterKey = "cluster";

/** What is known about the cluster as a whole. */
export interface ClusterFacts {
  /** The `bundle-version` of the Gateway API CRDs that are installed, such as `v1.7.0`; absent when none tells. */
  readonly bundleVersion?: string;
  readonly channel?: string;
}
