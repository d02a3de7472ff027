import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import type { TableEntry } from "./resource-table.ts";

/**
 * What a response of a type can say. `delta` names changes and removals; `complete` (state of the world: listeners,
 * clusters, scopes) lists everything, and what is missing is removed; `partial` (the other types) cannot remove.
 */
export type ResponseStyle = "delta" | "complete" | "partial";

/** What a client should have under a name. */
export type Desired =
  | {
      readonly kind: "resource";
      readonly resource: XdsResource;
      readonly created: number;
      readonly changed: number;
      /** It is tried by itself, so that it takes nothing else down. */
      readonly isTrial: boolean;
      /** It is not what the table holds, of which a proxy refused something. */
      readonly isKept: boolean;
    }
  /** Refused, and there is nothing to put in its place: the client keeps what it has. */
  | { readonly kind: "withheld"; readonly changed: number }
  | { readonly kind: "absent" };

/** The table as one client sees it. */
export interface ClientView {
  desired(type: ResourceType, name: string, held: string | undefined): Desired;
  /** The resource with the version, if anybody still has it. */
  form(type: ResourceType, name: string, version: string): XdsResource | undefined;
  entries(type: ResourceType): ReadonlyMap<string, TableEntry>;
  version(type: ResourceType): string;
  generation(): number;
}

/** A resource in a response. */
export interface SentResource {
  readonly resource: XdsResource;
  readonly created: number;
  /** Since when the content that it replaces has been out of date. */
  readonly since: number;
}

/** What one response says: resources, or removals, never both. */
export interface Batch {
  /** An `answer` tells that names asked for do not exist; `empty` is the first answer where there is nothing. */
  readonly kind: "upserts" | "removals" | "answer" | "empty";
  readonly upserts: ReadonlyMap<string, SentResource>;
  readonly removals: ReadonlySet<string>;
}

/** What a refusal means: content that is known to be bad, and resources of which nobody knows whether they were applied. */
export interface Refusal {
  readonly refused: readonly XdsResource[];
  readonly doubtful: readonly string[];
}

/** A response that only removes, or that tells what does not exist. */
export function removalsOf(kind: "removals" | "answer", names: Iterable<string>): Batch {
  return { kind, upserts: new Map(), removals: new Set(names) };
}

/** What a response tells the content of. */
export function resourcesOf({ upserts }: Batch): readonly XdsResource[] {
  return Array.from(upserts.values(), ({ resource }) => resource);
}

/** How many bytes resources have together. */
export function bytesOf(resources: readonly XdsResource[]): number {
  return resources.reduce((size, { bytes }) => size + bytes.length, 0);
}

/** The first of some generations; Infinity when there is none. */
export function oldest(generations: Iterable<number>): number {
  let min = Number.POSITIVE_INFINITY;
  for (const generation of generations) if (generation < min) min = generation;
  return min;
}
