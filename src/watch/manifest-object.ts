import {
  type Kind,
  kinds,
  type NamespacedName,
  namespacedName,
  type ObjectByKind,
  type ObjectKey,
  objectKey,
} from "../core/keys.ts";
import { applyCoreDefaults } from "./core-defaults.ts";
import { normalizeObject, normalizeTime } from "./normalize.ts";
import { describeObject, quoteValue } from "./problem.ts";
import { checkRules } from "./rules/check-rules.ts";
import { type Fault, schemaValidator, type Validator } from "./schema-validator.ts";
import type { JsonSchema } from "./schemas/json-schema.ts";
import { metadataSchema } from "./schemas/metadata.ts";
import { nameSchemas, schemas } from "./schemas/schema-table.ts";
import { emptyMapping, isMapping, type PlainMapping, type PlainValue } from "./yaml-value.ts";

/** One object of a manifest. It keeps its identity for as long as its text does not change. */
export interface ManifestObject<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: NamespacedName;
  readonly key: ObjectKey;
  readonly object: ObjectByKind[K];
}

/** What became of one object of a file. */
export type ReadObject =
  | {
      readonly kind: "object";
      readonly entry: ManifestObject;
      readonly description: string;
      readonly notes: readonly Fault[];
    }
  /** It cannot be taken. Without a key nobody can say which object it is. */
  | {
      readonly kind: "broken";
      readonly key?: ObjectKey;
      readonly description?: string;
      readonly faults: readonly Fault[];
    }
  /** It is of a kind that Gatehouse does not read. */
  | {
      readonly kind: "stranger";
      readonly name: string;
      readonly description: string;
      readonly faults: readonly Fault[];
    };

/** Reads one object as the API server would: version, metadata, defaults, schema, rules. */
export function readObject(value: PlainValue): ReadObject {
  const { apiVersion, kind } = isMapping(value) ? value : emptyMapping<PlainValue>();
  if (!isMapping(value)) return broken("", "is not a Kubernetes object (a mapping with apiVersion, kind and metadata)");
  if (typeof apiVersion !== "string") return broken("apiVersion", "is required, as text such as v1");
  if (typeof kind !== "string") return broken("kind", "is required, as text such as HTTPRoute");
  const metadata = value["metadata"];
  const name = isMapping(metadata) && typeof metadata["name"] === "string" ? metadata["name"] : undefined;
  const namespace =
    isMapping(metadata) && typeof metadata["namespace"] === "string" ? metadata["namespace"] : undefined;
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  if (!isKind(kind) || kinds[kind].group !== group) {
    const message = `is of a kind that Gatehouse does not read (${quoteValue(kind)} of ${quoteValue(apiVersion)}); it is ignored`;
    const described = name === undefined ? quoteValue(kind) : describeObject(kind, namespace, name);
    return {
      kind: "stranger",
      name: `${namespace ?? "default"}/${name}`,
      description: described,
      faults: [{ path: "", message }],
    };
  }
  return readKnown({ kind, version: apiVersion.slice(slash + 1), apiVersion, value, name, namespace });
}

interface Known {
  readonly kind: Kind;
  readonly version: string;
  readonly apiVersion: string;
  readonly value: PlainMapping;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
}

function readKnown({ kind, version, apiVersion, value, name, namespace }: Known): ReadObject {
  const { scope, group, versions } = kinds[kind];
  const cluster = scope === "Cluster";
  const home = cluster ? undefined : (namespace ?? "default");
  const description = describeObject(kind, home, name ?? "(without name)");
  const metadata = emptyMapping<PlainValue>();
  if (isMapping(value["metadata"])) Object.assign(metadata, value["metadata"]);
  const metadataFaults = checkMetadata(kind, metadata, namespace !== undefined && cluster);
  const key =
    name !== undefined && !metadataFaults.some(isAboutIdentity)
      ? objectKey(kind, namespacedName(home, name))
      : undefined;
  const refuse = (faults: readonly Fault[]): ReadObject => ({
    kind: "broken",
    ...(key && { key }),
    description,
    faults,
  });

  if (!versions.some((served) => served === version)) {
    const served = versions.map((each) => (group === "" ? each : `${group}/${each}`)).join(" or ");
    return refuse([{ path: "apiVersion", message: `must be ${served} (is ${quoteValue(apiVersion)})` }]);
  }
  const body = withoutKeys(value, ["apiVersion", "kind", "metadata", "status"]);
  const faults = [...metadataFaults, ...validatorOf(kind)(body, { showValues: kind !== "Secret" })];
  if (faults.length > 0 || key === undefined || name === undefined) return refuse(faults);
  if (home !== undefined) metadata["namespace"] = home;
  metadata["generation"] = 1;
  const object = applyCoreDefaults(kind, Object.assign(body, { metadata }));
  const ruleFaults = checkRules(kind, object);
  if (ruleFaults.length > 0) return refuse(ruleFaults);
  const entry: ManifestObject = {
    kind,
    name: namespacedName(home, name),
    key,
    object: normalizeObject<Kind>(kind, object),
  };
  return { kind: "object", entry, description, notes: timeNotes(metadata["creationTimestamp"]) };
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind);
}

function broken(path: string, message: string): ReadObject {
  return { kind: "broken", faults: [{ path, message }] };
}

/** The faults of `metadata`, which gets its defaults. */
function checkMetadata(kind: Kind, metadata: PlainMapping, forbiddenNamespace: boolean): readonly Fault[] {
  const wrapper = emptyMapping<PlainValue>();
  wrapper["metadata"] = metadata;
  const faults = metadataValidatorOf(kind)(wrapper, { showValues: kind !== "Secret" });
  if (!forbiddenNamespace) return faults;
  return [
    ...faults,
    { path: "metadata.namespace", message: `must not be there, as a ${kind} belongs to no namespace` },
  ];
}

function isAboutIdentity({ path }: Fault): boolean {
  return path === "metadata.name" || path === "metadata.namespace";
}

function timeNotes(time: PlainValue | undefined): readonly Fault[] {
  if (time === undefined || time === null || normalizeTime(time) !== undefined) return [];
  const message = `is not a time such as 2026-01-31T12:00:00Z (is ${quoteValue(time)}); the object counts as created in 1970`;
  return [{ path: "metadata.creationTimestamp", message }];
}

function withoutKeys(mapping: PlainMapping, left: readonly string[]): Record<string, PlainValue> {
  const kept = emptyMapping<PlainValue>();
  for (const key of Object.keys(mapping)) if (!left.includes(key)) kept[key] = mapping[key] ?? null;
  return kept;
}

function validatorOf(kind: Kind): Validator {
  return validators[kind];
}

function metadataValidatorOf(kind: Kind): Validator {
  return metadataValidators.get(nameSchemas[kind]) ?? schemaValidator(wrapped(nameSchemas[kind]));
}

function wrapped(name: JsonSchema): JsonSchema {
  return { type: "object", required: ["metadata"], properties: { metadata: metadataSchema(name) } };
}

const validators = {
  GatewayClass: schemaValidator(schemas.GatewayClass),
  Gateway: schemaValidator(schemas.Gateway),
  ListenerSet: schemaValidator(schemas.ListenerSet),
  HTTPRoute: schemaValidator(schemas.HTTPRoute),
  GRPCRoute: schemaValidator(schemas.GRPCRoute),
  TLSRoute: schemaValidator(schemas.TLSRoute),
  TCPRoute: schemaValidator(schemas.TCPRoute),
  UDPRoute: schemaValidator(schemas.UDPRoute),
  BackendTLSPolicy: schemaValidator(schemas.BackendTLSPolicy),
  ReferenceGrant: schemaValidator(schemas.ReferenceGrant),
  Service: schemaValidator(schemas.Service),
  EndpointSlice: schemaValidator(schemas.EndpointSlice),
  Secret: schemaValidator(schemas.Secret),
  ConfigMap: schemaValidator(schemas.ConfigMap),
  Namespace: schemaValidator(schemas.Namespace),
  GatewayParameters: schemaValidator(schemas.GatewayParameters),
  HostnameClaim: schemaValidator(schemas.HostnameClaim),
  HostnameRecord: schemaValidator(schemas.HostnameRecord),
  NamespaceBudget: schemaValidator(schemas.NamespaceBudget),
  Quarantine: schemaValidator(schemas.Quarantine),
} satisfies Record<Kind, Validator>;

/** One validator for all kinds whose names follow the same rule. */
const metadataValidators: ReadonlyMap<JsonSchema, Validator> = new Map(
  Object.values(nameSchemas).map((name): [JsonSchema, Validator] => [name, schemaValidator(wrapped(name))]),
);
