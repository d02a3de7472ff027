/** The question of one replica to another about its proxies, as it goes over the wire: JSON, and limits for everything. */
import type { MethodDefinition } from "@grpc/grpc-js";
import {
  type ConvergenceQuestion,
  convergingKinds,
  type GatewayCounts,
  type ReplicaCounts,
} from "../core/convergence.ts";
import type { NamespacedName, ObjectKey } from "../core/keys.ts";

/** One message of questions, one of answers in the same order. */
export const convergenceMethod: MethodDefinition<Buffer, Buffer> = {
  path: "/gatehouse.peers.v1.Peers/Convergence",
  originalName: "Convergence",
  requestStream: false,
  responseStream: false,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
};

/** Limits of one message; more than routes can have. */
export const mostQuestions = 256;
const mostHosts = 4_096;
const mostGateways = 1_024;
const mostProxies = 1_000_000;

export function encodeQuestions(questions: readonly ConvergenceQuestion[]): Buffer {
  return Buffer.from(JSON.stringify({ questions }));
}

/** Reads questions; undefined for anything that is none. */
export function decodeQuestions(bytes: Uint8Array): readonly ConvergenceQuestion[] | undefined {
  return readList(fieldsOf(parseJson(bytes))["questions"], mostQuestions, readQuestion);
}

export function encodeAnswers(answers: readonly ReplicaCounts[]): Buffer {
  return Buffer.from(JSON.stringify({ answers }));
}

/** Reads the answers to so many questions; undefined for anything else. */
export function decodeAnswers(bytes: Uint8Array, count: number): readonly ReplicaCounts[] | undefined {
  const answers = readList(fieldsOf(parseJson(bytes))["answers"], mostQuestions, readCounts);
  return answers?.length === count ? answers : undefined;
}

function readQuestion(value: unknown): ConvergenceQuestion | undefined {
  const { kind, object, gateway, hosts } = fieldsOf(value);
  if (!isObject(object)) return undefined;
  if (kind === "object") return { kind, object };
  const read = readList(hosts, mostHosts, (host) => (isText(host) && host.includes("|") ? host : undefined));
  if (kind !== "hosts" || !isGateway(gateway) || read === undefined) return undefined;
  return { kind, object, gateway, hosts: read };
}

function readCounts(value: unknown): ReplicaCounts | undefined {
  const { generation, gateways } = fieldsOf(value);
  const read = readList(gateways, mostGateways, readGateway);
  if (read === undefined) return undefined;
  if (generation === undefined) return { gateways: read };
  return isCount(generation, Number.MAX_SAFE_INTEGER) ? { generation, gateways: read } : undefined;
}

function readGateway(value: unknown): GatewayCounts | undefined {
  const { gateway, connected, acknowledged } = fieldsOf(value);
  if (!isGateway(gateway) || !isCount(connected, mostProxies) || !isCount(acknowledged, connected)) return undefined;
  return { gateway, connected, acknowledged };
}

function readList<T>(value: unknown, most: number, read: (value: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined;
  const found: T[] = [];
  for (const each of value) {
    const one = read(each);
    if (one === undefined) return undefined;
    found.push(one);
  }
  return found;
}

const namePattern = "[a-z0-9][-a-z0-9.]{0,252}";
const gatewayPattern = new RegExp(`^${namePattern}/${namePattern}$`);
const objectPattern = new RegExp(`^(${convergingKinds.join("|")})/${namePattern}/${namePattern}$`);

function isGateway(value: unknown): value is NamespacedName {
  return isText(value) && gatewayPattern.test(value);
}

function isObject(value: unknown): value is ObjectKey {
  return isText(value) && objectPattern.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 1_024;
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
}

function pass(bytes: Buffer): Buffer {
  return bytes;
}
