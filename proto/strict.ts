import protobuf from "protobufjs/light.js";

/**
 * Says what is wrong with a plain object that is about to be encoded as a message type; undefined when nothing is.
 *
 * protobufjs encodes the properties it knows and drops all others without a word, so a misspelt field would reach Envoy as
 * an absent one. This walk is one pass over the object and runs in production too.
 */
export function findMessageProblem(type: protobuf.Type, message: unknown): string | undefined {
  const problem = checkMessage(shapeOf(type), message);
  return problem === undefined ? undefined : `${type.fullName.slice(1)}${problem}`;
}

// A check returns undefined, or the rest of the path followed by what is wrong there.
type Check = (value: unknown) => string | undefined;

interface FieldShape {
  readonly check: Check;
  /** The oneof whose other members exclude this field. */
  readonly oneof: string | undefined;
}

interface MessageShape {
  readonly fields: ReadonlyMap<string, FieldShape>;
  readonly required: readonly string[];
}

const shapes = new WeakMap<protobuf.Type, MessageShape>();

function shapeOf(type: protobuf.Type): MessageShape {
  const known = shapes.get(type);
  if (known !== undefined) return known;
  const fields = new Map(type.fieldsArray.map((field) => [field.name, fieldShape(field.resolve())]));
  const shape: MessageShape = {
    fields,
    // protobufjs spells this field unlike all others, so `typeUrl` is the likeliest slip of all.
    required: type.fullName === ".google.protobuf.Any" ? ["type_url", "value"] : [],
  };
  shapes.set(type, shape);
  return shape;
}

function fieldShape(field: protobuf.Field): FieldShape {
  const single = valueCheck(field);
  const oneof = field.partOf === null ? undefined : field.partOf.name;
  if (field.map) return { check: (value) => checkMap(single, value), oneof };
  if (field.repeated) return { check: (value) => checkList(single, value), oneof };
  return { check: single, oneof };
}

function checkMessage(shape: MessageShape, message: unknown): string | undefined {
  if (!isObject(message)) return `: expected a message, got ${describe(message)}`;
  let oneofs: Map<string, string> | undefined;
  for (const name of Object.keys(message)) {
    const field = shape.fields.get(name);
    if (field === undefined) return `: unknown property "${name}"`;
    const value = message[name];
    if (value === undefined) continue;
    const problem = field.check(value);
    if (problem !== undefined) return `.${name}${problem}`;
    if (field.oneof === undefined) continue;
    oneofs ??= new Map();
    const other = oneofs.get(field.oneof);
    if (other !== undefined) return `: "${other}" and "${name}" are both set, but exclude each other`;
    oneofs.set(field.oneof, name);
  }
  const missing = shape.required.find((name) => message[name] === undefined || message[name] === "");
  return missing === undefined ? undefined : `: "${missing}" is missing`;
}

function checkList(check: Check, list: unknown): string | undefined {
  if (!Array.isArray(list)) return `: expected a list, got ${describe(list)}`;
  for (let index = 0; index < list.length; index += 1) {
    const problem = check(list[index]);
    if (problem !== undefined) return `[${index}]${problem}`;
  }
  return undefined;
}

function checkMap(check: Check, map: unknown): string | undefined {
  if (!isObject(map)) return `: expected a map, got ${describe(map)}`;
  // `map["__proto__"] = …` sets the prototype and loses the entry; Object.fromEntries keeps it.
  const prototype: unknown = Object.getPrototypeOf(map);
  if (prototype !== Object.prototype && prototype !== null) return ": a map must be a plain object";
  for (const key of Object.keys(map)) {
    if (!key.isWellFormed()) return `[${JSON.stringify(key)}]: the key is not well-formed Unicode`;
    const problem = check(map[key]);
    if (problem !== undefined) return `[${JSON.stringify(key)}]${problem}`;
  }
  return undefined;
}

function valueCheck(field: protobuf.Field): Check {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Enum) return enumCheck(resolved);
  if (resolved instanceof protobuf.Type) {
    // Types refer to themselves: the shape is made when the first value is seen.
    let shape: MessageShape | undefined;
    return (value) => {
      shape ??= shapeOf(resolved);
      return checkMessage(shape, value);
    };
  }
  const check = scalarChecks.get(field.type);
  if (check === undefined) throw new Error(`bug: field ${field.fullName} has the unknown type ${field.type}`);
  return (value) => (check(value) ? undefined : `: expected ${field.type}, got ${describe(value)}`);
}

function enumCheck(type: protobuf.Enum): Check {
  const numbers = new Set<unknown>(Object.values(type.values));
  return (value) => (numbers.has(value) ? undefined : `: ${describe(value)} is no number of enum ${type.name}`);
}

const isInt32 = (value: unknown): boolean => isInteger(value, -0x80000000, 0x7fffffff);
const isUint32 = (value: unknown): boolean => isInteger(value, 0, 0xffffffff);
const isInt64 = (value: unknown): boolean =>
  isInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) || isLong(value);
const isUint64 = (value: unknown): boolean => isInteger(value, 0, Number.MAX_SAFE_INTEGER) || isLong(value);
const isFloat = (value: unknown): boolean => typeof value === "number" && !Number.isNaN(value);

const scalarChecks: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  // A lone surrogate would become bytes that are not UTF-8, and Envoy drops the whole response that holds them.
  ["string", (value: unknown) => typeof value === "string" && value.isWellFormed()],
  ["bytes", (value: unknown) => value instanceof Uint8Array],
  ["bool", (value: unknown) => typeof value === "boolean"],
  ["double", isFloat],
  ["float", isFloat],
  ["int32", isInt32],
  ["sint32", isInt32],
  ["sfixed32", isInt32],
  ["uint32", isUint32],
  ["fixed32", isUint32],
  ["int64", isInt64],
  ["sint64", isInt64],
  ["sfixed64", isInt64],
  ["uint64", isUint64],
  ["fixed64", isUint64],
]);

function isInteger(value: unknown, minimum: number, maximum: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum;
}

function isLong(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Number.isInteger(value["low"]) && Number.isInteger(value["high"]) && typeof value["unsigned"] === "boolean";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return value.length > 40 ? "a string" : JSON.stringify(value);
  if (typeof value === "object") return Array.isArray(value) ? "a list" : "an object";
  return String(value);
}
