import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import type { Backlog } from "./backlog.ts";
import type { HeldContent } from "./held-content.ts";
import { namedInWords } from "./refusal-words.ts";
import { type Batch, type Refusal, resourcesOf } from "./response-batch.ts";

/** A refused response, and what is known of the client that refused it. */
export interface RefusedResponse {
  readonly type: ResourceType;
  readonly batch: Batch;
  readonly words: string;
  readonly held: HeldContent;
  readonly backlog: Backlog;
}

/**
 * Says what of a refused response is bad for sure: what the words name, or what was alone in it. Envoy may have applied any
 * part of the rest, which is tried again: in one go if the words name the bad ones, by halves if they do not.
 */
export function judge({ type, batch, words, held, backlog }: RefusedResponse): Refusal {
  const named = namedInWords(type, words, new Set(batch.upserts.keys()));
  for (const { resource } of batch.upserts.values()) held.doubt(resource.name, resource.version);
  const times = new Map(Array.from(batch.upserts, ([name, { since }]) => [name, since]));
  if (named.size === 0) {
    const culprit = times.size === 0 ? undefined : backlog.refuse(times);
    if (culprit === undefined) return { refused: [], doubtful: [...times.keys()] };
    named.add(culprit);
  }
  for (const name of times.keys()) backlog.settle(name);
  for (const name of named) times.delete(name);
  backlog.doubt(times);
  return { refused: resourcesIn(batch, named), doubtful: [...times.keys()] };
}

/**
 * The same for a complete response to a client that has acknowledged nothing: there is nothing to fall back to, and leaving
 * good resources out would remove them. `taken` is what the client has for all that anybody can know.
 */
export function judgeFirst({
  type,
  batch,
  words,
}: RefusedResponse): Refusal & { readonly taken: readonly XdsResource[] } {
  const all = resourcesOf(batch);
  const named = namedInWords(type, words, new Set(batch.upserts.keys()));
  const refused = named.size > 0 ? resourcesIn(batch, named) : all.filter(({ name }) => words.includes(name));
  // All others go again together: of a response that it finds invalid as a whole, Envoy has applied nothing.
  return { refused, doubtful: [], taken: refused.length > 0 ? [] : all };
}

function resourcesIn(batch: Batch, names: ReadonlySet<string>): readonly XdsResource[] {
  return resourcesOf(batch).filter(({ name }) => names.has(name));
}
