/**
 * The part of JSON Schema in which the shapes of Kubernetes objects are written. An object with `properties` and without
 * `additionalProperties` takes no other fields, as the API server's strict field validation has it.
 */
export interface JsonSchema {
  readonly type?: "object" | "array" | "string" | "integer" | "boolean";
  readonly default?: unknown;
  /** What `kubectl explain` says of a field; only in schemas of our own kinds. */
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly format?: "int32" | "int64" | "ipv4" | "ipv6" | "date-time";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  /** `map` and `set` lists hold no entry twice; an `atomic` list may. */
  readonly "x-kubernetes-list-type"?: "atomic" | "map" | "set";
  /** The fields that tell the entries of a `map` list apart. */
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
}
