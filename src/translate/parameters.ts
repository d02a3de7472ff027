/** The parameters of a Gateway's fleet: its class's, then its own as far as the class lets it, then defaults. */
import type { EffectiveParameters, ParameterOrigin } from "../core/fleet.ts";
import type { GatewayParametersSpec, ProxyParameters, TlsVersion } from "../core/gateway-parameters.ts";
import { limitFields } from "../core/proxy-limits.ts";
import { completeLimits } from "./limits.ts";
import { fieldsOf, mergeParameters, pickParameters } from "./parameter-fields.ts";
import { defaultReplicas, oversteps } from "./parameter-limits.ts";

/** What came of the two objects. */
export interface ResolvedParameters {
  /** Of the Gateway's own fields only those that its class allows are in it. */
  readonly effective: EffectiveParameters;
  /** Why fields of the Gateway's object are not, in sentences that name them. */
  readonly problems: readonly string[];
}

/** Merges the objects that a class and a Gateway refer to; either may be absent. */
export function resolveParameters(
  ofClass: GatewayParametersSpec = {},
  ofGateway: ProxyParameters = {},
): ResolvedParameters {
  const overstepped = oversteps(ofClass, ofGateway);
  const refused = new Set(overstepped.map(({ field }) => field));
  const base = pickParameters(ofClass, () => true);
  const own = pickParameters(ofGateway, (field) => !refused.has(field));
  const merged = mergeParameters(base, own);
  const effective = { ...complete(merged, ofClass), origins: originsOf(merged, { ofClass, base, own }) };
  return { effective, problems: overstepped.map(({ message }) => message) };
}

const defaults = {
  requests: { cpu: "100m", memory: "128Mi" },
  serviceType: "LoadBalancer",
  logLevel: "warning",
  accessLog: { format: "JSON" },
  minimumVersion: "1.2",
  ownership: {
    uniqueness: "Namespace",
    unclaimedHostnames: "Allowed",
    acmeChallenges: "Allowed",
    foreignEndpoints: "Refused",
  },
} as const;

function complete(merged: ProxyParameters, ofClass: GatewayParametersSpec): Omit<EffectiveParameters, "origins"> {
  const { addressService, addressAnnotation, bounds, proxies } = ofClass;
  const { image, autoscaling, service = {}, resources = {}, tls = {} } = merged;
  return {
    managed: proxies !== "Unmanaged",
    ...(addressService && { addressService }),
    ...(addressAnnotation !== undefined && { addressAnnotation }),
    ...(image !== undefined && { image }),
    replicas: merged.replicas ?? withinRange(defaultReplicas, bounds?.replicas),
    ...(autoscaling && { autoscaling }),
    resources: { requests: { ...defaults.requests, ...resources.requests }, limits: resources.limits ?? {} },
    service: {
      type: service.type ?? defaults.serviceType,
      annotations: service.annotations ?? {},
      ...(service.loadBalancerClass !== undefined && { loadBalancerClass: service.loadBalancerClass }),
      ...(service.externalTrafficPolicy && { externalTrafficPolicy: service.externalTrafficPolicy }),
    },
    nodeSelector: merged.nodeSelector ?? {},
    tolerations: merged.tolerations ?? [],
    podLabels: merged.labels ?? {},
    hostNetwork: merged.hostNetwork ?? false,
    logLevel: merged.logLevel ?? defaults.logLevel,
    accessLog: merged.accessLog ?? defaults.accessLog,
    tls: {
      minimumVersion: tls.minimumVersion ?? newest(defaults.minimumVersion, bounds?.tls?.minimumVersion),
      // A class that bounds the suites does not mean its Gateways to have Envoy's own, which are more.
      cipherSuites: tls.cipherSuites ?? bounds?.tls?.cipherSuites ?? [],
    },
    ...(merged.listeners && { listeners: merged.listeners }),
    ownership: { ...defaults.ownership, ...merged.ownership },
    budget: merged.budget ?? {},
    limits: completeLimits(merged.limits, { most: bounds?.limits, memory: resources.limits?.["memory"] }),
  };
}

function withinRange(
  replicas: number,
  { minimum = 1, maximum = replicas }: { readonly minimum?: number; readonly maximum?: number } = {},
): number {
  return Math.max(minimum, Math.min(maximum, replicas));
}

function newest(a: TlsVersion, b: TlsVersion | undefined): TlsVersion {
  return b !== undefined && b > a ? b : a;
}

interface Sources {
  readonly ofClass: GatewayParametersSpec;
  readonly base: ProxyParameters;
  readonly own: ProxyParameters;
}

/** Fields that have a value although nobody sets them. */
const defaulted = [
  "replicas",
  "resources.requests[cpu]",
  "resources.requests[memory]",
  "service.type",
  "hostNetwork",
  "logLevel",
  "accessLog",
  "tls.minimumVersion",
  "ownership.uniqueness",
  "ownership.unclaimedHostnames",
  "ownership.acmeChallenges",
  "ownership.foreignEndpoints",
  "proxies",
  ...limitFields,
];

const classOnly = ["proxies", "addressService", "addressAnnotation"] as const;

function originsOf(merged: ProxyParameters, { ofClass, base, own }: Sources): readonly ParameterOrigin[] {
  const origins = new Map<string, ParameterOrigin["from"]>(defaulted.map((field) => [field, "default"]));
  for (const field of fieldsOf(base)) origins.set(field, "class");
  for (const field of fieldsOf(own)) origins.set(field, "gateway");
  for (const field of classOnly) if (ofClass[field] !== undefined) origins.set(field, "class");
  // Of the two ways to say how many proxies there are only one counts.
  origins.delete(merged.autoscaling === undefined ? "autoscaling" : "replicas");
  return [...origins].map(([field, from]) => ({ field, from })).sort((a, b) => (a.field < b.field ? -1 : 1));
}
