import type { XdsResource } from "../core/xds-resource.ts";
import type { ResourceParts } from "./culprit.ts";
import { Halving } from "./halving.ts";

export interface PartSearchOptions {
  /** What was refused. */
  readonly resource: XdsResource;
  readonly split: (resource: XdsResource) => ResourceParts | undefined;
  /** What the client has, or what others had: parts that are held back are as they are there. */
  readonly base: XdsResource | undefined;
  /** Parts that are known to be bad by now: other proxies look for them too. */
  refused(): ReadonlySet<string>;
}

/** What one answer has shown: parts that are bad, or that the fault is in none of them. */
export interface Finding {
  readonly culprits: readonly string[];
  readonly isWhole: boolean;
}

/** The rest of a resource with more bad parts than that waits for its next version. */
const mostCulprits = 32;

/**
 * Finds the bad parts of one refused resource. Each trial is the resource with some of what is new in it held back, so that
 * it never takes away what worked, and what a client has acknowledged stays. Ends with everything but the bad parts.
 */
export class PartSearch {
  readonly resource: XdsResource;
  readonly #parts: ResourceParts;
  readonly #base: XdsResource | undefined;
  readonly #changed: ReadonlySet<string>;
  readonly #refusedParts: () => ReadonlySet<string>;
  readonly #culprits: Set<string>;
  readonly #halving = new Halving();
  /** Whether the client has taken the resource with everything that is new in it held back, or more of it. */
  #hasWorked: boolean;
  /** Bad unless even with all parts held back the resource is refused. */
  #accused: string | undefined;
  #isWhole = false;
  #trial: { readonly parts: readonly string[]; readonly resource: XdsResource } | undefined;

  /** Undefined where the resource cannot be split. */
  static of(options: PartSearchOptions): PartSearch | undefined {
    const parts = options.split(options.resource);
    return parts === undefined ? undefined : new PartSearch(options, parts);
  }

  constructor({ resource, base, split, refused }: PartSearchOptions, parts: ResourceParts) {
    this.resource = resource;
    this.#parts = parts;
    this.#base = base;
    const before = base === undefined ? undefined : split(base)?.parts;
    const isNew = ([id, hashes]: readonly [string, readonly string[]]) => before?.get(id)?.join() !== hashes.join();
    this.#changed = new Set([...parts.parts].filter(isNew).map(([id]) => id));
    this.#refusedParts = refused;
    this.#culprits = new Set(refused());
    this.#hasWorked =
      base !== undefined && parts.hold(new Set([...this.#changed, ...this.#culprits]), base).version === base.version;
  }

  /** The hashes of a part. */
  hashes(part: string): readonly string[] {
    return this.#parts.parts.get(part) ?? [];
  }

  /** The client has refused the resource with its known culprits held back: something that is new in it is bad. */
  begin(): Finding {
    const suspects = [...this.#changed].filter((part) => !this.#culprits.has(part));
    if (suspects.length === 0) return this.#giveUp();
    return this.#conclude(this.#halving.failed(suspects));
  }

  /** Goes on with the next version of a resource: what was under suspicion before is tried after everything else. */
  carryOn(previous: PartSearch): void {
    const isAsBefore = (part: string) => previous.hashes(part).join() === this.hashes(part).join();
    const open = [...this.#changed].filter((part) => !this.#culprits.has(part));
    const isSuspect = (part: string) => previous.#halving.has(part) || previous.#accused === part;
    const suspects = new Set(open.filter((part) => isSuspect(part) && isAsBefore(part)));
    this.#halving.add(open.filter((part) => !suspects.has(part)));
    this.#halving.add(suspects);
  }

  /** Whether what the client has now is all that it will get of this version. */
  get isOver(): boolean {
    return this.#isWhole || (this.#accused === undefined && (this.#halving.size === 0 || this.#isExhausted));
  }

  /** What the client is to have now; undefined where no form of the resource can be. */
  get form(): XdsResource | undefined {
    if (this.#isWhole) return undefined;
    this.#trial ??= this.#makeTrial();
    return this.#trial.resource;
  }

  /** Whether an answer about some content is an answer to the search. */
  isTrial({ version }: XdsResource): boolean {
    return this.#trial?.resource.version === version;
  }

  /** The client has taken the trial. */
  accepted(): Finding {
    const parts = this.#trial?.parts ?? [];
    this.#trial = undefined;
    this.#hasWorked = true;
    this.#halving.passed(parts);
    return this.#conclude(undefined);
  }

  /** The client has refused the trial. */
  refused(): Finding {
    const parts = this.#trial?.parts ?? [];
    this.#trial = undefined;
    if (parts.length > 0) return this.#conclude(this.#halving.failed(parts));
    // With nothing new in it, it is refused all the same.
    return this.#giveUp();
  }

  get #isExhausted(): boolean {
    return this.#culprits.size >= mostCulprits;
  }

  #conclude(culprit: string | undefined): Finding {
    const sole = culprit ?? this.#halving.sole;
    if (sole !== undefined) this.#halving.failed([sole]);
    const accused = this.#accused ?? sole;
    this.#accused = this.#hasWorked ? undefined : accused;
    if (accused === undefined || !this.#hasWorked) return nothing;
    this.#culprits.add(accused);
    return { culprits: [accused], isWhole: false };
  }

  #giveUp(): Finding {
    this.#isWhole = true;
    this.#accused = undefined;
    this.#halving.clear();
    return { culprits: [], isWhole: true };
  }

  #makeTrial() {
    for (const part of this.#refusedParts()) {
      if (this.#halving.has(part)) this.#halving.failed([part]);
      this.#culprits.add(part);
    }
    const parts = this.#accused === undefined && !this.#isExhausted ? this.#halving.next() : [];
    const held = new Set([...this.#halving.names(), ...this.#culprits]);
    if (this.#accused !== undefined) held.add(this.#accused);
    for (const part of parts) held.delete(part);
    return { parts, resource: holdParts(this.#parts, held, this.#base) };
  }
}

/** Holds parts back. What a form names is worked out at once, so that it does not keep the forms before it. */
export function holdParts(parts: ResourceParts, held: ReadonlySet<string>, base: XdsResource | undefined): XdsResource {
  const form = parts.hold(held, base);
  if (form === base || form.clusters === undefined) return form;
  const clusters = form.clusters();
  return { ...form, clusters: () => clusters };
}

const nothing: Finding = { culprits: [], isWhole: false };
