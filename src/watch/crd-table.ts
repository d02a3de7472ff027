import type { Kind } from "../core/keys.ts";
import type { CelRule } from "./rules/cel-check.ts";
import { gatewayParametersCel } from "./rules/gateway-parameters.ts";
import { hostnameClaimCel } from "./rules/hostname-claim.ts";
import { hostnameRecordCel } from "./rules/hostname-record.ts";
import { namespaceChoiceCel } from "./rules/namespace-choice.ts";
import { quarantineCel } from "./rules/quarantine.ts";
import { gatewayParametersSchema } from "./schemas/gateway-parameters.ts";
import { hostnameClaimSchema } from "./schemas/hostname-claim.ts";
import { hostnameRecordSchema, hostnameRecordStatusSchema } from "./schemas/hostname-record.ts";
import type { JsonSchema } from "./schemas/json-schema.ts";
import { namespaceBudgetSchema } from "./schemas/namespace-budget.ts";
import { quarantineSchema } from "./schemas/quarantine.ts";

/** What the CustomResourceDefinition of a kind of our own says beyond its names. */
export interface OwnKind {
  readonly kind: Kind;
  readonly description: string;
  readonly shortNames: readonly string[];
  readonly categories?: readonly string[];
  readonly columns: readonly PrinterColumn[];
  /** Without `apiVersion`, `kind`, `metadata` and `status`. */
  readonly schema: JsonSchema;
  readonly rules: readonly CelRule[];
  /** The schema of the status; without it the kind has none. */
  readonly status?: object;
}

/** A column of `kubectl get`; with a priority only of `-o wide`. */
interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean" | "date";
  readonly jsonPath: string;
  readonly priority?: 1;
}

const condition = {
  type: "object",
  required: ["type", "status", "lastTransitionTime", "reason", "message"],
  properties: {
    type: { type: "string", maxLength: 316, pattern: "^[A-Za-z0-9][-A-Za-z0-9_./]*$" },
    status: { type: "string", enum: ["True", "False", "Unknown"] },
    observedGeneration: { type: "integer", format: "int64", minimum: 0 },
    lastTransitionTime: { type: "string", format: "date-time" },
    reason: { type: "string", minLength: 1, maxLength: 1024, pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" },
    message: { type: "string", maxLength: 32_768 },
  },
};

const conditionsStatus = {
  type: "object",
  properties: {
    conditions: {
      type: "array",
      maxItems: 8,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
      items: condition,
    },
  },
};

const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" } as const;

/** All kinds of our own. */
export const ownKinds: readonly OwnKind[] = [
  {
    kind: "GatewayParameters",
    description: "How the proxies of Gateways are run: of all Gateways of a class, or of a single one.",
    shortNames: ["gwparams"],
    categories: ["gateway-api"],
    columns: [
      { name: "Accepted", type: "string", jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
      { name: "Proxies", type: "string", jsonPath: ".spec.proxies", priority: 1 },
      { name: "Replicas", type: "integer", jsonPath: ".spec.replicas", priority: 1 },
      { name: "Service", type: "string", jsonPath: ".spec.service.type", priority: 1 },
      age,
    ],
    schema: gatewayParametersSchema,
    rules: gatewayParametersCel,
    status: conditionsStatus,
  },
  {
    kind: "HostnameClaim",
    description: "Grants a domain, or a path of it, to namespaces: no other namespace may answer it.",
    shortNames: ["hostclaim"],
    categories: ["gateway-api"],
    columns: [
      { name: "Hostname", type: "string", jsonPath: ".spec.hostname" },
      { name: "Subdomains", type: "boolean", jsonPath: ".spec.subdomains" },
      { name: "Path", type: "string", jsonPath: ".spec.path" },
      { name: "Namespaces", type: "string", jsonPath: ".spec.namespaces.names" },
      age,
    ],
    schema: hostnameClaimSchema,
    rules: hostnameClaimCel,
  },
  {
    kind: "HostnameRecord",
    description: "What a namespace holds, as Gatehouse keeps it: a hostname, or a path of a hostname that is shared.",
    shortNames: ["hostrecord"],
    columns: [
      { name: "Hostname", type: "string", jsonPath: ".spec.hostname" },
      { name: "Namespace", type: "string", jsonPath: ".spec.namespace" },
      { name: "Since", type: "date", jsonPath: ".spec.since" },
      { name: "Unused", type: "date", jsonPath: ".status.unusedSince" },
      { name: "Path", type: "string", jsonPath: ".spec.path.value", priority: 1 },
      { name: "Object", type: "string", jsonPath: ".spec.object", priority: 1 },
    ],
    schema: hostnameRecordSchema,
    rules: hostnameRecordCel,
    status: hostnameRecordStatusSchema,
  },
  {
    kind: "NamespaceBudget",
    description: "What the objects of each of some namespaces may come to.",
    shortNames: ["nsbudget"],
    categories: ["gateway-api"],
    columns: [
      { name: "Namespaces", type: "string", jsonPath: ".spec.namespaces.names" },
      { name: "Routes", type: "integer", jsonPath: ".spec.limits.routes" },
      { name: "Hostnames", type: "integer", jsonPath: ".spec.limits.hostnames" },
      { name: "Changes", type: "integer", jsonPath: ".spec.limits.changesPerMinute", priority: 1 },
      age,
    ],
    schema: namespaceBudgetSchema,
    rules: namespaceChoiceCel,
  },
  {
    kind: "Quarantine",
    description: "What proxies have refused, as Gatehouse keeps it, so that it is not sent again.",
    shortNames: ["quarantine"],
    columns: [
      { name: "Object", type: "string", jsonPath: ".spec.object" },
      { name: "Gateway", type: "string", jsonPath: ".spec.gateway" },
      { name: "Since", type: "date", jsonPath: ".spec.since" },
      { name: "Part", type: "string", jsonPath: ".spec.part", priority: 1 },
      { name: "Words", type: "string", jsonPath: ".spec.words", priority: 1 },
    ],
    schema: quarantineSchema,
    rules: quarantineCel,
  },
];
