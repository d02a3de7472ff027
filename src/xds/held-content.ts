import type { XdsResource } from "../core/xds-resource.ts";
import type { Batch } from "./response-batch.ts";

/** What a client holds under a name: the resource, or its version alone where that is all it told. */
type Held = XdsResource | { readonly version: string };

/** Stands for content in a state that nobody knows. It equals no content's version. */
export const unknownVersion = "";

/**
 * Keeps what one client holds of one type: what it acknowledged last, and where it may hold something else by now. Forms are
 * shared with the table, so a client that is up to date costs no bytes.
 */
export class HeldContent {
  readonly #acknowledged = new Map<string, Held>();
  /** Versions that were refused together with others since: each may have been applied. */
  readonly #unsure = new Map<string, Set<string>>();
  #lost: ReadonlyMap<string, string> = new Map();

  get size(): number {
    return this.#acknowledged.size;
  }

  names(): readonly string[] {
    return [...new Set([...this.#acknowledged.keys(), ...this.#unsure.keys()])];
  }

  /** Names under which it may hold something else than it acknowledged. */
  unsure(): readonly string[] {
    return [...this.#unsure.keys()];
  }

  /** The version that the client holds; empty where nobody knows, undefined where it holds nothing. */
  version(name: string): string | undefined {
    return this.#unsure.has(name) ? unknownVersion : this.#acknowledged.get(name)?.version;
  }

  /** Whether it holds some content for sure. */
  has(name: string): boolean {
    return this.#acknowledged.has(name);
  }

  /** What it acknowledged last, if we have it. */
  form(name: string): XdsResource | undefined {
    const held = this.#acknowledged.get(name);
    return held !== undefined && "bytes" in held ? held : undefined;
  }

  /** What it acknowledged, with a response applied to it. */
  completed(batch: Batch): readonly XdsResource[] {
    const forms = new Map<string, XdsResource>();
    for (const [name, held] of this.#acknowledged) if ("bytes" in held) forms.set(name, held);
    for (const [name, { resource }] of batch.upserts) forms.set(name, resource);
    for (const name of batch.removals) forms.delete(name);
    return [...forms.values()];
  }

  *versions(): Iterable<readonly [string, string]> {
    for (const name of this.#acknowledged.keys()) yield [name, this.version(name) ?? unknownVersion];
  }

  acknowledge(resource: XdsResource): void {
    this.#acknowledged.set(resource.name, resource);
    this.#unsure.delete(resource.name);
  }

  /** Notes what a client says that it holds; `formOf` knows the forms of most versions. */
  report(
    versions: ReadonlyMap<string, string>,
    formOf: (name: string, version: string) => XdsResource | undefined,
  ): void {
    for (const [name, version] of versions) this.#acknowledged.set(name, formOf(name, version) ?? { version });
    for (const [name, version] of this.#lost) if (versions.get(name) !== version) this.doubt(name, unknownVersion);
    this.#lost = new Map();
  }

  /** Notes what was on its way when an earlier stream ended: what the client does not report of it, nobody knows of. */
  lose(versions: ReadonlyMap<string, string>): void {
    this.#lost = versions;
  }

  /** Notes that some content may have been applied. */
  doubt(name: string, version: string): void {
    this.#unsure.set(name, (this.#unsure.get(name) ?? new Set()).add(version));
  }

  /** Notes that content was not applied for sure: without another doubt the client holds what it had. */
  refuse({ name, version }: XdsResource): void {
    const doubts = this.#unsure.get(name);
    doubts?.delete(version);
    if (doubts?.size === 0) this.#unsure.delete(name);
  }

  drop(name: string): void {
    this.#acknowledged.delete(name);
    this.#unsure.delete(name);
  }
}
