import { callRule } from "./call-routes.ts";
import type { Random } from "./random.ts";

/** Some routes of one domain, on two ports of their own. */
export interface RouteSet {
  readonly domain: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Listeners of the Gateway that all sets share, as they are written. */
  readonly listeners: readonly object[];
  /** HTTPRoutes and GRPCRoutes, as they are written. */
  readonly routes: readonly object[];
  /** The matches of their rules: what requests are aimed at. */
  readonly matches: readonly WrittenMatch[];
}

/** A match of a rule, as it is written. */
export interface WrittenMatch {
  readonly path?: { readonly type: string; readonly value: string };
  readonly method?: string;
  readonly headers?: readonly WrittenValueMatch[];
  readonly queryParams?: readonly WrittenValueMatch[];
}

export interface WrittenValueMatch {
  readonly name: string;
  readonly value: string;
  readonly type?: string;
}

export interface RouteSetOptions {
  readonly index: number;
  /** Namespaces of the routes; more than one makes the Gateway enforce ownership. */
  readonly namespaces: readonly string[];
  /** Adds so many hostnames that the tables are cut by hostname. */
  readonly scoped: boolean;
}

/** The paths, header values and so on from which matches and requests are made, so that they meet at the boundaries. */
export const paths = [
  "/",
  "/a",
  "/a/",
  "/a/b",
  "/a/b/",
  "/ab",
  "/a.b",
  "/A",
  "/a/b/c",
  "/b",
  "/b%20c",
  "/a~b",
  "/a;v=1",
];
export const regexes = [
  ...[
    "/a.*",
    "/[ab]+",
    "/a/(b|c)",
    "(?i)/A",
    "/.*",
    "/a",
    "^/a$",
    "/a|/b",
    "/a/?",
    "/\\w+/b",
    "/a.b",
    ".*b",
    "/(a/)*b",
  ],
  ...["(?i)^/A/B.*", "/[^/]+", "/a(|/.*)", "(/a|/ab)(/.*)?", "/a{1,2}b?"],
];
export const methods = ["GET", "POST", "OPTIONS", "PUT", "HEAD"];
export const headerMatches: readonly WrittenValueMatch[] = [
  { name: "x-a", value: "1" },
  { name: "X-A", value: "1,2" },
  { name: "x-b", value: "1|2", type: "RegularExpression" },
  { name: "x-b", value: ".*", type: "RegularExpression" },
  { name: "x-b", value: "(1,)?2", type: "RegularExpression" },
  { name: "X-C", value: "Value" },
  { name: "accept", value: "a,b" },
  { name: "accept", value: "b" },
  { name: "Host", value: "(?i)[xy]\\..*", type: "RegularExpression" },
  { name: "cookie", value: "a=1" },
  { name: "x-forwarded-proto", value: "https" },
  { name: "x-forwarded-host", value: "h" },
];
export const queryMatches: readonly WrittenValueMatch[] = [
  { name: "q", value: "1" },
  { name: "q", value: "[0-9]+", type: "RegularExpression" },
  { name: "Q", value: "1" },
  { name: "p", value: "a%20b" },
  { name: "e", value: ".*", type: "RegularExpression" },
  { name: "e", value: "a|b", type: "RegularExpression" },
];

/** Writes a random set. */
export function routeSet(random: Random, options: RouteSetOptions): RouteSet {
  const { index, namespaces, scoped } = options;
  const domain = `s${index}.test`;
  const [httpPort, httpsPort] = [10_000 + 2 * index, 10_001 + 2 * index];
  const hostnames = (): readonly string[] => {
    const chosen = random.some(["", `*.w.${domain}`, `x.${domain}`, `a.w.${domain}`], 0, 3);
    return scoped || chosen.length === 0 || random.chance(50) ? [...chosen, `*.${domain}`] : chosen;
  };
  const listeners = [
    ...hostnames().map((hostname, at) => listener(`h${index}-${at}`, hostname, httpPort, namespaces)),
    ...hostnames().map((hostname, at) => ({
      ...listener(`s${index}-${at}`, hostname, httpsPort, namespaces),
      protocol: "HTTPS",
      tls: { certificateRefs: [{ name: "certificate" }] },
    })),
  ];
  const names = listeners.map(({ name }) => name);
  const count = 1 + random.below(6);
  const routes = Array.from({ length: count }, (_, at) => route(random, { domain, index, at, names, namespaces }));
  const wide = listeners.filter(({ hostname }) => hostname === `*.${domain}`).map(({ name }) => name);
  const many = scoped ? fillers(domain, index, wide) : [];
  const matches = routes.flatMap(({ aims }) => aims);
  return {
    ...{ domain, httpPort, httpsPort, listeners, matches },
    routes: [...routes.map(({ written }) => written), ...many],
  };
}

function listener(name: string, hostname: string, port: number, namespaces: readonly string[]): WrittenListener {
  const allowedRoutes = { namespaces: { from: namespaces.length > 1 ? "All" : "Same" } };
  return { name, port, protocol: "HTTP", allowedRoutes, ...(hostname === "" ? {} : { hostname }) };
}

interface WrittenRoute {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
  readonly spec: {
    readonly parentRefs: readonly object[];
    readonly hostnames?: readonly string[];
    readonly rules: readonly object[];
  };
}

interface WrittenRule {
  readonly matches?: readonly WrittenMatch[];
}

interface WrittenListener {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  readonly protocol: string;
  readonly allowedRoutes: object;
}

interface Place {
  readonly domain: string;
  readonly index: number;
  readonly at: number;
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
}

const ages = ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"];

/** A route, and the matches that requests are aimed at. */
interface AimedRoute {
  readonly written: WrittenRoute;
  readonly aims: readonly WrittenMatch[];
}

function route(random: Random, place: Place): AimedRoute {
  const count = 1 + random.below(3);
  if (random.chance(25)) {
    const rules = Array.from({ length: count }, () => callRule(random, headerMatches));
    const written = ofKind(random, place, { kind: "GRPCRoute", rules: rules.map(({ rule }) => rule) });
    return { written, aims: rules.flatMap(({ aims }) => aims) };
  }
  const rules = Array.from({ length: count }, () => rule(random));
  const aims = rules.flatMap(({ matches }) => matches ?? []);
  return { written: ofKind(random, place, { kind: "HTTPRoute", rules }), aims };
}

function ofKind(
  random: Random,
  { domain, index, at, names, namespaces }: Place,
  { kind, rules }: { readonly kind: "HTTPRoute" | "GRPCRoute"; readonly rules: readonly object[] },
): WrittenRoute {
  const pool = [`x.${domain}`, `y.${domain}`, `*.${domain}`, `*.w.${domain}`, `a.w.${domain}`, domain];
  const sections = random.chance(40) ? random.some(names, 1, 3) : [undefined];
  const parent = { name: "gateway", namespace: "infra" };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: {
      name: `r${index}-${random.pick(["a", "b", "c"])}${at}`,
      namespace: random.pick(namespaces),
      creationTimestamp: random.pick(ages),
    },
    spec: {
      // All routes of a set name its listeners only.
      parentRefs:
        sections[0] === undefined
          ? [...new Set(names)].map((sectionName) => ({ ...parent, sectionName }))
          : sections.map((sectionName) => ({ ...parent, sectionName })),
      ...(random.chance(75) && { hostnames: random.some(pool, 1, 3) }),
      rules,
    },
  };
}

function rule(random: Random): WrittenRule {
  const answering = answer(random);
  if (JSON.stringify(answering).includes("ReplacePrefixMatch")) {
    // The API wants exactly one prefix to replace.
    return { matches: [{ ...match(random), path: { type: "PathPrefix", value: random.pick(paths) } }], ...answering };
  }
  return {
    ...(random.chance(90) && { matches: Array.from({ length: 1 + random.below(3) }, () => match(random)) }),
    ...answering,
  };
}

function match(random: Random): WrittenMatch {
  const path = random.chance(30)
    ? { type: "RegularExpression", value: random.pick(regexes) }
    : { type: random.pick(["Exact", "PathPrefix"]), value: random.pick([...paths, "/", "/"]) };
  const distinct = (entries: readonly WrittenValueMatch[]) => [
    ...new Map(entries.map((entry) => [entry.name, entry])).values(),
  ];
  return {
    ...(random.chance(90) && { path }),
    ...(random.chance(20) && { method: random.pick(methods) }),
    ...(random.chance(30) && { headers: distinct(random.some(headerMatches, 1, 2)) }),
    ...(random.chance(25) && { queryParams: distinct(random.some(queryMatches, 1, 2)) }),
  };
}

/** What a rule does: mostly it forwards, to Services without endpoints, so that the proxy itself tells which one it chose. */
function answer(random: Random): object {
  const kind = random.below(100);
  if (kind < 55) return { backendRefs: random.some(backends, 1, 3) };
  if (kind < 60) return {};
  if (kind < 65) return { backendRefs: [{ name: "absent", port: 80 }] };
  if (kind < 79) return { filters: [{ type: "RequestRedirect", requestRedirect: redirect(random) }] };
  const rewrite = random.pick([
    { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/n" } },
    { path: { type: "ReplaceFullPath", replaceFullPath: "/n" } },
    { hostname: "n.test" },
  ]);
  if (kind < 85)
    return { filters: [{ type: "URLRewrite", urlRewrite: rewrite }], backendRefs: [{ name: "a", port: 80 }] };
  const allowOrigins = random.some(["https://o.test", "http://*.o.test", "https://p.test:8443", "*"], 1, 2);
  const cors = { allowOrigins: allowOrigins.includes("*") ? ["*"] : allowOrigins, allowMethods: ["GET", "POST"] };
  return { filters: [{ type: "CORS", cors }], backendRefs: [{ name: "a", port: 80 }] };
}

const backends = [
  { name: "a", port: 80, weight: 1 },
  { name: "b", port: 80, weight: 0 },
  { name: "c", port: 80, weight: 3 },
  { name: "absent", port: 80, weight: 1 },
];

function redirect(random: Random): object {
  const path = random.pick([
    undefined,
    { type: "ReplacePrefixMatch", replacePrefixMatch: random.pick(["/n", "/", "/n/", "/a"]) },
    { type: "ReplaceFullPath", replaceFullPath: "/full" },
  ]);
  return {
    statusCode: random.pick([301, 302]),
    ...(random.chance(40) && { scheme: random.pick(["http", "https"]) }),
    ...(random.chance(30) && { hostname: "n.test" }),
    ...(random.chance(30) && { port: random.pick([80, 443, 8080]) }),
    ...(path && { path }),
  };
}

/** 512 hostnames on both ports. */
function fillers(domain: string, index: number, listeners: readonly string[]): readonly object[] {
  return Array.from({ length: 32 }, (_, at) => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `f${index}-${at}`, namespace: "infra", creationTimestamp: ages[0] },
    spec: {
      parentRefs: listeners.map((sectionName) => ({ name: "gateway", namespace: "infra", sectionName })),
      hostnames: Array.from({ length: 16 }, (_, host) => `f${at * 16 + host}.${domain}`),
      rules: [{ backendRefs: [{ name: "c", port: 80 }] }],
    },
  }));
}
