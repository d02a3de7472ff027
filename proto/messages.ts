import type protobuf from "protobufjs/light.js";
import { findMessageType } from "./descriptor.ts";
import type { GoogleProtobufAny, MessageTypes } from "./gen/types.ts";
import { findMessageProblem } from "./strict.ts";

export { anyToJson, messageToJson } from "./message-json.ts";

const typeUrlPrefix = "type.googleapis.com/";

/**
 * Encodes a plain object as the named message. Throws `bug: …` when the object holds anything that would not reach the wire
 * as written: an unknown property, a value of a wrong type, two members of one oneof, an Any without its type URL.
 */
export function encodeMessage<T extends keyof MessageTypes>(type: T, message: MessageTypes[T]): Uint8Array {
  const reflected = messageType(type);
  const problem = findMessageProblem(reflected, message);
  if (problem !== undefined) throw new Error(`bug: cannot encode ${problem}`);
  const encoded = reflected.encode(message).finish();
  // In memory of its own: the encoder hands out parts of 64 KiB, all of which would stay with the few bytes that are kept.
  const bytes = Buffer.allocUnsafeSlow(encoded.length);
  bytes.set(encoded);
  return bytes;
}

/** Decodes the named message into a plain object that holds only the fields that were set; throws on malformed bytes. */
export function decodeMessage<T extends keyof MessageTypes>(type: T, bytes: Uint8Array): MessageTypes[T] {
  const reflected = messageType(type);
  // The generated interfaces are printed from the very descriptor that decodes here.
  return reflected.toObject(reflected.decode(bytes)) as MessageTypes[T];
}

/** Packs a message into a google.protobuf.Any, for the fields that take an extension's configuration. */
export function anyOf<T extends keyof MessageTypes>(type: T, message: MessageTypes[T]): GoogleProtobufAny {
  return { type_url: typeUrlOf(type), value: encodeMessage(type, message) };
}

/** The type URL by which xDS and Any name a message type. */
export function typeUrlOf<T extends keyof MessageTypes>(type: T): `type.googleapis.com/${T}` {
  return `${typeUrlPrefix}${type}`;
}

function messageType(type: keyof MessageTypes): protobuf.Type {
  const found = findMessageType(type);
  if (found === undefined) throw new Error(`bug: the descriptor holds no message ${type}`);
  return found;
}
