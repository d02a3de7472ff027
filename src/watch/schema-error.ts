import type { ErrorObject } from "ajv";
import { quoteValue } from "./problem.ts";
import { patternInWords } from "./schemas/patterns.ts";

/** A schema's refusal in plain words. `step` names the field when the fault is about one that is missing or unknown. */
export interface SchemaErrorInWords {
  readonly step?: string;
  readonly message: string;
}

/** Says what is wrong, with the value unless it may be a secret. Undefined for what another error says better. */
export function schemaErrorInWords(error: ErrorObject, showValues: boolean): SchemaErrorInWords | undefined {
  // Alternatives are told of once, by the keyword that holds them.
  if (alternatives.test(error.schemaPath)) return undefined;
  const { params } = error;
  if (error.propertyName !== undefined)
    return { step: error.propertyName, message: `must ${expectation(error) ?? "differ"}` };
  switch (error.keyword) {
    case "required":
      return { step: String(params["missingProperty"]), message: "is required" };
    case "additionalProperties":
      return { step: String(params["additionalProperty"]), message: "is not a field that exists" };
    case "propertyNames":
      return undefined;
    case "oneOf":
      return { step: "value", message: "must be an IPv4 or IPv6 address when the type is IPAddress" };
    default: {
      const expected = expectation(error) ?? "have another form";
      const shown = showValues && !sizes.has(error.keyword);
      return { message: shown ? `must ${expected} (is ${quoteValue(error.data)})` : `must ${expected}` };
    }
  }
}

/** Keywords about a whole list or mapping, which is not shown. */
const sizes: ReadonlySet<string> = new Set([
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "x-kubernetes-list-type",
  "x-kubernetes-list-map-keys",
]);

const alternatives = /\/(oneOf|anyOf)\/\d+\//;

function expectation({ keyword, params, schema, data }: ErrorObject): string | undefined {
  const limit = params["limit"];
  switch (keyword) {
    case "type":
      return `be ${typeNames.get(String(params["type"])) ?? "of another type"}`;
    case "enum":
      return `be one of ${allowed(schema)}`;
    case "pattern":
      return patternInWords(String(params["pattern"]));
    case "minimum":
      return `be ≥ ${limit}`;
    case "maximum":
      return `be ≤ ${limit}`;
    case "minLength":
      return limit === 1 ? "not be empty" : `have at least ${limit} characters`;
    case "maxLength":
      return `have at most ${limit} characters`;
    case "minItems":
      return limit === 1 ? "not be empty" : `have at least ${limit} entries`;
    case "maxItems":
      return `have at most ${limit === 1 ? "one entry" : `${limit} entries`}, not ${Array.isArray(data) ? data.length : "more"}`;
    case "minProperties":
      return limit === 1 ? "not be empty" : `have at least ${limit} entries`;
    case "maxProperties":
      return `have at most ${limit} entries`;
    case "format":
      return `be ${formatNames.get(String(params["format"])) ?? "of another format"}`;
    case "x-kubernetes-list-type":
      return "not hold an entry twice";
    case "x-kubernetes-list-map-keys":
      return `not hold two entries with the same ${Array.isArray(schema) ? schema.join(" and ") : "key"}`;
    case "anyOf":
      return "be a number from 1 to 65535 or a name";
    default:
      return undefined;
  }
}

function allowed(schema: unknown): string {
  return Array.isArray(schema) ? schema.map(quoteValue).join(", ") : "a few values";
}

const typeNames: ReadonlyMap<string, string> = new Map([
  ["object", "a mapping"],
  ["array", "a list"],
  ["string", "a string"],
  ["integer", "a whole number"],
  ["boolean", "true or false"],
]);

const formatNames: ReadonlyMap<string, string> = new Map([
  ["int32", "a number of 32 bits"],
  ["int64", "a number of 64 bits"],
  ["ipv4", "an IPv4 address"],
  ["ipv6", "an IPv6 address"],
  ["date-time", "a time such as 2026-01-31T12:00:00Z"],
]);
