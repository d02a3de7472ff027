import type { NamespacedName } from "../core/keys.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import type { Culprit, SplitResource } from "./culprit.ts";
import type { FleetMemory, RefusedPart } from "./fleet-memory.ts";
import type { HeldContent } from "./held-content.ts";
import { clustersNamedBy } from "./named-clusters.ts";
import { type Finding, holdParts, PartSearch } from "./part-search.ts";
import type { Batch } from "./response-batch.ts";

/** What a client is to have of a resource of which something was refused; `trial` while bad parts are looked for. */
export type Fit =
  | { readonly kind: "whole" }
  | { readonly kind: "form"; readonly resource: XdsResource; readonly isTrial: boolean }
  | { readonly kind: "none" };

export interface RefusalsOptions {
  readonly gateway: NamespacedName;
  readonly memory: FleetMemory;
  readonly split: SplitResource;
  onCulprit(culprit: Culprit): void;
  /** What the table holds. */
  current(type: ResourceType, name: string): XdsResource | undefined;
  /** What the client acknowledged; of what it only told the version of there is no form. */
  held(type: ResourceType): HeldContent | undefined;
}

interface HeldBack {
  readonly base: XdsResource | undefined;
  readonly held: string;
  readonly form: XdsResource | undefined;
}

/** Decides what one client gets in the place of what was refused, and narrows down what is bad about it. */
export class Refusals {
  readonly #options: RefusalsOptions;
  /** By type and name; an ended search keeps telling what its client has. */
  readonly #searches = new Map<string, PartSearch>();
  /** What the client said last in each. */
  readonly #words = new WeakMap<PartSearch, string>();
  /** What the client refused for sure, with its words, also while it is not known yet what is bad about it. */
  readonly #tried = new Map<string, string>();
  /** Resources without their refused parts: they are asked for often. */
  readonly #forms = new WeakMap<XdsResource, HeldBack>();

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /** What the client is to have of what the table holds. */
  fit(resource: XdsResource, heldVersion: string | undefined): Fit {
    if (heldVersion === resource.version) return whole;
    const { memory } = this.#options;
    const search = this.#searchOf(resource) ?? this.#resume(resource);
    if (search !== undefined) this.#skipKnown(search);
    const parts = this.#refusedPartsIn(resource);
    // What was told of an earlier resource may have been taken back since: this one is as bad.
    for (const part of parts) this.#tell(resource, part.words, part);
    if (search === undefined && parts.length === 0 && !memory.isRefused(resource)) return whole;
    const form = search === undefined ? this.#goodWithout(resource, parts) : search.form;
    if (form !== undefined) return { kind: "form", resource: form, isTrial: search?.isOver === false };
    if (parts.length === 0 || search !== undefined) this.#tell(resource, memory.wordsOf(resource) ?? "");
    return this.#fallback(resource);
  }

  /** Takes over that the client has taken a response. */
  acknowledged(batch: Batch): void {
    const { memory, current } = this.#options;
    for (const { resource } of batch.upserts.values()) {
      // Of what went while it was on its way nothing is kept.
      if (current(resource.type, resource.name) !== undefined) memory.acknowledge(resource);
      const search = this.#searches.get(keyOf(resource));
      if (search?.isTrial(resource) === true && !search.isOver) this.#note(search, search.accepted(), "");
    }
  }

  /** Takes over that a resource was refused for sure. */
  refused(resource: XdsResource, words: string): void {
    const { memory } = this.#options;
    this.#tried.set(contentKey(resource), words);
    for (const oldest of this.#tried.keys()) if (this.#tried.size > mostTried) this.#tried.delete(oldest);
    const search = this.#searches.get(keyOf(resource));
    if (search?.isTrial(resource) === true) {
      this.#words.set(search, words);
      this.#note(search, search.refused(), words);
      return;
    }
    const current = this.#options.current(resource.type, resource.name);
    if (current === undefined) return;
    const begun = this.#begin(this.#isFormOf(current, resource) ? current : resource);
    if (begun !== undefined) {
      this.#words.set(begun, words);
      this.#note(begun, begun.begin(), words);
      if (begun.resource.version === resource.version) return;
    }
    memory.refuse(resource, words);
    if (begun === undefined) this.#tell(resource, words);
  }

  /** Forgets what is gone. */
  forget(type: ResourceType, name: string): void {
    this.#searches.delete(keyOf({ type, name }));
  }

  /** Whether what was refused is what the table holds without the parts that were refused before. */
  #isFormOf(current: XdsResource, resource: XdsResource): boolean {
    if (resource.version === current.version) return true;
    const parts = this.#refusedPartsIn(current);
    return parts.length > 0 && this.#without(current, parts)?.version === resource.version;
  }

  #isRefused(resource: XdsResource): boolean {
    return this.#tried.has(contentKey(resource)) || this.#options.memory.isRefused(resource);
  }

  /** Looks again for what is bad in a resource that came back before that was found, or was gone when it was refused. */
  #resume(resource: XdsResource): PartSearch | undefined {
    const words = this.#tried.get(contentKey(resource));
    if (words === undefined || this.#options.memory.isRefused(resource)) return undefined;
    const search = this.#begin(resource);
    if (search === undefined) {
      this.#options.memory.refuse(resource, words);
      return undefined;
    }
    this.#words.set(search, words);
    this.#note(search, search.begin(), words);
    return search;
  }

  #begin(resource: XdsResource): PartSearch | undefined {
    const search = this.#makeSearch(resource);
    if (search !== undefined) this.#searches.set(keyOf(resource), search);
    return search;
  }

  #makeSearch(resource: XdsResource): PartSearch | undefined {
    const { split } = this.#options;
    const refused = () => new Set(this.#refusedPartsIn(resource).map(({ id }) => id));
    return PartSearch.of({ resource, split, base: this.#base(resource), refused });
  }

  /** The search for the bad parts of a resource; one of its former version goes on with it. */
  #searchOf(resource: XdsResource): PartSearch | undefined {
    if (this.#searches.size === 0) return undefined;
    const key = keyOf(resource);
    const search = this.#searches.get(key);
    if (search === undefined || search.resource.version === resource.version) return search;
    this.#searches.delete(key);
    if (search.isOver) return undefined;
    const next = this.#makeSearch(resource);
    next?.carryOn(search);
    if (next === undefined || next.isOver) return undefined;
    this.#searches.set(key, next);
    return next;
  }

  #note(search: PartSearch, { culprits, isWhole }: Finding, words: string): void {
    const { memory } = this.#options;
    const { resource } = search;
    const said = words === "" ? (this.#words.get(search) ?? "") : words;
    for (const id of culprits) {
      const part = { id, hashes: search.hashes(id), words: said };
      memory.refusePart(resource, part);
      this.#tell(resource, said, part);
    }
    if (culprits.length > 0 || isWhole) memory.refuse(resource, said);
    if (isWhole) this.#tell(resource, said);
    this.#skipKnown(search);
  }

  /** What the client has, or what has been refused before, needs no trial: it would never be sent, nor answered. */
  #skipKnown(search: PartSearch): void {
    const form = search.isOver ? undefined : search.form;
    if (form === undefined) return;
    if (this.#isRefused(form)) this.#note(search, search.refused(), "");
    else if (this.#options.held(form.type)?.version(form.name) === form.version)
      this.#note(search, search.accepted(), "");
  }

  #tell(resource: XdsResource, words: string, part?: RefusedPart): void {
    const { gateway, memory, onCulprit, current } = this.#options;
    // Of a whole resource only what the table holds still counts.
    const isOld = part === undefined && current(resource.type, resource.name)?.version !== resource.version;
    if (isOld || !memory.isNews(resource, part?.id ?? "")) return;
    onCulprit({ gateway, resource, words, ...(part !== undefined && { part: { id: part.id, hashes: part.hashes } }) });
  }

  /** The parts of a resource that were refused, in this version or in another. */
  #refusedPartsIn(resource: XdsResource): readonly RefusedPart[] {
    const refused = this.#options.memory.refusedParts(resource);
    if (refused.length === 0) return [];
    const parts = this.#options.split(resource)?.parts;
    return refused.filter(({ id, hashes }) => parts?.get(id)?.join() === hashes.join());
  }

  /** The resource without its refused parts, unless that was refused too. */
  #goodWithout(resource: XdsResource, refused: readonly RefusedPart[]): XdsResource | undefined {
    const form = refused.length === 0 ? undefined : this.#without(resource, refused);
    return form?.version === resource.version || (form && this.#options.memory.isRefused(form)) ? undefined : form;
  }

  #without(resource: XdsResource, refused: readonly RefusedPart[]): XdsResource | undefined {
    const base = this.#base(resource);
    const held = refused.map(({ id }) => id);
    const cached = this.#forms.get(resource);
    if (cached !== undefined && cached.base === base && cached.held === held.join()) return cached.form;
    const parts = this.#options.split(resource);
    const form = parts && holdParts(parts, new Set(held), base);
    this.#forms.set(resource, { base, held: held.join(), form });
    return form;
  }

  /** What the client has or, where it has nothing, what another proxy took, if that leads nowhere that is gone. */
  #base({ type, name }: XdsResource): XdsResource | undefined {
    const { memory, current, held } = this.#options;
    const own = held(type)?.form(name);
    const base = own ?? memory.lastGood(type, name);
    if (base === undefined || own !== undefined) return own;
    const named = [...(clustersNamedBy(base) ?? [])];
    return named.every((cluster) => current("cluster", cluster) !== undefined) ? base : undefined;
  }

  #fallback(resource: XdsResource): Fit {
    const base = this.#base(resource);
    const isGood = base !== undefined && !this.#options.memory.isRefused(base);
    return isGood ? { kind: "form", resource: base, isTrial: false } : none;
  }
}

/** Of how many refused contents one stream knows that it need not try them again. */
const mostTried = 256;

const whole: Fit = { kind: "whole" };
const none: Fit = { kind: "none" };

function keyOf({ type, name }: Pick<XdsResource, "type" | "name">): string {
  return `${type}/${name}`;
}

function contentKey(resource: XdsResource): string {
  return `${keyOf(resource)} ${resource.version}`;
}
