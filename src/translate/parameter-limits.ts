/** What a class lets its Gateways say in GatewayParameters of their own: locks, bounds, and what is closed by itself. */
import type { GatewayParametersSpec, ParameterBounds, ProxyParameters } from "../core/gateway-parameters.ts";
import type { ProxyLimits } from "../core/proxy-limits.ts";
import { logFormatProblem } from "./envoy/log-format.ts";
import { limitValues } from "./limits.ts";
import { fieldsOf, isWithin } from "./parameter-fields.ts";

/** A field that does not count, and why in a sentence that names it. */
export interface Overstep {
  /** In the notation of `pickParameters`. */
  readonly field: string;
  readonly message: string;
}

/** How many proxies a fleet has that nobody says anything about: one may fail. */
export const defaultReplicas = 2;

/** Finds what a Gateway's object says although its class does not let it; each field once. */
export function oversteps(ofClass: GatewayParametersSpec, ofGateway: ProxyParameters): readonly Overstep[] {
  const { bounds = {} } = ofClass;
  const found = [
    ...lockedFields(ofClass, ofGateway),
    ...imageOverstep(ofClass, ofGateway),
    ...serviceTypeOverstep(ofClass, ofGateway),
    ...hostNetworkOverstep(ofClass, ofGateway),
    ...replicaOversteps(ofClass, ofGateway),
    ...tlsOversteps(bounds, ofGateway),
    ...annotationOversteps(ofClass, ofGateway),
    ...logOversteps(ofGateway),
    ...endpointOverstep(ofClass, ofGateway),
    ...budgetOversteps(ofClass, ofGateway),
    ...limitOversteps(bounds.limits, ofGateway.limits),
  ];
  const fields = new Set<string>();
  return found.filter(({ field }) => !fields.has(field) && fields.add(field));
}

/** Whether the load balancer takes an annotation for a request for an address. */
export function claimsAddress(annotation: string, addressAnnotation: string | undefined): boolean {
  return annotation === addressAnnotation || addressAnnotations.has(annotation);
}

/** What is wrong with the format of an access log; Envoy would refuse every listener that has it. */
export function logProblem(log: ProxyParameters["accessLog"]): string | undefined {
  const formats = [
    ...(log?.text === undefined ? [] : [["spec.accessLog.text", log.text] as const]),
    ...Object.entries(log?.fields ?? {}).map(([name, format]) => [`spec.accessLog.fields[${name}]`, format] as const),
  ];
  for (const [path, format] of formats) {
    const problem = logFormatProblem(format);
    if (problem !== undefined) return `${path}: ${problem}`;
  }
  return undefined;
}

/** Annotations by which well-known load balancers are asked for addresses: `spec.addresses` is the way that is bounded. */
const addressAnnotations: ReadonlySet<string> = new Set([
  "io.cilium/lb-ipam-ips",
  "kube-vip.io/loadbalancerIPs",
  "lbipam.cilium.io/ips",
  "lbipam.cilium.io/sharing-key",
  "metallb.io/allow-shared-ip",
  "metallb.io/loadBalancerIPs",
  "metallb.universe.tf/allow-shared-ip",
  "metallb.universe.tf/loadBalancerIPs",
  "networking.gke.io/load-balancer-ip-addresses",
  "service.beta.kubernetes.io/aws-load-balancer-eip-allocations",
  "service.beta.kubernetes.io/azure-load-balancer-ipv4",
  "service.beta.kubernetes.io/azure-load-balancer-ipv6",
  "service.beta.kubernetes.io/azure-pip-name",
]);

/** A lock on one of the two ways to count proxies is one on the other. */
function lockedFields({ locked = [] }: GatewayParametersSpec, ofGateway: ProxyParameters): readonly Overstep[] {
  const counted = locked.some((path) => path === "replicas" || path === "autoscaling");
  const paths: readonly string[] = counted ? [...locked, "replicas", "autoscaling"] : locked;
  return fieldsOf(ofGateway)
    .filter((field) => paths.some((path) => isWithin(field, path)))
    .map(closed);
}

function closed(field: string): Overstep {
  return { field, message: `spec.${field} is locked by the class` };
}

function imageOverstep({ image, bounds }: GatewayParametersSpec, own: ProxyParameters): readonly Overstep[] {
  if (own.image === undefined || own.image === image) return [];
  const images = bounds?.images ?? [];
  if (images.length === 0) return [closed("image")];
  const asked = own.image;
  if (images.some((allowed) => matchesImage(allowed, asked))) return [];
  return [{ field: "image", message: `spec.image is ${asked}, the class allows only ${images.join(", ")}` }];
}

function matchesImage(allowed: string, image: string): boolean {
  return allowed.endsWith("*") ? image.startsWith(allowed.slice(0, -1)) : image === allowed;
}

function serviceTypeOverstep({ service, bounds }: GatewayParametersSpec, own: ProxyParameters): readonly Overstep[] {
  const asked = own.service?.type;
  const ofClass = service?.type ?? "LoadBalancer";
  if (asked === undefined || asked === ofClass) return [];
  const types = bounds?.serviceTypes ?? [];
  if (types.length === 0) return [closed("service.type")];
  if (types.includes(asked)) return [];
  const message = `spec.service.type is ${asked}, the class allows only ${[...new Set([ofClass, ...types])].join(", ")}`;
  return [{ field: "service.type", message }];
}

function hostNetworkOverstep(ofClass: GatewayParametersSpec, own: ProxyParameters): readonly Overstep[] {
  const allowed = ofClass.hostNetwork === true || ofClass.bounds?.hostNetwork === true;
  return own.hostNetwork === true && !allowed ? [closed("hostNetwork")] : [];
}

function replicaOversteps(ofClass: GatewayParametersSpec, own: ProxyParameters): readonly Overstep[] {
  const { minimum = 1, maximum } = ofClass.bounds?.replicas ?? {};
  const most = maximum ?? ofClass.autoscaling?.maxReplicas ?? Math.max(ofClass.replicas ?? defaultReplicas, minimum);
  const judge = (field: string, name: string, value: number | undefined): readonly Overstep[] => {
    if (value === undefined) return [];
    if (value > most) return [{ field, message: `spec.${name} is ${value}, the class allows at most ${most}` }];
    if (value < minimum)
      return [{ field, message: `spec.${name} is ${value}, the class allows no less than ${minimum}` }];
    return [];
  };
  return [
    ...judge("replicas", "replicas", own.replicas),
    ...judge("autoscaling", "autoscaling.maxReplicas", own.autoscaling?.maxReplicas),
    ...judge("autoscaling", "autoscaling.minReplicas", own.autoscaling?.minReplicas),
  ];
}

function tlsOversteps({ tls: bounds }: ParameterBounds, { tls }: ProxyParameters): readonly Overstep[] {
  const found: Overstep[] = [];
  if (
    bounds?.minimumVersion !== undefined &&
    tls?.minimumVersion !== undefined &&
    tls.minimumVersion < bounds.minimumVersion
  ) {
    const message = `spec.tls.minimumVersion is ${tls.minimumVersion}, the class allows no less than ${bounds.minimumVersion}`;
    found.push({ field: "tls.minimumVersion", message });
  }
  const foreign = (tls?.cipherSuites ?? []).filter((suite) => bounds?.cipherSuites?.includes(suite) === false);
  if (foreign.length > 0) {
    const message = `spec.tls.cipherSuites has ${foreign.join(", ")}, the class allows only ${bounds?.cipherSuites?.join(", ")}`;
    found.push({ field: "tls.cipherSuites", message });
  }
  return found;
}

function annotationOversteps({ addressAnnotation }: GatewayParametersSpec, own: ProxyParameters): readonly Overstep[] {
  return Object.keys(own.service?.annotations ?? {})
    .filter((key) => claimsAddress(key, addressAnnotation))
    .map((key) => {
      const field = `service.annotations[${key}]`;
      return {
        field,
        message: `spec.${field} asks for an address: spec.addresses of the Gateway is the place for that`,
      };
    });
}

function logOversteps({ accessLog }: ProxyParameters): readonly Overstep[] {
  const message = logProblem(accessLog);
  return message === undefined ? [] : [{ field: "accessLog", message }];
}

/** Whoever could send requests into other namespaces may not decide that it is allowed. */
function endpointOverstep({ ownership }: GatewayParametersSpec, own: ProxyParameters): readonly Overstep[] {
  if (own.ownership?.foreignEndpoints !== "Allowed" || ownership?.foreignEndpoints === "Allowed") return [];
  const field = "ownership.foreignEndpoints";
  return [{ field, message: `spec.${field} is Allowed, which only the class may say` }];
}

function budgetOversteps({ budget = {} }: GatewayParametersSpec, own: ProxyParameters): readonly Overstep[] {
  const limits = new Map<string, number>(Object.entries(budget));
  return Object.entries(own.budget ?? {}).flatMap(([name, value]: readonly [string, number]) => {
    const most = limits.get(name);
    if (most === undefined || value <= most) return [];
    const field = `budget.${name}`;
    return [{ field, message: `spec.${field} is ${value}, the class allows at most ${most}` }];
  });
}

function limitOversteps(most: ProxyLimits = {}, own: ProxyLimits = {}): readonly Overstep[] {
  const bounds = limitValues(most);
  return [...limitValues(own)].flatMap(([field, value]) => {
    const bound = bounds.get(field);
    if (bound === undefined || value <= bound) return [];
    return [{ field, message: `spec.${field} is ${value}, the class allows at most ${bound}` }];
  });
}
