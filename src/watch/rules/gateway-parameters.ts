/**
 * How the fields of GatewayParameters fit together. Each rule is here twice: in CEL, for the API server, and as a function
 * for manifests from files; a test shows that both say the same.
 */
import type { AccessLog, GatewayParametersSpec, ParameterBounds, Toleration } from "../../core/gateway-parameters.ts";
import { patterns } from "../schemas/patterns.ts";
import { type Rule, type RuleCheck, rulesFor } from "./rule.ts";

/** A rule as a CustomResourceDefinition has it. */
export interface CelRule {
  /** Where the value is that `rule` calls self, in the notation of {@link Rule}. */
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

interface Check<T> {
  readonly path: string;
  readonly cel: string;
  readonly message: string;
  readonly holds: (value: T) => boolean;
}

type Texts = Readonly<Record<string, string>>;

const ofSpec: readonly Check<GatewayParametersSpec>[] = [
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

const ofAutoscaling: readonly Check<NonNullable<GatewayParametersSpec["autoscaling"]>>[] = [
  {
    path: "spec.autoscaling",
    cel: "self.minReplicas <= self.maxReplicas",
    message: "must have minReplicas that are not above maxReplicas",
    holds: ({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
  },
];

const ofReplicas: readonly Check<NonNullable<ParameterBounds["replicas"]>>[] = [
  {
    path: "spec.bounds.replicas",
    cel: "!has(self.minimum) || !has(self.maximum) || self.minimum <= self.maximum",
    message: "must have a minimum that is not above the maximum",
    holds: ({ minimum, maximum }) => minimum === undefined || maximum === undefined || minimum <= maximum,
  },
];

const ofPorts: readonly Check<{ readonly from: number; readonly to: number }>[] = [
  {
    path: "spec.bounds.ports[]",
    cel: "self.from <= self.to",
    message: "must go from a port to one that is not below it",
    holds: ({ from, to }) => from <= to,
  },
];

const ofAccessLog: readonly Check<AccessLog>[] = [
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

const ofTolerations: readonly Check<Toleration>[] = [
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

const ofKeys: readonly Check<Texts>[] = [
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

function keysOf(path: string, pattern: string, what: string): readonly Check<Texts>[] {
  const expression = new RegExp(pattern);
  return [
    {
      path,
      cel: `self.all(key, size(key) <= 317 && key.matches(r'''${pattern}'''))`,
      message: `must have keys that are ${what}`,
      holds: (entries) => Object.keys(entries).every((key) => key.length <= 317 && expression.test(key)),
    },
  ];
}

const everyCheck: readonly Pick<Check<unknown>, "path" | "cel" | "message">[] = [
  ...ofSpec,
  ...ofAutoscaling,
  ...ofReplicas,
  ...ofPorts,
  ...ofAccessLog,
  ...ofTolerations,
  ...ofKeys,
];

/** The rules for manifests from files. */
export const gatewayParametersRules: readonly Rule[] = [
  ...rulesOf(ofSpec),
  ...rulesOf(ofAutoscaling),
  ...rulesOf(ofReplicas),
  ...rulesOf(ofPorts),
  ...rulesOf(ofAccessLog),
  ...rulesOf(ofTolerations),
  ...rulesOf(ofKeys),
];

/** The same rules for the API server. */
export const gatewayParametersCel: readonly CelRule[] = everyCheck.map(({ path, cel, message }) => ({
  path,
  rule: cel,
  message,
}));

function rulesOf<T>(checks: readonly Check<T>[]): readonly Rule[] {
  return checks.flatMap(({ path, message, holds }) => {
    const check: RuleCheck<T> = { name: `${path} ${message}`, check: (value) => (holds(value) ? undefined : message) };
    return rulesFor<T>("GatewayParameters", [path], [check]);
  });
}
