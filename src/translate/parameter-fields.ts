/** The fields of GatewayParameters that a class and a Gateway both may set: how they are walked, and how merged. */
import type { AccessLog, ProxyParameters, ResourceRequirements } from "../core/gateway-parameters.ts";
import { mergeLimits, pickLimits } from "./limits.ts";
import { pickFields } from "./pick-fields.ts";
import { mergePorts, pickPorts } from "./port-parameters.ts";

/**
 * Copies parameters with those fields that are to be kept. Fields are asked for by path, entries of maps one by one, such
 * as `service.annotations[example.com/pool]`; lists, `autoscaling` and `accessLog` are one field each.
 */
export function pickParameters(spec: ProxyParameters, keeps: (field: string) => boolean): ProxyParameters {
  const kept = <T>(name: string, value: T | undefined): value is T => value !== undefined && keeps(name);
  const entries = (path: string, map: Texts | undefined) =>
    map && textsOf(Object.entries(map).filter(([key]) => keeps(`${path}[${key}]`)));
  const { image, replicas, autoscaling, resources, service, nodeSelector, tolerations } = spec;
  const { labels, hostNetwork, logLevel, accessLog, tls, listeners, ownership, budget, limits } = spec;
  return {
    ...(kept("image", image) && { image }),
    ...(kept("replicas", replicas) && { replicas }),
    ...(kept("autoscaling", autoscaling) && { autoscaling }),
    ...(resources && {
      resources: {
        requests: entries("resources.requests", resources.requests) ?? {},
        limits: entries("resources.limits", resources.limits) ?? {},
      },
    }),
    ...(service && {
      service: {
        annotations: entries("service.annotations", service.annotations) ?? {},
        ...(kept("service.type", service.type) && { type: service.type }),
        ...(kept("service.loadBalancerClass", service.loadBalancerClass) && {
          loadBalancerClass: service.loadBalancerClass,
        }),
        ...(kept("service.externalTrafficPolicy", service.externalTrafficPolicy) && {
          externalTrafficPolicy: service.externalTrafficPolicy,
        }),
      },
    }),
    ...(nodeSelector && { nodeSelector: entries("nodeSelector", nodeSelector) ?? {} }),
    ...(kept("tolerations", tolerations) && { tolerations }),
    ...(labels && { labels: entries("labels", labels) ?? {} }),
    ...(kept("hostNetwork", hostNetwork) && { hostNetwork }),
    ...(kept("logLevel", logLevel) && { logLevel }),
    ...(kept("accessLog", accessLog) && { accessLog }),
    ...(tls && {
      tls: {
        ...(kept("tls.minimumVersion", tls.minimumVersion) && { minimumVersion: tls.minimumVersion }),
        ...(kept("tls.cipherSuites", tls.cipherSuites) && { cipherSuites: tls.cipherSuites }),
      },
    }),
    ...(listeners && { listeners: pickPorts(listeners, keeps) }),
    ...(ownership && { ownership: pickFields("ownership", ownership, keeps) }),
    ...(budget && { budget: pickFields("budget", budget, keeps) }),
    ...(limits && { limits: pickLimits(limits, keeps) }),
  };
}

/** The paths of all fields that are set, in the notation of {@link pickParameters}. */
export function fieldsOf(spec: ProxyParameters): readonly string[] {
  const fields: string[] = [];
  pickParameters(spec, (field) => {
    fields.push(field);
    return true;
  });
  return fields;
}

/** Whether a field is the one of that path, or a part of it. */
export function isWithin(field: string, path: string): boolean {
  return field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`);
}

/** Merges field by field: maps key by key, lists as a whole. What is `over` counts; it may choose how proxies are counted. */
export function mergeParameters(under: ProxyParameters, over: ProxyParameters): ProxyParameters {
  const counted = over.replicas === undefined && over.autoscaling === undefined ? under : over;
  const { replicas: _1, autoscaling: _2, ...below } = under;
  const { replicas: _3, autoscaling: _4, ...above } = over;
  const accessLog = mergeAccessLogs(under.accessLog, over.accessLog);
  return {
    ...below,
    ...above,
    ...(counted.replicas !== undefined && { replicas: counted.replicas }),
    ...(counted.autoscaling !== undefined && { autoscaling: counted.autoscaling }),
    resources: mergeResources(under.resources, over.resources),
    service: {
      ...under.service,
      ...over.service,
      annotations: mergeTexts(under.service?.annotations, over.service?.annotations),
    },
    nodeSelector: mergeTexts(under.nodeSelector, over.nodeSelector),
    labels: mergeTexts(under.labels, over.labels),
    ...(accessLog && { accessLog }),
    tls: { ...under.tls, ...over.tls },
    ...((under.listeners ?? over.listeners) && { listeners: mergePorts(under.listeners, over.listeners) }),
    ownership: { ...under.ownership, ...over.ownership },
    budget: { ...under.budget, ...over.budget },
    limits: mergeLimits(under.limits, over.limits),
  };
}

/** Entries by key in one order, without anything that a key such as `__proto__` could reach. */
export function textsOf(entries: readonly (readonly [string, string])[]): Texts {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

type Texts = Readonly<Record<string, string>>;

function mergeTexts(under: Texts = {}, over: Texts = {}): Texts {
  return textsOf([...new Map([...Object.entries(under), ...Object.entries(over)])]);
}

function mergeResources(under: ResourceRequirements = {}, over: ResourceRequirements = {}): ResourceRequirements {
  return { requests: mergeTexts(under.requests, over.requests), limits: mergeTexts(under.limits, over.limits) };
}

/** Two JSON logs have the fields of both; of two formats the Gateway's counts. */
function mergeAccessLogs(under: AccessLog | undefined, over: AccessLog | undefined): AccessLog | undefined {
  if (under?.format !== "JSON" || over?.format !== "JSON") return over ?? under;
  return { format: "JSON", fields: mergeTexts(under.fields, over.fields) };
}
