import type { NamespacedName } from "../core/keys.ts";

/** Versions that are remembered of one resource. */
const mostVersions = 64;

/**
 * Remembers which versions a resource had one after the other, so that a proxy that is further on counts as having had what
 * came before. A version is undefined where the resource is gone.
 */
export class VersionTrail {
  readonly #most: number;
  readonly #trails = new Map<string, string[]>();

  /** `most`: how many resources are followed; those that were named first are forgotten first. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Follows a resource from this version on. */
  follow(gateway: NamespacedName, name: string, version: string | undefined): void {
    const key = `${gateway}|${name}`;
    if (!this.#trails.has(key)) this.#trails.set(key, []);
    this.note(gateway, name, version);
    for (const oldest of this.#trails.keys()) {
      if (this.#trails.size <= this.#most) return;
      this.#trails.delete(oldest);
    }
  }

  /** Takes the next version of a resource, if it is followed. */
  note(gateway: NamespacedName, name: string, version: string | undefined): void {
    const trail = this.#trails.get(`${gateway}|${name}`);
    const text = version ?? gone;
    if (trail === undefined || trail.at(-1) === text) return;
    trail.push(text);
    if (trail.length > mostVersions) trail.shift();
  }

  /** Whether a proxy that holds one version has had another one, or never needs it any more. */
  hasReached(
    { gateway, name }: { readonly gateway: NamespacedName; readonly name: string },
    wanted: string | undefined,
    held: string | undefined,
  ): boolean {
    if (wanted === held) return true;
    const trail = this.#trails.get(`${gateway}|${name}`) ?? [];
    const at = trail.lastIndexOf(held ?? gone);
    // A version that is forgotten is older than all that are remembered.
    return at >= 0 && trail.indexOf(wanted ?? gone) < at;
  }
}

const gone = "";
