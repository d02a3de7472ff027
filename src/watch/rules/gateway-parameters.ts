/** How the fields of GatewayParameters fit together. */
import type { AccessLog, GatewayParametersSpec, ParameterBounds, Toleration } from "../../core/gateway-parameters.ts";
import type { ProxyLimits } from "../../core/proxy-limits.ts";
import { patterns } from "../schemas/patterns.ts";
import { type CelCheck, type CelRule, celOfChecks, keysOf, rulesOfChecks } from "./cel-check.ts";
import type { Rule } from "./rule.ts";

type Texts = Readonly<Record<string, string>>;

const ofSpec: readonly CelCheck<GatewayParametersSpec>[] = [
  {
    path: "spec",
    cel: "!(has(self.replicas) && has(self.autoscaling))",
    message: "must not have both replicas and autoscaling",
    holds: ({ replicas, autoscaling }) => replicas === undefined || autoscaling === undefined,
  },
  {
    path: "spec",
    cel: "!has(self.addressService) || (has(self.proxies) && self.proxies == 'Unmanaged')",
    message: "must have unmanaged proxies to have an addressService",
    holds: ({ addressService, proxies }) => addressService === undefined || proxies === "Unmanaged",
  },
];

const ofAutoscaling: readonly CelCheck<NonNullable<GatewayParametersSpec["autoscaling"]>>[] = [
  {
    path: "spec.autoscaling",
    cel: "self.minReplicas <= self.maxReplicas",
    message: "must have minReplicas that are not above maxReplicas",
    holds: ({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
  },
];

const ofReplicas: readonly CelCheck<NonNullable<ParameterBounds["replicas"]>>[] = [
  {
    path: "spec.bounds.replicas",
    cel: "!has(self.minimum) || !has(self.maximum) || self.minimum <= self.maximum",
    message: "must have a minimum that is not above the maximum",
    holds: ({ minimum, maximum }) => minimum === undefined || maximum === undefined || minimum <= maximum,
  },
];

const ofPorts: readonly CelCheck<{ readonly from: number; readonly to: number }>[] = [
  {
    path: "spec.bounds.ports[]",
    cel: "self.from <= self.to",
    message: "must go from a port to one that is not below it",
    holds: ({ from, to }) => from <= to,
  },
];

const ofAccessLog: readonly CelCheck<AccessLog>[] = [
  {
    path: "spec.accessLog",
    cel: "(self.format == 'Text') == has(self.text)",
    message: "must have a text when, and only when, the format is Text",
    holds: ({ format, text }) => (format === "Text") === (text !== undefined),
  },
  {
    path: "spec.accessLog",
    cel: "self.format == 'JSON' || !has(self.fields)",
    message: "must have fields only when the format is JSON",
    holds: ({ format, fields }) => format === "JSON" || fields === undefined,
  },
];

const ofTolerations: readonly CelCheck<Toleration>[] = [
  {
    path: "spec.tolerations[]",
    cel: "has(self.key) && self.key != '' || has(self.operator) && self.operator == 'Exists'",
    message: "must have the operator Exists when it has no key",
    holds: ({ key = "", operator }) => key !== "" || operator === "Exists",
  },
  {
    path: "spec.tolerations[]",
    cel: "!has(self.value) || self.value == '' || !has(self.operator) || self.operator == 'Equal'",
    message: "must have no value when the operator is Exists",
    holds: ({ value = "", operator }) => value === "" || operator !== "Exists",
  },
  {
    path: "spec.tolerations[]",
    cel: "!has(self.tolerationSeconds) || has(self.effect) && self.effect == 'NoExecute'",
    message: "must have the effect NoExecute to have tolerationSeconds",
    holds: ({ tolerationSeconds, effect }) => tolerationSeconds === undefined || effect === "NoExecute",
  },
];

const ofKeys: readonly CelCheck<Texts>[] = [
  ...keysOf("spec.labels", patterns.labelKey, "label keys"),
  ...keysOf("spec.nodeSelector", patterns.labelKey, "label keys"),
  ...keysOf("spec.service.annotations", patterns.annotationKey, "annotation keys"),
  ...keysOf("spec.resources.requests", patterns.labelKey, "names of resources"),
  ...keysOf("spec.resources.limits", patterns.labelKey, "names of resources"),
  ...keysOf("spec.accessLog.fields", patterns.logField, "names of letters, digits, '-', '_' and '.'"),
  {
    path: "spec.labels",
    cel: "self.all(key, !key.startsWith('gateway.networking.k8s.io/') && !key.startsWith('app.kubernetes.io/'))",
    message: "must not have keys of gateway.networking.k8s.io or app.kubernetes.io, by which fleets are found",
    holds: (labels) =>
      Object.keys(labels).every(
        (key) => !key.startsWith("gateway.networking.k8s.io/") && !key.startsWith("app.kubernetes.io/"),
      ),
  },
];

const ofConnection: readonly CelCheck<NonNullable<ProxyLimits["connection"]>>[] = [
  {
    path: "spec.limits.connection",
    cel: "!has(self.initialStreamWindowBytes) || !has(self.initialConnectionWindowBytes) || self.initialStreamWindowBytes <= self.initialConnectionWindowBytes",
    message: "must have initialStreamWindowBytes that are not above initialConnectionWindowBytes",
    holds: ({ initialStreamWindowBytes: stream, initialConnectionWindowBytes: connection }) =>
      stream === undefined || connection === undefined || stream <= connection,
  },
];

const ofLimits: readonly CelCheck<ProxyLimits>[] = [
  {
    path: "spec.limits",
    cel: "!has(self.listener) || !has(self.listener.maxConnections) || !has(self.proxy) || !has(self.proxy.maxConnections) || self.listener.maxConnections <= self.proxy.maxConnections",
    message: "must have listener.maxConnections that are not above proxy.maxConnections",
    holds: ({ listener, proxy }) =>
      listener?.maxConnections === undefined ||
      proxy?.maxConnections === undefined ||
      listener.maxConnections <= proxy.maxConnections,
  },
];

/** The rules for manifests from files. */
export const gatewayParametersRules: readonly Rule[] = [
  ...rulesOfChecks("GatewayParameters", ofSpec),
  ...rulesOfChecks("GatewayParameters", ofAutoscaling),
  ...rulesOfChecks("GatewayParameters", ofReplicas),
  ...rulesOfChecks("GatewayParameters", ofPorts),
  ...rulesOfChecks("GatewayParameters", ofAccessLog),
  ...rulesOfChecks("GatewayParameters", ofTolerations),
  ...rulesOfChecks("GatewayParameters", ofKeys),
  ...rulesOfChecks("GatewayParameters", ofLimits),
  ...rulesOfChecks("GatewayParameters", ofConnection),
];

/** The same rules for the API server. */
export const gatewayParametersCel: readonly CelRule[] = [
  ...celOfChecks(ofSpec),
  ...celOfChecks(ofAutoscaling),
  ...celOfChecks(ofReplicas),
  ...celOfChecks(ofPorts),
  ...celOfChecks(ofAccessLog),
  ...celOfChecks(ofTolerations),
  ...celOfChecks(ofKeys),
  ...celOfChecks(ofLimits),
  ...celOfChecks(ofConnection),
];
