/** Who answers which path of one hostname, and whose path stands in where nobody has a path of its own. */
import type { HttpPathMatch, HttpRouteMatch, HttpValueMatch } from "../core/gateway-api.ts";
import type { AnsweredPath } from "../core/history.ts";
import type { ObjectKey } from "../core/keys.ts";

/** A match of a route under a hostname. */
export interface ServedMatch {
  readonly route: ObjectKey;
  readonly match: HttpRouteMatch;
}

/** One path with the route that answers it. */
export interface Answer {
  readonly path: AnsweredPath;
  readonly route: ObjectKey;
}

/** The answers of one hostname, each under its {@link pathKey}. */
export type Answers = ReadonlyMap<string, Answer>;

/** Lists who answers what, of matches in order of precedence: of several with the same requests the first does. */
export function answersOf(matches: readonly ServedMatch[]): Answers {
  const answers = new Map<string, Answer>();
  for (const { route, match } of matches) {
    const path = answeredPath(match);
    const key = pathKey(path);
    if (!answers.has(key)) answers.set(key, { path, route });
  }
  return answers;
}

/**
 * Finds who answers a path: who has it, else who has the same path without its condition, else who has the longest prefix
 * above it. Regular expressions stand for themselves only.
 */
export function answering(answers: Answers, path: AnsweredPath): Answer | undefined {
  const own = answers.get(pathKey(path)) ?? answers.get(pathKey({ type: path.type, value: path.value }));
  if (own !== undefined || path.type === "RegularExpression") return own;
  for (const value of prefixesFrom(path.value)) {
    const found = answers.get(pathKey({ type: "PathPrefix", value }));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether some request for a path, as a client writes it, may be one of a match's. Says yes of every regular expression. */
export function concerns({ type, value }: HttpPathMatch, path: string): boolean {
  const trimmed = trimSlashes(value);
  if (type === "Exact") return value === path;
  return type === "RegularExpression" || path === trimmed || path.startsWith(`${trimmed}/`);
}

/** Names a match's requests among those of a hostname. */
export function pathKey({ type, value, condition = "" }: AnsweredPath): string {
  return `${type} ${type === "PathPrefix" ? trimSlashes(value) : value}\n${condition}`;
}

function answeredPath({ path, method, headers = [], queryParams = [] }: HttpRouteMatch): AnsweredPath {
  const conditions = [
    ...(method === undefined ? [] : [`method ${method}`]),
    ...headers.map((header) => `header ${describeValue({ ...header, name: header.name.toLowerCase() })}`).sort(),
    ...queryParams.map((parameter) => `query ${describeValue(parameter)}`).sort(),
  ];
  const { type, value } = path;
  return { type, value, ...(conditions.length > 0 && { condition: conditions.join(", ") }) };
}

function describeValue({ name, type, value }: HttpValueMatch): string {
  return `${name}${type === "Exact" ? ":" : " ~"} ${value}`;
}

/** The prefix itself, then those above it: `/a/b`, `/a`, and the empty one. */
function* prefixesFrom(path: string): Iterable<string> {
  let prefix = trimSlashes(path);
  while (prefix !== "") {
    yield prefix;
    prefix = trimSlashes(prefix.slice(0, prefix.lastIndexOf("/")));
  }
  yield "";
}

function trimSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}
