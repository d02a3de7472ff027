import type { HttpPathMatch, HttpRouteMatch, HttpValueMatch } from "../../core/gateway-api.ts";
import { everyHost, type Hostname, isWildcard } from "../../core/hostname.ts";
import { type ProbeRequest, probeSegment } from "../../core/world-diff.ts";
import { trimmedPrefix } from "../../translate/envoy/route-match.ts";
import type { HostPlace } from "./host-places.ts";

/** Requests at the boundary of a match, and whether there is any that can be made from its text. */
export interface Probes {
  readonly requests: readonly ProbeRequest[];
  /** The match has a regular expression that no request was found for. */
  readonly unprobed: boolean;
}

/**
 * Makes the requests that a match is at its narrowest for: its very path and, of a prefix, a child of it, with the method,
 * the headers and the query parameters that it asks for. They are asked of one hostname: of a wildcard, of a host below it.
 */
export function probesOf(
  { port, scheme }: Pick<HostPlace, "port" | "scheme">,
  hostname: Hostname,
  match: HttpRouteMatch,
): Probes {
  const headers = examplesOf(match.headers);
  const query = examplesOf(match.queryParams);
  const paths = pathExamples(match.path);
  if (headers === undefined || query === undefined || paths === undefined) return { requests: [], unprobed: true };
  const search = new URLSearchParams(query.map(({ name, value }): [string, string] => [name, value])).toString();
  const requests = paths.map((path) => ({
    method: match.method ?? "GET",
    scheme,
    host: probeHost(hostname),
    port,
    path: search === "" ? path : `${path}?${search}`,
    headers,
  }));
  return { requests, unprobed: false };
}

/** A host that the hostname matches and that hardly anybody has: names below `.invalid` never exist. */
function probeHost(hostname: Hostname): string {
  if (hostname === everyHost) return "any.gatehouse-probe.invalid";
  return isWildcard(hostname) ? `gatehouse-probe${hostname.slice(1)}` : hostname;
}

function pathExamples({ type, value }: HttpPathMatch): readonly string[] | undefined {
  switch (type) {
    case "Exact":
      return [value];
    case "PathPrefix": {
      const prefix = trimmedPrefix(value);
      return [prefix === "" ? "/" : prefix, `${prefix}/${probeSegment}`];
    }
    default: {
      const path = regexExample(value);
      return path?.startsWith("/") === true ? [path] : undefined;
    }
  }
}

type Example = { readonly name: string; readonly value: string };

function examplesOf(matches: readonly HttpValueMatch[] = []): readonly Example[] | undefined {
  const examples = matches.map(({ type, name, value }) => ({
    name,
    value: type === "Exact" ? value : regexExample(value),
  }));
  return examples.every((each): each is Example => each.value !== undefined) ? examples : undefined;
}

/**
 * A text that a simple regular expression most likely matches, made by putting a letter or digit for whatever stands for
 * many; undefined where something is left that is no plain text. The expression is never run: it is a stranger's.
 */
export function regexExample(regex: string): string | undefined {
  const plain = regex
    .replace(/^\^/, "")
    .replace(/\$$/, "")
    .replace(/\[(?:[^\]\\]|\\.)*\]/g, classExample)
    .replace(/\((?:\?:)?([^()|]*)(?:\|[^()]*)?\)/g, "$1")
    .replace(/\\([dDwWsSbB])/g, (_all, kind: string) => classes[kind] ?? "")
    .replace(/(?<!\\)\.(?=[*+?{]|$)/g, "a")
    .replace(/(.)\{(\d{1,3})(?:,\d{0,4})?\}/g, (_all, letter: string, count: string) => letter.repeat(Number(count)))
    .replace(/(?<!\\)[*+?]/g, "");
  const text = plain.replace(/\\([^A-Za-z0-9])/g, "$1");
  return /[()[\]{}|^$]/.test(plain.replace(/\\[^A-Za-z0-9]/g, "")) || text.length > mostCharacters ? undefined : text;
}

const mostCharacters = 1024;
const classes: Readonly<Record<string, string>> = { d: "1", D: "a", w: "a", W: "-", s: " ", S: "a", b: "", B: "" };

function classExample(set: string): string {
  if (set.startsWith("[^")) return "a";
  const [letter] = /[a-z]/i.exec(set.replace(/\\./g, "")) ?? /[0-9]/.exec(set) ?? [];
  if (letter !== undefined) return letter;
  return set.includes("\\d") ? "1" : set.includes("\\w") ? "a" : set.charAt(1);
}
