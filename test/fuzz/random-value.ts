import type { JsonSchema } from "../../src/watch/schemas/json-schema.ts";
import type { Random } from "../decide/random.ts";
import { fitted } from "./fitted.ts";
import { oddStrings, stringsOf } from "./odd-strings.ts";
import type { Plain, PlainRecord } from "./plain.ts";
import { backendRef, commonValue, textsOf } from "./pools.ts";

/** Where a value is made: the kind of its object, the way to it, and how often something about it is wrong. */
export interface Place {
  readonly kind: string;
  readonly path: readonly string[];
  readonly random: Random;
  /** In so many of a hundred values something is not as the schema has it. */
  readonly faults: number;
}

/** Makes a value for a schema, by walking it: mostly of what it takes, once in a while of what it does not. */
export function randomValue(schema: JsonSchema, place: Place): Plain {
  const { random, faults } = place;
  if (random.chance(faults)) return wrongValue(schema, place);
  const alternatives = schema.anyOf ?? [];
  if (schema.type === undefined && alternatives.length > 0) return randomValue(random.pick(alternatives), place);
  switch (schema.type) {
    case "object":
      return randomObject(schema, place);
    case "array":
      return randomList(schema, place);
    case "integer":
      return randomNumber(schema, place);
    case "boolean":
      return random.chance(50);
    default:
      return randomText(schema, place);
  }
}

function below(place: Place, step: string): Place {
  return { ...place, path: [...place.path, step] };
}

function inList(place: Place): Place {
  return { ...place, path: [...place.path.slice(0, -1), `${place.path.at(-1) ?? ""}[]`] };
}

function randomObject(schema: JsonSchema, place: Place): PlainRecord {
  const { random, kind, path } = place;
  const common = random.chance(95) ? commonValue(kind, path, random) : undefined;
  if (common !== undefined) return common;
  const made: Record<string, Plain> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const isRequired = schema.required?.includes(name) === true;
    if (isRequired || random.chance(share(name, place))) made[name] = randomValue(field, below(place, name));
  }
  if (schema.additionalProperties !== undefined) addEntries(made, schema, place);
  const isBackend = path.at(-1) === "backendRefs[]" && random.chance(97);
  const whole = isBackend ? { ...withoutTarget(made), ...backendRef(random) } : made;
  return random.chance(94) ? fitted(whole, schema, place) : whole;
}

function withoutTarget(made: PlainRecord): PlainRecord {
  const { group: _, kind: _kind, namespace: _namespace, ...rest } = made;
  return rest;
}

/** How often, of a hundred, an optional field is written: those by which objects meet nearly always. */
const shares: Readonly<Record<string, number>> = {
  parentRefs: 95,
  backendRefs: 90,
  rules: 95,
  allowedRoutes: 85,
  allowedListeners: 80,
  hostnames: 45,
  addresses: 6,
  infrastructure: 12,
  parametersRef: 25,
  weight: 40,
  filters: 25,
  kinds: 12,
};

/** Deep down less is written, so that objects end; of many fields that exclude each other few. */
function share(field: string, { kind, path }: Place): number {
  const known = Object.hasOwn(shares, field) ? shares[field] : undefined;
  if (known !== undefined) return known;
  if (kind === "GatewayParameters") return path.length < 2 ? 12 : 40;
  return path.length < 3 ? 55 : path.length < 6 ? 40 : 30;
}

function addEntries(made: Record<string, Plain>, schema: JsonSchema, place: Place): void {
  const { random } = place;
  const names = ["example.com/one", "team", "ca.crt", "tls.crt", "gatehouse.dev/minimum-tls-version", "cpu", "memory"];
  const count = random.below(Math.min(4, (schema.maxProperties ?? 3) + 1));
  for (let index = 0; index < Math.max(count, schema.minProperties ?? 0); index += 1) {
    const name = random.chance(90) ? random.pick(names) : random.pick(oddStrings);
    // A field like any other, also when it is called __proto__.
    Object.defineProperty(made, name, {
      value: randomValue(schema.additionalProperties ?? {}, place),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

function randomList(schema: JsonSchema, place: Place): readonly Plain[] {
  const { random } = place;
  const [least, most] = [schema.minItems ?? 0, schema.maxItems ?? 8];
  const wanted = random.chance(2)
    ? Math.min(most, 40)
    : least + random.pick(least > 0 ? [0, 0, 0, 1, 1, 2] : [0, 1, 1, 1, 1, 2, 3]);
  const count = Math.max(least, Math.min(most, wanted));
  const items = Array.from({ length: count }, () => randomValue(schema.items ?? {}, inList(place)));
  return random.chance(97) ? distinctItems(items, schema) : items;
}

/** Without the second of two entries that such a list may hold only once. */
function distinctItems(items: readonly Plain[], schema: JsonSchema): readonly Plain[] {
  const keys = schema["x-kubernetes-list-map-keys"];
  if (keys === undefined && schema["x-kubernetes-list-type"] !== "set") return items;
  const seen = new Set<string>();
  return items.filter((item) => {
    const record = typeof item === "object" && item !== null && !Array.isArray(item) ? (item as PlainRecord) : {};
    const spelling = JSON.stringify(keys === undefined ? item : keys.map((key) => record[key] ?? ""));
    if (seen.has(spelling)) return false;
    seen.add(spelling);
    return true;
  });
}

function randomNumber(schema: JsonSchema, { random, path }: Place): Plain {
  if (schema.enum !== undefined) return random.pick(schema.enum);
  const [least, most] = [schema.minimum ?? 0, schema.maximum ?? 2_147_483_647];
  const known = textsOf(lastStep(path))?.filter((value) => Number(value) >= least && Number(value) <= most) ?? [];
  if (known.length > 0) return random.pick(known);
  return random.pick([least, least + 1, Math.min(most, least + 5), Math.min(most, 100), Math.min(most, 5000), most]);
}

function randomText(schema: JsonSchema, { random, path }: Place): Plain {
  if (schema.enum !== undefined) return random.pick(schema.enum);
  if (schema.format === "ipv4") return "127.9.0.2";
  if (schema.format === "ipv6") return "::1";
  if (schema.format === "date-time") return random.pick(["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"]);
  const form = new RegExp(schema.pattern ?? "");
  const known = textsOf(lastStep(path))?.filter((value) => form.test(String(value))) ?? [];
  if (known.length > 0 && random.chance(85)) return random.pick(known);
  if (schema.pattern !== undefined) return random.pick(stringsOf(schema.pattern));
  return random.chance(70) ? random.pick(["one", "two", "three", "app", "cert"]) : random.pick(oddStrings);
}

function lastStep(path: readonly string[]): string {
  return (path.at(-1) ?? "").replace("[]", "");
}

/** Of another type, out of bounds, empty, too long, or of another form. */
function wrongValue(schema: JsonSchema, place: Place): Plain {
  const { random } = place;
  const right = randomValue(schema, { ...place, faults: 0 });
  const wrong: readonly Plain[] = [
    null,
    "",
    -1,
    0,
    1.5,
    65_536,
    2 ** 31,
    true,
    [],
    {},
    [right],
    { value: right },
    random.pick(oddStrings),
    ...(Array.isArray(right) ? [[...right, ...right], Array.from({ length: 130 }, () => right[0] ?? "x")] : []),
    ...(typeof right === "string" ? [right.toUpperCase(), `${right} `, right.repeat(60)] : []),
  ];
  return random.pick(wrong);
}
