import { isDeepStrictEqual } from "node:util";
import { decodeMessage } from "../../proto/messages.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import { typeUrls } from "../core/xds-resource.ts";

/** The part of a node that says who a client is, and on which build. */
export interface ClientNode {
  readonly id: string;
  readonly cluster: string;
  /** Compared as a whole, never read. */
  readonly metadata: unknown;
  /** Envoy's own version, `1.40.0`; empty when the client did not tell. */
  readonly version: string;
}

export function isSameNode(a: ClientNode, b: ClientNode): boolean {
  return a.id === b.id && a.cluster === b.cluster && isDeepStrictEqual(a.metadata, b.metadata);
}

/** What requests of both protocol variants have in common. */
interface Request {
  readonly typeUrl: string;
  readonly node?: ClientNode;
  readonly nonce: string;
  /** The client's words on why it refuses the response with this nonce. */
  readonly error?: string;
}

export interface DeltaRequest extends Request {
  readonly kind: "delta";
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: ReadonlyMap<string, string>;
}

export interface SotwRequest extends Request {
  readonly kind: "sotw";
  readonly version: string;
  readonly names: readonly string[];
}

/** Reads a DeltaDiscoveryRequest; throws on malformed bytes. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const message = decodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", bytes);
  return {
    kind: "delta",
    ...readCommon(message),
    subscribe: message.resourceNamesSubscribe ?? [],
    unsubscribe: message.resourceNamesUnsubscribe ?? [],
    initialVersions: new Map(Object.entries(message.initialResourceVersions ?? {})),
  };
}

/** Reads a DiscoveryRequest; throws on malformed bytes. */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  const message = decodeMessage("envoy.service.discovery.v3.DiscoveryRequest", bytes);
  return {
    kind: "sotw",
    ...readCommon(message),
    version: message.versionInfo ?? "",
    names: message.resourceNames ?? [],
  };
}

/** Assembles a DeltaDiscoveryResponse around resources that are encoded already. */
export function encodeDeltaResponse(response: {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly resources: readonly XdsResource[];
  readonly removed: readonly string[];
}): Buffer {
  const typeUrl = typeUrls[response.type];
  const sizes = response.resources.map((resource) => deltaResourceSize(typeUrl, resource));
  let size = textSize(typeUrl) + textSize(response.nonce);
  for (const { whole } of sizes) size += chunkSize(whole);
  for (const name of response.removed) size += chunkSize(Buffer.byteLength(name));

  const writer = new Writer(size);
  response.resources.forEach((resource, index) => {
    const { whole, any } = sizes[index] ?? deltaResourceSize(typeUrl, resource);
    writer.open(2, whole);
    writer.text(1, resource.version);
    writer.open(2, any);
    writer.text(1, typeUrl);
    writer.bytes(2, resource.bytes);
    writer.text(3, resource.name);
  });
  writer.text(4, typeUrl);
  writer.text(5, response.nonce);
  for (const name of response.removed) writer.repeatedText(6, name);
  return writer.buffer;
}

/** Assembles a DiscoveryResponse around resources that are encoded already. */
export function encodeSotwResponse(response: {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly XdsResource[];
}): Buffer {
  const typeUrl = typeUrls[response.type];
  let size = textSize(response.version) + textSize(typeUrl) + textSize(response.nonce);
  for (const resource of response.resources) size += chunkSize(anySize(typeUrl, resource));

  const writer = new Writer(size);
  writer.text(1, response.version);
  for (const resource of response.resources) {
    writer.open(2, anySize(typeUrl, resource));
    writer.text(1, typeUrl);
    writer.bytes(2, resource.bytes);
  }
  writer.text(4, typeUrl);
  writer.text(5, response.nonce);
  return writer.buffer;
}

interface CommonFields {
  readonly typeUrl?: string | undefined;
  readonly responseNonce?: string | undefined;
  readonly errorDetail?: { readonly message?: string | undefined } | undefined;
  readonly node?: WireNode | undefined;
}

interface WireNode {
  readonly id?: string | undefined;
  readonly cluster?: string | undefined;
  readonly metadata?: unknown;
  readonly userAgentVersion?: string | undefined;
  readonly userAgentBuildVersion?:
    | {
        readonly version?:
          | {
              readonly majorNumber?: number | undefined;
              readonly minorNumber?: number | undefined;
              readonly patch?: number | undefined;
            }
          | undefined;
      }
    | undefined;
}

function readCommon(message: CommonFields): Request {
  const { node, errorDetail } = message;
  return {
    typeUrl: message.typeUrl ?? "",
    nonce: message.responseNonce ?? "",
    ...(node !== undefined && { node: readNode(node) }),
    ...(errorDetail !== undefined && { error: errorDetail.message ?? "" }),
  };
}

function readNode(node: WireNode): ClientNode {
  const build = node.userAgentBuildVersion?.version;
  const version =
    build === undefined
      ? (node.userAgentVersion ?? "")
      : `${build.majorNumber ?? 0}.${build.minorNumber ?? 0}.${build.patch ?? 0}`;
  return { id: node.id ?? "", cluster: node.cluster ?? "", metadata: node.metadata, version };
}

/** Every field that is written has a number below 16: its tag is one byte. */
const tagSize = 1;
const lengthDelimited = 2;

function deltaResourceSize(typeUrl: string, resource: XdsResource): { readonly whole: number; readonly any: number } {
  const any = anySize(typeUrl, resource);
  return { whole: textSize(resource.version) + chunkSize(any) + textSize(resource.name), any };
}

function anySize(typeUrl: string, resource: XdsResource): number {
  return textSize(typeUrl) + (resource.bytes.length === 0 ? 0 : chunkSize(resource.bytes.length));
}

function textSize(value: string): number {
  return value === "" ? 0 : chunkSize(Buffer.byteLength(value));
}

function chunkSize(length: number): number {
  return tagSize + varintSize(length) + length;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** Fills a buffer of known size with length-delimited protobuf fields; empty values take no space. */
class Writer {
  readonly buffer: Buffer;
  #position = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
  }

  /** Begins a field whose content follows. */
  open(field: number, length: number): void {
    this.#byte((field << 3) | lengthDelimited);
    let rest = length;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
  }

  text(field: number, value: string): void {
    if (value !== "") this.repeatedText(field, value);
  }

  /** An element of a repeated field is written even when it is empty. */
  repeatedText(field: number, value: string): void {
    this.open(field, Buffer.byteLength(value));
    this.#position += this.buffer.write(value, this.#position);
  }

  bytes(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.open(field, value.length);
    this.buffer.set(value, this.#position);
    this.#position += value.length;
  }

  #byte(value: number): void {
    this.buffer[this.#position] = value;
    this.#position += 1;
  }
}
