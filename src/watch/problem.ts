import type { SourceProblem } from "./object-source.ts";

/** One step into an object: the name of a field or the index of an entry. */
export type PathStep = string | number;

/** The whole line for a user: `httpbin.yaml, document 2, HTTPRoute httpbin/httpbin: spec.rules must …`. */
export function formatProblem(problem: SourceProblem): string {
  const where = [problem.file];
  if (problem.document !== undefined) where.push(`document ${problem.document}`);
  if (problem.object !== undefined) where.push(problem.object);
  const what = problem.path === undefined ? problem.message : `${problem.path} ${problem.message}`;
  return `${where.join(", ")}: ${what}`;
}

/** Writes a path as a user would: `spec.rules[0].matches`; keys that are no plain words are quoted. */
export function formatPath(steps: readonly PathStep[]): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else if (!plainWord.test(step)) path += `[${quoteValue(step)}]`;
    else path += path === "" ? step : `.${step}`;
    if (path.length > longestPath) return `${path.slice(0, longestPath)}…`;
  }
  return path;
}

/** Writes a value on one line without control characters, cut to 80 characters. */
export function quoteValue(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a mapping";
  const short = typeof value === "string" && value.length > longest ? `${value.slice(0, longest)}…` : value;
  const quoted = JSON.stringify(short) ?? "nothing";
  // JSON leaves DEL, C1 controls and the characters that turn the reading direction as they are.
  return cut(quoted.replace(unprintable, "?"));
}

/** Names an object; parts that are not plain text are quoted. */
export function describeObject(kind: string, namespace: string | undefined, name: string): string {
  const shown = [kind, namespace, name].map((part) =>
    part === undefined || plainName.test(part) ? part : quoteValue(part),
  );
  return shown[1] === undefined ? `${shown[0]} ${shown[2]}` : `${shown[0]} ${shown[1]}/${shown[2]}`;
}

const longest = 80;
const longestPath = 240;
const plainWord = /^[A-Za-z_$][A-Za-z0-9_$-]{0,63}$/;
const plainName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/;
const unprintable = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
