import protobuf from "protobufjs/light.js";
import { findMessageType } from "./descriptor.ts";
import type { GoogleProtobufAny, MessageTypes } from "./gen/types.ts";

/**
 * Decodes a message into JSON for people to read: field names as in Envoy's documentation, enums by name, bytes in base64,
 * 64-bit numbers as strings, durations as "1.5s", every Any opened as `{"@type": …}`. Throws on malformed bytes.
 */
export function messageToJson(type: keyof MessageTypes, bytes: Uint8Array): unknown {
  const reflected = findMessageType(type);
  if (reflected === undefined) throw new Error(`bug: the descriptor holds no message ${type}`);
  return toJson(reflected, decode(reflected, bytes));
}

/** Opens an Any as `{"@type": …}` and its fields; one that we cannot decode keeps its value in base64. */
export function anyToJson(any: GoogleProtobufAny): unknown {
  const reflected = findMessageType(any.type_url.slice(any.type_url.lastIndexOf("/") + 1));
  const closed = { "@type": any.type_url, value: base64(any.value) };
  if (reflected === undefined) return closed;
  const decoded = tryDecode(reflected, any.value);
  if (decoded === undefined) return closed;
  const json = toJson(reflected, decoded);
  const opens = json !== null && typeof json === "object" && !wellKnown.has(reflected.fullName);
  return opens ? { "@type": any.type_url, ...json } : { "@type": any.type_url, value: json };
}

type Plain = Readonly<Record<string, unknown>>;

const wellKnown: ReadonlyMap<string, (message: Plain) => unknown> = new Map<string, (message: Plain) => unknown>([
  [".google.protobuf.Any", (any) => anyToJson({ type_url: asString(any["type_url"]), value: asBytes(any["value"]) })],
  [".google.protobuf.Duration", (duration) => `${decimalSeconds(duration)}s`],
  [".google.protobuf.Timestamp", timestampToJson],
  [".google.protobuf.Struct", structToJson],
  [".google.protobuf.ListValue", listToJson],
  [".google.protobuf.Value", structValueToJson],
  [".google.protobuf.BoolValue", (wrapper) => wrapper["value"] ?? false],
  [".google.protobuf.StringValue", (wrapper) => wrapper["value"] ?? ""],
  [".google.protobuf.BytesValue", (wrapper) => base64(asBytes(wrapper["value"]))],
  [".google.protobuf.DoubleValue", (wrapper) => wrapper["value"] ?? 0],
  [".google.protobuf.FloatValue", (wrapper) => wrapper["value"] ?? 0],
  [".google.protobuf.Int32Value", (wrapper) => wrapper["value"] ?? 0],
  [".google.protobuf.UInt32Value", (wrapper) => wrapper["value"] ?? 0],
  [".google.protobuf.Int64Value", (wrapper) => String(wrapper["value"] ?? 0)],
  [".google.protobuf.UInt64Value", (wrapper) => String(wrapper["value"] ?? 0)],
]);

function toJson(type: protobuf.Type, message: Plain): unknown {
  const special = wellKnown.get(type.fullName);
  if (special !== undefined) return special(message);
  const entries = type.fieldsArray
    .filter((field) => message[field.name] !== undefined)
    .map((field) => [field.resolve().protoName, fieldToJson(field, message[field.name])] as const);
  return Object.fromEntries(entries);
}

function fieldToJson(field: protobuf.Field, value: unknown): unknown {
  if (field.map) {
    return Object.fromEntries(Object.entries(asPlain(value)).map(([key, entry]) => [key, valueToJson(field, entry)]));
  }
  return Array.isArray(value) ? value.map((entry) => valueToJson(field, entry)) : valueToJson(field, value);
}

function valueToJson(field: protobuf.Field, value: unknown): unknown {
  const resolved = field.resolvedType;
  if (resolved instanceof protobuf.Type) return toJson(resolved, asPlain(value));
  if (resolved instanceof protobuf.Enum) return resolved.valuesById[Number(value)] ?? value;
  if (value instanceof Uint8Array) return base64(value);
  return field.type.endsWith("64") ? String(value) : value;
}

function timestampToJson(timestamp: Plain): string {
  const milliseconds = Number(timestamp["seconds"] ?? 0) * 1000 + Number(timestamp["nanos"] ?? 0) / 1e6;
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${decimalSeconds(timestamp)}s since 1970` : date.toISOString();
}

function decimalSeconds(duration: Plain): string {
  const seconds = Number(duration["seconds"] ?? 0);
  const nanos = Number(duration["nanos"] ?? 0);
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  const fraction = nanos === 0 ? "" : `.${String(Math.abs(nanos)).padStart(9, "0").replace(/0+$/, "")}`;
  return `${sign}${Math.abs(seconds)}${fraction}`;
}

function structToJson(struct: Plain): unknown {
  const fields = Object.entries(asPlain(struct["fields"] ?? {}));
  return Object.fromEntries(fields.map(([key, value]) => [key, structValueToJson(asPlain(value))]));
}

function listToJson(list: Plain): unknown {
  const values: unknown = list["values"];
  return Array.isArray(values) ? values.map((value) => structValueToJson(asPlain(value))) : [];
}

function structValueToJson(value: Plain): unknown {
  if (value["structValue"] !== undefined) return structToJson(asPlain(value["structValue"]));
  if (value["listValue"] !== undefined) return listToJson(asPlain(value["listValue"]));
  // JSON is the one place where null is a value: it is what a Struct's null_value stands for.
  return value["stringValue"] ?? value["numberValue"] ?? value["boolValue"] ?? null;
}

function decode(type: protobuf.Type, bytes: Uint8Array): Plain {
  return type.toObject(type.decode(bytes));
}

function tryDecode(type: protobuf.Type, bytes: Uint8Array): Plain | undefined {
  try {
    return decode(type, bytes);
  } catch {
    // Bytes that do not decode are shown closed: a debug page must not fail on them.
    return undefined;
  }
}

function asPlain(value: unknown): Plain {
  if (typeof value !== "object" || value === null) throw new Error("bug: a decoded message is not an object");
  // A decoded message: its properties are read as unknown.
  return value as Plain;
}

function asString(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
