import { describe, expect, it } from "vitest";
import type { HttpPathMatch, HttpRouteMatch, HttpValueMatch } from "../core/gateway-api.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { trimmedPrefix } from "./envoy/route-match.ts";
import type { RouteEntry } from "./nodes.ts";
import { findShadowed } from "./overlap.ts";
import { hostnameOrder, matchOrder } from "./precedence.ts";
import { matchId } from "./table-routes.ts";

interface Written {
  readonly match: HttpRouteMatch;
  readonly route?: string;
  readonly rule?: number;
  readonly createdAt?: string;
  readonly written?: string;
}

function entryOf({
  match,
  route = "cart",
  rule = 0,
  createdAt = "2026-01-01T00:00:00Z",
  written,
}: Written): RouteEntry {
  const key = objectKey("HTTPRoute", namespacedName("shop", route));
  const place = { match, createdAt, route: key, ruleIndex: rule, matchIndex: 0 };
  const order = hostnameOrder(written ?? "a.example.com") + matchOrder(place);
  return {
    order,
    route: key,
    namespace: "shop",
    createdAt,
    id: matchId(rule, 0),
    rule,
    match,
    clusters: [],
    routes: [],
  };
}

function inOrder(all: readonly Written[]): readonly RouteEntry[] {
  return all.map(entryOf).sort((a, b) => (a.order < b.order ? -1 : 1));
}

/** Each shadowed route with the one that shadows it and what decided. */
function shadowed(...all: readonly Written[]): readonly string[] {
  return findShadowed(inOrder(all)).map(
    ({ entry, by, criterion }) => `${entry.route.slice(15)} ${entry.id} by ${by.route.slice(15)}: ${criterion}`,
  );
}

const path = (type: HttpPathMatch["type"], value: string) => ({ path: { type, value } }) as const;
const prefix = (value: string) => path("PathPrefix", value);
const exact = (value: string) => path("Exact", value);
const regex = (value: string) => path("RegularExpression", value);
const is = (name: string, value = "v"): HttpValueMatch => ({ type: "Exact", name, value });
const wildcard = { written: "*.example.com" };

describe("a match that is never reached", () => {
  it.each<[string, readonly Written[], readonly string[]]>([
    [
      "is the newer of two that say the same",
      [
        { match: prefix("/a"), route: "old", createdAt: "2025-01-01T00:00:00Z" },
        { match: prefix("/a/"), route: "new" },
      ],
      ["new 0.0 by old: an older route"],
    ],
    [
      "is a later rule of the same route",
      [{ match: prefix("/a") }, { match: prefix("/a"), rule: 1 }],
      ["cart 1.0 by cart: an earlier rule of the same route"],
    ],
    [
      "is told of the first that answers instead, and of that only",
      ["a", "b", "c"].map((route) => ({ match: exact("/a"), route })),
      ["b 0.0 by a: the name that sorts first", "c 0.0 by a: the name that sorts first"],
    ],
    ["is no shorter prefix", [{ match: prefix("/a/b") }, { match: prefix("/a"), rule: 1 }], []],
    ["is no exact path below a prefix", [{ match: prefix("/a") }, { match: exact("/a/b"), rule: 1 }], []],
    [
      "is an exact path below a prefix of a more specific hostname",
      [{ match: prefix("/a") }, { match: exact("/a/b"), route: "wide", ...wildcard }],
      ["wide 0.0 by cart: a more specific hostname"],
    ],
    [
      "is no neighbour of a prefix, whatever it begins with",
      [{ match: prefix("/a") }, { match: exact("/ab"), route: "wide", ...wildcard }],
      [],
    ],
    [
      "is an expression that begins below a prefix of a more specific hostname",
      [
        { match: prefix("/a") },
        { match: regex("/a/b+"), route: "below", ...wildcard },
        { match: regex("/a/?b"), route: "beside", ...wildcard },
        { match: regex("/a/b|/c"), route: "either", ...wildcard },
      ],
      ["below 0.0 by cart: a more specific hostname"],
    ],
    ...[".*", "/.*", "^/.*$", "/(.*)"].map((all): [string, readonly Written[], readonly string[]] => [
      `is every prefix beside ${all}`,
      [{ match: regex(all) }, { match: prefix("/a/b"), route: "other" }],
      ["other 0.0 by cart: a regular expression before a prefix"],
    ]),
    [
      "is an expression without anything special beside the same exact path",
      [{ match: exact("/a") }, { match: regex("/a"), route: "other" }],
      ["other 0.0 by cart: an exact path"],
    ],
    [
      "is none that another one asks more of",
      [{ match: { ...prefix("/"), method: "GET" } }, { match: prefix("/"), rule: 1 }],
      [],
    ],
    [
      "asks for the same headers, however they are spelled, and for the first of a name only",
      [
        { match: { ...prefix("/"), headers: [is("X-A"), is("x-b")] } },
        { match: { ...prefix("/"), headers: [is("x-b"), is("x-a"), is("x-a", "w")] }, route: "other" },
      ],
      ["other 0.0 by cart: the name that sorts first"],
    ],
    [
      "is none with other values",
      [
        { match: { ...prefix("/"), headers: [is("x-a")] } },
        { match: { ...prefix("/"), headers: [is("x-a", "w")] }, rule: 1 },
        { match: { ...prefix("/"), queryParams: [is("x-a")] }, rule: 2 },
      ],
      [],
    ],
    [
      "asks for more than one of a more specific hostname does",
      [
        { match: { ...prefix("/"), headers: [is("x-a")] } },
        { match: { ...prefix("/a"), headers: [is("x-b"), is("x-a")], method: "GET" }, route: "more", ...wildcard },
        { match: { ...prefix("/a"), headers: [is("x-b")] }, route: "other", ...wildcard },
      ],
      ["more 0.0 by cart: a more specific hostname"],
    ],
  ])("%s", (_name, all, want) => {
    expect(shadowed(...all)).toEqual(want);
  });
});

/** A request of the small world that the generated matches are about. */
interface Request {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

const paths = ["/", "/a", "/a/", "/a/b", "/ab", "/b", "/a/b/c"];
const requests: readonly Request[] = paths.flatMap((each) =>
  ["GET", "POST"].flatMap((method) =>
    [{}, { x: "1" }, { y: "1" }, { x: "1", y: "1" }].map((headers) => ({ path: each, method, headers })),
  ),
);

function fits({ path: { type, value }, method, headers = [] }: HttpRouteMatch, request: Request): boolean {
  const trimmed = trimmedPrefix(value);
  const onPath = {
    Exact: request.path === value,
    PathPrefix: request.path === trimmed || request.path.startsWith(`${trimmed}/`),
    RegularExpression: new RegExp(`^(?:${value})$`).test(request.path),
  }[type];
  return (
    onPath &&
    (method === undefined || method === request.method) &&
    headers.every(({ name, value: wanted }) => request.headers[name] === wanted)
  );
}

/** Numbers that look random and are the same every time. https://en.wikipedia.org/wiki/Linear_congruential_generator */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const choices: readonly HttpPathMatch[] = [
  ...paths.flatMap((value) => [exact(value).path, prefix(value).path]),
  ...[".*", "/.*", "/a", "/a/.*", "/a.*", "/a/[b-c]", "/(a|b)", "/ab?", "^/a/b$"].map((value) => regex(value).path),
];

function generate(next: (below: number) => number): readonly RouteEntry[] {
  const some = <T>(from: readonly T[]) => from.slice(next(from.length));
  const all = Array.from({ length: 1 + next(12) }, (_, index): Written => {
    const [chosen = prefix("/").path] = some(choices);
    const headers = [is("x", "1"), is("y", "1")].filter(() => next(3) === 0);
    const method = next(4) === 0 ? { method: "GET" } : {};
    const written = ["a.example.com", "*.example.com", "*.com"][next(3)] ?? "";
    return { match: { path: chosen, headers, ...method }, route: `r${index}`, written };
  });
  return inOrder(all);
}

it("agrees with trying every request, on generated routes", () => {
  let found = 0;
  for (let seed = 0; seed < 3_000; seed++) {
    const entries = generate(numbers(seed));
    const reached = new Set(requests.map((request) => entries.find(({ match }) => fits(match, request))));
    const unreached = entries.filter((entry) => !reached.has(entry));
    const shadows = findShadowed(entries);
    found += shadows.length;
    for (const { entry, by } of shadows) {
      expect(unreached).toContain(entry);
      expect(requests.every((request) => !fits(entry.match, request) || fits(by.match, request))).toBe(true);
      expect(entries.indexOf(by)).toBeLessThan(entries.indexOf(entry));
    }
    // Of plain paths it misses nothing that a single earlier match covers; the requests tell such paths apart.
    const missed = unreached.filter((entry) => !shadows.some((shadow) => shadow.entry === entry) && isPlain(entry));
    for (const entry of missed) expect(coveringPlain(entries, entry)).toBeUndefined();
  }
  expect(found).toBeGreaterThan(3_000);
});

function isPlain({ match }: RouteEntry): boolean {
  return match.path.type !== "RegularExpression";
}

/** Whether some earlier match covers one by the meaning of paths and headers, looked at one by one. */
function coveringPlain(entries: readonly RouteEntry[], entry: RouteEntry): RouteEntry | undefined {
  const trimmed = trimmedPrefix(entry.match.path.value);
  const below = entry.match.path.type === "Exact" ? [entry.match.path.value] : [trimmed || "/", `${trimmed}/x/y`];
  return entries
    .slice(0, entries.indexOf(entry))
    .find(
      ({ match }) =>
        isPlain({ ...entry, match }) &&
        (match.path.type === "PathPrefix" || entry.match.path.type === "Exact") &&
        below.every((each) => fits({ path: match.path }, { path: each, method: "", headers: {} })) &&
        (match.method === undefined || match.method === entry.match.method) &&
        (match.headers ?? []).every(({ name }) => entry.match.headers?.some((own) => own.name === name)),
    );
}

it.each<[string, (index: number) => HttpRouteMatch]>([
  ["paths", (index) => prefix(`/p${index}`)],
  ["headers on one path", (index) => ({ ...prefix("/"), headers: [is("tenant"), is("x", String(index))] })],
])("does not look at every pair of many different %s", (_name, match) => {
  const entries = inOrder(Array.from({ length: 30_000 }, (_, index) => ({ match: match(index), route: `r${index}` })));
  const before = process.cpuUsage();
  expect(findShadowed(entries)).toEqual([]);
  // 450 million pairs would take many seconds of CPU, however busy the machine is with other things.
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2_500);
});
