import type { Kind } from "../../core/keys.ts";
import { formatPath, type PathStep } from "../problem.ts";
import type { Rule } from "./rule.ts";
import { rulesOf } from "./rule-table.ts";

/** A rule that does not hold, and where. */
export interface RuleFault {
  readonly path: string;
  readonly message: string;
}

/** Checks an object that has passed its schema against the rules of its kind. */
export function checkRules(kind: Kind, object: unknown): readonly RuleFault[] {
  const standing = rulesOf(kind).filter(({ aboutChange }) => aboutChange === undefined);
  return standing.flatMap((rule) => checkRule(rule, object, undefined));
}

/** Checks a new version of an object against the rules about changes; `previous` is the version in force. */
export function checkChange(kind: Kind, object: unknown, previous: unknown): readonly RuleFault[] {
  const changes = rulesOf(kind).filter(({ aboutChange }) => aboutChange);
  return changes.flatMap((rule) => checkRule(rule, object, previous));
}

/** Checks one rule at every place to which its path leads. */
export function checkRule(rule: Rule, object: unknown, previous: unknown): readonly RuleFault[] {
  return valuesAt(object, stepsOf(rule.path)).flatMap(({ steps, value }) => {
    const message = rule.check(value, previousAt(previous, steps));
    return message === undefined ? [] : [{ path: formatPath(steps), message }];
  });
}

interface Place {
  readonly steps: readonly PathStep[];
  readonly value: unknown;
}

const parsed = new Map<string, readonly string[]>();

function stepsOf(path: string): readonly string[] {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const steps = path === "" ? [] : path.replaceAll("[]", ".[]").split(".");
  parsed.set(path, steps);
  return steps;
}

function valuesAt(object: unknown, steps: readonly string[]): readonly Place[] {
  let places: readonly Place[] = [{ steps: [], value: object }];
  for (const step of steps) {
    places = places.flatMap((place): readonly Place[] => {
      if (step === "[]") return entriesOf(place);
      const value = fieldOf(place.value, step);
      return value === undefined ? [] : [{ steps: [...place.steps, step], value }];
    });
  }
  return places;
}

function entriesOf({ steps, value }: Place): readonly Place[] {
  return Array.isArray(value) ? value.map((entry: unknown, index) => ({ steps: [...steps, index], value: entry })) : [];
}

/** Only fields, never entries of lists: those have no identity from one version to the next. */
function previousAt(previous: unknown, steps: readonly PathStep[]): unknown {
  let value = previous;
  for (const step of steps) {
    if (typeof step === "number") return undefined;
    value = fieldOf(value, step);
  }
  return value;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, field)
    ? Reflect.get(value, field)
    : undefined;
}
