/**
 * Rules of our own kinds. Each is here twice: in CEL, for the API server, and as a function for manifests from files; a test
 * shows that the API server gets them all.
 */
import type { Kind } from "../../core/keys.ts";
import { type Rule, rulesFor } from "./rule.ts";

/** A rule as a CustomResourceDefinition has it. */
export interface CelRule {
  /** Where the value is that `rule` calls self, in the notation of {@link Rule}. */
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

/** A rule in both forms. */
export interface CelCheck<T> {
  readonly path: string;
  readonly cel: string;
  readonly message: string;
  /** Whether it compares with the version in force; such a rule is not asked without one. */
  readonly aboutChange?: true;
  readonly holds: (value: T, previous: T) => boolean;
}

/** The functions, for manifests from files. */
export function rulesOfChecks<T>(kind: Kind, checks: readonly CelCheck<T>[]): readonly Rule[] {
  return checks.flatMap(({ path, message, aboutChange, holds }) =>
    rulesFor<T>(
      kind,
      [path],
      [
        {
          name: `${path} ${message}`,
          ...(aboutChange && { aboutChange }),
          check: (value, previous) => {
            if (aboutChange && previous === undefined) return undefined;
            return holds(value, previous ?? value) ? undefined : message;
          },
        },
      ],
    ),
  );
}

/** The same rules for the API server. */
export function celOfChecks(checks: readonly Omit<CelCheck<unknown>, "holds">[]): readonly CelRule[] {
  return checks.map(({ path, cel, message }) => ({ path, rule: cel, message }));
}

/** Keys of a mapping that have to match a pattern, which stands in the schema of no field. */
export function keysOf(
  path: string,
  pattern: string,
  what: string,
): readonly CelCheck<Readonly<Record<string, string>>>[] {
  const expression = new RegExp(pattern);
  return [
    {
      path,
      cel: `self.all(key, size(key) <= 317 && key.matches(r'''${pattern}'''))`,
      message: `must have keys that are ${what}`,
      holds: (entries) => Object.keys(entries).every((key) => key.length <= 317 && expression.test(key)),
    },
  ];
}
