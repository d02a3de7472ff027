import type { HttpPathMatch, HttpRouteMatch, HttpValueMatch } from "../core/gateway-api.ts";
import { decidingCriterion } from "./criterion.ts";
import { trimmedPrefix } from "./envoy/route-match.ts";
import type { RouteEntry } from "./nodes.ts";

/** A match that no request ever reaches, because an earlier one answers all of its requests. */
export interface ShadowedEntry {
  readonly entry: RouteEntry;
  /** The first that does. It is not shadowed itself. */
  readonly by: RouteEntry;
  /** What puts it first, in the specification's words. Names no object. */
  readonly criterion: string;
}

/**
 * Finds what can never be reached among the matches of one virtual host, given in order of precedence. What it finds is so;
 * of regular expressions it understands their text, those that match everything, and the folder that they begin with.
 */
export function findShadowed(entries: readonly RouteEntry[]): readonly ShadowedEntry[] {
  const earlier = new MatchIndex(isOfOneHostname(entries));
  return entries.flatMap((entry, place): readonly ShadowedEntry[] => {
    const shape = shapeOf(entry.match);
    const by = entries[earlier.firstAbove(shape) ?? -1];
    // What a shadowed match would shadow is shadowed by the same one already.
    if (by !== undefined) return [{ entry, by, criterion: decidingCriterion(by, entry) }];
    earlier.add(shape, place);
    return [];
  });
}

/**
 * Whether the hostnames that were written have one place among all entries. Then a longer prefix comes before a shorter one, and
 * an exact path before both: none of those can be shadowed by a prefix above it.
 */
function isOfOneHostname(entries: readonly RouteEntry[]): boolean {
  const place = (entry: RouteEntry | undefined) => entry?.order.slice(0, entry.order.indexOf("!"));
  return place(entries[0]) === place(entries.at(-1));
}

/** A match as it is compared. */
interface MatchShape {
  /** A key that two paths share only where they match the same requests. */
  readonly key: string;
  /** What it asks for besides its path. */
  readonly conditions: readonly string[];
  readonly asked: ReadonlySet<string>;
}

/** Made once for each match, as a virtual host is looked at again whenever one of its many routes changes. */
function shapeOf(match: HttpRouteMatch): MatchShape {
  const known = shapes.get(match);
  if (known !== undefined) return known;
  const conditions = conditionsOf(match);
  const { path } = match;
  const shape = { key: coverage(path), conditions, asked: new Set(conditions) };
  shapes.set(match, shape);
  return shape;
}

const shapes = new WeakMap<HttpRouteMatch, MatchShape>();

/** A match in the index: where it stands, and what it asks for besides its path. */
interface Placed {
  readonly place: number;
  readonly conditions: readonly string[];
}

/**
 * Matches by what their path covers, then by one of their conditions: whatever covers another match asks for nothing that
 * the other does not ask for too, so that few have to be looked at. That one condition is the one with the fewest others.
 */
class MatchIndex {
  readonly #byPath = new Map<string, Map<string, Placed[]>>();
  /** How long the prefixes in it are: of a path that is deeper than anybody's only few folders are looked up. */
  readonly #lengths = new Set<number>();
  readonly #isOfOneHostname: boolean;

  constructor(ofOneHostname: boolean) {
    this.#isOfOneHostname = ofOneHostname;
  }

  add({ key, conditions }: MatchShape, place: number): void {
    const byCondition = this.#byPath.get(key) ?? new Map<string, Placed[]>();
    this.#byPath.set(key, byCondition);
    if (key.startsWith("^")) this.#lengths.add(key.length - 1);
    const count = (condition: string) => byCondition.get(condition)?.length ?? 0;
    const rarest = conditions.reduce((best, each) => (count(each) < count(best) ? each : best), conditions[0] ?? "");
    const list = byCondition.get(rarest) ?? [];
    byCondition.set(rarest, list);
    list.push({ place, conditions });
  }

  /** The place of the first match that covers all requests of this one. */
  firstAbove({ key: own, asked }: MatchShape): number | undefined {
    let first: number | undefined;
    for (const key of this.#isOfOneHostname ? [own, everyPath] : coveringKeys(own, this.#lengths)) {
      const byCondition = this.#byPath.get(key);
      if (byCondition === undefined) continue;
      for (const condition of ["", ...asked]) {
        for (const placed of byCondition.get(condition) ?? []) {
          if (first !== undefined && placed.place >= first) break;
          if (placed.conditions.every((each) => asked.has(each))) first = placed.place;
        }
      }
    }
    return first;
  }
}

/** What a match asks for besides its path. Of several with one name only the first counts. */
function conditionsOf({ method, headers = [], queryParams = [] }: HttpRouteMatch): readonly string[] {
  const named = new Map<string, string>();
  const put = (name: string, { type, value }: HttpValueMatch) => {
    if (!named.has(name)) named.set(name, JSON.stringify([name, type, value]));
  };
  for (const header of headers) put(`header ${header.name.toLowerCase()}`, header);
  for (const parameter of queryParams) put(`query ${parameter.name}`, parameter);
  return [...named.values(), ...(method === undefined ? [] : [`method ${method}`])];
}

function coverage(path: HttpPathMatch): string {
  switch (path.type) {
    case "Exact":
      return `=${path.value}`;
    case "PathPrefix":
      return `^${trimmedPrefix(path.value)}`;
    default:
      if (matchesEverything.test(path.value)) return "^";
      return literalPath.test(path.value) ? `=${path.value}` : `~${path.value}`;
  }
}

/** The keys of all paths that match whatever this one matches, of prefixes those of the lengths that there are. */
function coveringKeys(key: string, lengths: ReadonlySet<number>): readonly string[] {
  const value = key.slice(1);
  switch (key[0]) {
    case "=":
      return [key, `^${value}`, ...prefixesAbove(value, lengths)];
    case "~":
      return [key, ...prefixesAbove(literalBeginning(value), lengths)];
    default:
      return [key, ...prefixesAbove(value, lengths)];
  }
}

/** Prefixes that match whole path elements: of `/a/b` those are `/a` and that of everything. */
function prefixesAbove(path: string, lengths: ReadonlySet<number>): readonly string[] {
  const keys: string[] = [];
  for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1)) {
    if (lengths.has(slash)) keys.push(`^${path.slice(0, slash)}`);
  }
  return [...keys, "^"];
}

/** The key of what matches every path. */
const everyPath = "^";

const matchesEverything = /^\^?\/?(?:\.\*|\(\.\*\))\$?$/;
const literalPath = /^\/[\w\-/~%!&=:@,;']*$/;

/** What every path begins with that a regular expression matches; as little as is certain. */
function literalBeginning(regex: string): string {
  if (regex.includes("|")) return "";
  const [literal = ""] = /^[\w\-/~%!&=:@,;']*/.exec(regex.replace(/^\^/, "")) ?? [];
  const rest = regex.replace(/^\^/, "").slice(literal.length);
  return /^[?*{+]/.test(rest) ? literal.slice(0, -1) : literal;
}
