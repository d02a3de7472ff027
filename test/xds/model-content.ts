import { decodeMessage } from "../../proto/messages.ts";
import { type ResourceType, resourceTypeOf } from "../../src/core/xds-resource.ts";

/** What the model needs to know of a resource; it is what the bytes of a test's resources hold, as JSON. */
export interface ModelContent {
  readonly name: string;
  /** Makes contents differ. */
  readonly tag: number;
  /** Tables that a listener or a scope names. */
  readonly routes?: readonly string[];
  /** Whether a listener looks its requests up in scopes. */
  readonly scoped?: boolean;
  /** Where a listener listens: no two may at one address. */
  readonly address?: number;
  /** Clusters that a listener names itself. */
  readonly clusters?: readonly string[];
  /** What a table is made of. */
  readonly parts?: Readonly<Record<string, ModelPart>>;
  /** The secret that a cluster or a listener names. */
  readonly secret?: string;
  /** Whether the model refuses it. */
  readonly bad?: boolean;
}

/** A part of a table, as the routes of a rule are. */
export interface ModelPart {
  readonly tag: number;
  /** The cluster that it leads to, if it does not answer by itself. */
  readonly cluster?: string;
  readonly bad?: boolean;
}

/** Whether the model refuses a resource. */
export function isBad({ bad, parts }: ModelContent): boolean {
  return bad === true || Object.values(parts ?? {}).some((part) => part.bad === true);
}

/** A resource that a response brings. */
export interface Upsert {
  readonly content: ModelContent;
  readonly version: string;
}

/** A response in terms that both variants share. */
export interface ModelResponse {
  readonly type: ResourceType;
  readonly nonce: string;
  readonly version: string;
  readonly upserts: readonly Upsert[];
  readonly removed: readonly string[];
  readonly isComplete: boolean;
}

export function readDelta(bytes: Uint8Array): ModelResponse {
  const message = decodeMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse", bytes);
  const upserts = (message.resources ?? []).map(({ version, resource }) => {
    return { content: readContent(resource?.value), version: version ?? "" };
  });
  const removed = message.removedResources ?? [];
  if (upserts.length > 0 && removed.length > 0) throw new Error("additions and removals in one response");
  return { ...readCommon(message), version: "", upserts, removed, isComplete: false };
}

export function readSotw(bytes: Uint8Array): ModelResponse {
  const message = decodeMessage("envoy.service.discovery.v3.DiscoveryResponse", bytes);
  const version = message.versionInfo ?? "";
  const upserts = (message.resources ?? []).map(({ value }) => ({ content: readContent(value), version }));
  const common = readCommon(message);
  const isComplete = ["cluster", "listener", "scope"].includes(common.type);
  return { ...common, version, upserts, removed: [], isComplete };
}

function readCommon(message: { readonly typeUrl?: string | undefined; readonly nonce?: string | undefined }) {
  const type = resourceTypeOf(message.typeUrl ?? "");
  if (type === undefined) throw new Error(`a response of an unknown type: ${message.typeUrl}`);
  return { type, nonce: message.nonce ?? "" };
}

function readContent(bytes: Uint8Array | undefined): ModelContent {
  return JSON.parse(Buffer.from(bytes ?? []).toString()) as ModelContent; // written by the test itself
}
