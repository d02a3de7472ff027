import { isIPv4, isIPv6 } from "node:net";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { normalizeTime } from "./normalize.ts";
import { formatPath, type PathStep } from "./problem.ts";
import { schemaErrorInWords } from "./schema-error.ts";
import type { JsonSchema } from "./schemas/json-schema.ts";
import { isMapping, type PlainMapping, plainCopy } from "./yaml-value.ts";

/** Something about an object that is not as it must be. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Checks one value and writes the schema's defaults into it. */
export type Validator = (value: PlainMapping, options: { readonly showValues: boolean }) => readonly Fault[];

/**
 * Makes the validator of a schema; it is compiled when it is first used. Like the API server it takes `null` for "not
 * there", then writes defaults wherever the object around them is there, then looks at everything.
 */
export function schemaValidator(schema: JsonSchema): Validator {
  let compiled: ValidateFunction | undefined;
  return (value, { showValues }) => {
    compiled ??= ajv.compile(closed(schema));
    applyDefaults(value, schema);
    if (compiled(value)) return [];
    return faults(compiled.errors ?? [], value, showValues);
  };
}

/**
 * Makes a validator that asks only for what the rest of the program relies on: types, required fields and known values.
 * It is for objects that an API server has accepted, perhaps by a newer schema: fields that we do not know may be there.
 */
export function shapeValidator(schema: JsonSchema): Validator {
  let compiled: ValidateFunction | undefined;
  return (value, { showValues }) => {
    compiled ??= ajv.compile(shapeOf(schema));
    applyDefaults(value, schema);
    if (compiled(value)) return [];
    return faults(compiled.errors ?? [], value, showValues);
  };
}

/** Faults that are told of one object; the rest is counted. */
const mostFaults = 10;

/** Longer than any string that our patterns allow, and short enough for those that are not held to the start. */
const longestMatch = 512;

/** Only our own patterns come here, and never a text so long that a pattern could take its time over it. */
function boundedPattern(pattern: string, flags: string): { test(text: string): boolean; toString(): string } {
  const expression = new RegExp(pattern, flags);
  return {
    test: (text) => text.length <= longestMatch && expression.test(text),
    // Ajv shares compiled patterns that have the same spelling.
    toString: () => expression.toString(),
  };
}

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  ownProperties: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  code: { regExp: Object.assign(boundedPattern, { code: "boundedPattern" }) },
  formats: {
    int32: { type: "number", validate: (value: number) => value >= -(2 ** 31) && value < 2 ** 31 },
    int64: { type: "number", validate: (value: number) => Number.isSafeInteger(value) },
    ipv4: isIPv4,
    ipv6: isIPv6,
    "date-time": (value: string) => normalizeTime(value) !== undefined,
  },
  keywords: [
    {
      keyword: "x-kubernetes-list-type",
      type: "array",
      schemaType: "string",
      validate: (listType: string, list: readonly unknown[]) => listType !== "set" || distinct(list.map(spelling)),
    },
    {
      keyword: "x-kubernetes-list-map-keys",
      type: "array",
      schemaType: "array",
      validate: (keys: readonly string[], list: readonly unknown[]) =>
        distinct(list.map((entry) => spelling(keys.map((key) => (isMapping(entry) ? entry[key] : undefined))))),
    },
  ],
});

function distinct(spellings: readonly string[]): boolean {
  return new Set(spellings).size === spellings.length;
}

function spelling(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

/** Refuses unknown fields in every object with a list of fields. */
function closed(schema: JsonSchema): object {
  const { properties, items, additionalProperties, ...rest } = schema;
  const fields =
    properties && Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, closed(field)]));
  const others = additionalProperties !== undefined ? closed(additionalProperties) : fields ? false : undefined;
  return {
    ...rest,
    ...(fields && { properties: fields }),
    ...(items && { items: closed(items) }),
    ...(others !== undefined && { additionalProperties: others }),
  };
}

/** What is left of a schema without limits, patterns and combinations. */
function shapeOf({ type, required, properties, items, additionalProperties, enum: values }: JsonSchema): object {
  return {
    ...(type && { type }),
    ...(required && { required }),
    ...(values && { enum: values }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, shapeOf(field)])),
    }),
    ...(items && { items: shapeOf(items) }),
    ...(additionalProperties && { additionalProperties: shapeOf(additionalProperties) }),
  };
}

/** Ajv's own defaulting comes after `oneOf`, which must see the defaults, so it is done here beforehand. */
function applyDefaults(value: unknown, schema: JsonSchema): void {
  const { properties, items, additionalProperties } = schema;
  if (Array.isArray(value)) {
    if (items !== undefined) for (const item of value) applyDefaults(item, items);
    return;
  }
  if (!isMapping(value)) return;
  for (const [name, field] of Object.entries(properties ?? {})) {
    if (value[name] === null) Reflect.deleteProperty(value, name);
    if (value[name] === undefined && field.default !== undefined) Reflect.set(value, name, plainCopy(field.default));
    applyDefaults(value[name], field);
  }
  if (additionalProperties !== undefined) {
    for (const name of Object.keys(value)) applyDefaults(value[name], additionalProperties);
  }
}

function faults(errors: readonly ErrorObject[], root: unknown, showValues: boolean): readonly Fault[] {
  const found: Fault[] = [];
  for (const error of errors) {
    const words = schemaErrorInWords(error, showValues);
    if (words === undefined) continue;
    const steps = [...stepsOf(error.instancePath, root), ...(words.step === undefined ? [] : [words.step])];
    found.push({ path: formatPath(steps), message: words.message });
  }
  if (found.length <= mostFaults) return found;
  const more = found.length - mostFaults;
  return [...found.slice(0, mostFaults), { path: "", message: `has ${more} more ${more === 1 ? "fault" : "faults"}` }];
}

/** Ajv's JSON pointer as steps; the object itself tells an index from a key that looks like one. */
function stepsOf(pointer: string, root: unknown): readonly PathStep[] {
  let value: unknown = root;
  return pointer
    .split("/")
    .slice(1)
    .map((part): PathStep => {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      const inList = Array.isArray(value);
      value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
      return inList ? Number(key) : key;
    });
}
