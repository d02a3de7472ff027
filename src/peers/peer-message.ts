import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";

/** What a replica tells the leader. */
export type PeerMessage =
  /** The first: who it is. */
  | { readonly kind: "hello"; readonly replica: string }
  /** What the proxies of one Gateway have said to it; without a state there is nothing to tell any more. */
  | { readonly kind: "state"; readonly gateway: NamespacedName; readonly state: DataPlaneState | undefined }
  /** Everything has been told once since the hello: what was not, is over. */
  | { readonly kind: "complete" };

/** No message is longer; what would be is told without some of its refusals. */
export const maxMessageBytes = 1024 * 1024;

/** Encodes a message as JSON. */
export function encodePeerMessage(message: PeerMessage): Buffer {
  if (message.kind !== "state" || message.state === undefined) return toBytes(message);
  const { proxies, readyProxies, listeners, refusals } = message.state;
  const state = { proxies, readyProxies, listeners: cutListeners(listeners), refusals: cut(refusals) };
  return toBytes({ ...message, state });
}

/** Reads a message; undefined for anything that is none. The peer has proven that it is one of us: it may still be wrong. */
export function decodePeerMessage(bytes: Uint8Array): PeerMessage | undefined {
  const json = parseJson(bytes);
  if (!isRecord(json)) return undefined;
  switch (json["kind"]) {
    case "hello": {
      const replica = json["replica"];
      return isText(replica, 253) && replica !== "" ? { kind: "hello", replica } : undefined;
    }
    case "state": {
      const gateway = json["gateway"];
      const state = json["state"] === undefined ? undefined : readState(json["state"]);
      if (!isGateway(gateway) || (json["state"] !== undefined && state === undefined)) return undefined;
      return { kind: "state", gateway, state };
    }
    case "complete":
      return { kind: "complete" };
    default:
      return undefined;
  }
}

const maxListeners = 2_000;
const maxVersions = 64;
const maxRefusals = 10_000;
const maxRefusalBytes = 512 * 1024;
const maxProxies = 1_000_000;

function cutListeners(listeners: DataPlaneState["listeners"]): readonly (readonly [string, readonly string[]])[] {
  return [...listeners].slice(0, maxListeners).map(([name, versions]) => [name, versions.slice(0, maxVersions)]);
}

/** The first refusals by name, as many as a message has room for. */
function cut(refusals: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  let bytes = 0;
  return [...refusals]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter((entry) => {
      bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
      return bytes <= maxRefusalBytes;
    });
}

function readState(value: unknown): DataPlaneState | undefined {
  if (!isRecord(value)) return undefined;
  const { proxies, readyProxies } = value;
  const listeners = readEntries(value["listeners"], isVersions, maxListeners);
  const refusals = readEntries(value["refusals"], (words) => isText(words, 4_096), maxRefusals);
  if (!isCount(proxies) || !isCount(readyProxies) || readyProxies > proxies) return undefined;
  return listeners && refusals && { proxies, readyProxies, listeners, refusals };
}

function readEntries<V>(
  value: unknown,
  isValue: (value: unknown) => value is V,
  most: number,
): ReadonlyMap<string, V> | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined;
  const entries = new Map<string, V>();
  for (const entry of value) {
    if (!Array.isArray(entry) || entry.length !== 2) return undefined;
    const [key, content]: readonly unknown[] = entry;
    if (!isText(key, 1_024) || !isValue(content)) return undefined;
    entries.set(key, content);
  }
  return entries;
}

function isVersions(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxVersions && value.every((version) => isText(version, 256));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maxProxies;
}

function isGateway(value: unknown): value is NamespacedName {
  return isText(value, 512) && /^[a-z0-9][-a-z0-9.]*\/[a-z0-9][-a-z0-9.]*$/.test(value);
}

function isText(value: unknown, most: number): value is string {
  return typeof value === "string" && value.length <= most;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Not JSON: the caller ends the stream.
    return undefined;
  }
}

function toBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
