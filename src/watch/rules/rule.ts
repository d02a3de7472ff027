import type { Kind } from "../../core/keys.ts";

/**
 * A rule about how fields fit together, which a schema cannot say. The Gateway API writes such rules in CEL beside its
 * schemas; ours do the same as functions.
 */
export interface Rule {
  readonly kind: Kind;
  /** Where the values are that it looks at, such as `spec.rules[].filters[]`. */
  readonly path: string;
  /** Names the rule in tests. */
  readonly name: string;
  /** The first 12 hex digits of the SHA-256 of the rule's text in the API, spaces joined; absent for rules of the core API. */
  readonly cel?: string;
  /** Whether it compares the object with the version in force; such a rule has nothing to say without one. */
  readonly aboutChange?: true;
  /**
   * Says what is wrong, or nothing. The value has passed the schema; `previous` is the same place in the version of the
   * object that is in force, for rules about changes.
   */
  readonly check: (value: unknown, previous: unknown) => string | undefined;
}

/** Writes rules for one kind; `at` for several places with the same shape. */
export function rulesFor<T>(kind: Kind, paths: readonly string[], checks: readonly RuleCheck<T>[]): readonly Rule[] {
  return paths.flatMap((path) =>
    checks.map(({ name, cel, aboutChange, check }) => ({
      kind,
      path,
      name,
      ...(cel !== undefined && { cel }),
      ...(aboutChange && { aboutChange }),
      // The schema has said what the value at this path looks like before any rule runs.
      check: (value, previous) => check(value as T, previous as T | undefined),
    })),
  );
}

/** A rule before it has its places; see {@link Rule} for the fields. */
export interface RuleCheck<T> {
  readonly name: string;
  readonly cel?: string;
  readonly aboutChange?: true;
  readonly check: (value: T, previous: T | undefined) => string | undefined;
}
