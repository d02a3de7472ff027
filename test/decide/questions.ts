import type { RequestHeader, RequestQuestion } from "../../src/core/explanation.ts";
import type { Random } from "./random.ts";
import { methods, paths, type RouteSet, type WrittenMatch, type WrittenValueMatch } from "./route-sets.ts";

const gateway = { namespace: "infra", name: "gateway" };

/** Makes a request that lies at a boundary of what the routes of a set match. */
export function questionAt(random: Random, { domain, httpPort, httpsPort, matches }: RouteSet): RequestQuestion {
  const aim = matches.length > 0 && random.chance(70) ? random.pick(matches) : {};
  const host = random.pick([
    ...[`x.${domain}`, `y.${domain}`, `a.w.${domain}`, `b.w.${domain}`, `c.a.w.${domain}`, `q.${domain}`],
    ...[`x.${domain}`, `y.${domain}`, `a.w.${domain}`, `b.w.${domain}`, `x.${domain}`, `y.${domain}`],
    ...[domain, `f7.${domain}`, `w.${domain}`, "unknown.test", `not${domain}`],
  ]);
  const scheme = random.pick(["http", "https"] as const);
  const isPreflight = random.chance(15);
  return {
    gateway,
    port: scheme === "http" ? httpPort : httpsPort,
    scheme,
    ...(scheme === "https" && serverName(random, host, domain)),
    host: spelled(random, host),
    path: `${pathAt(random, aim)}${queryAt(random, aim)}`,
    method: isPreflight ? "OPTIONS" : methodAt(random, aim),
    headers: [...headersAt(random, aim), ...(isPreflight ? preflight(random, aim) : [])],
  };
}

function serverName(random: Random, host: string, domain: string): { readonly sni?: string } {
  if (random.chance(70)) return { sni: host };
  if (random.chance(20)) return {};
  return { sni: random.pick([`x.${domain}`, `q.${domain}`, `a.w.${domain}`, `b.w.${domain}`, `X.${domain}`]) };
}

function spelled(random: Random, host: string): string {
  switch (random.below(10)) {
    case 0:
      return host.toUpperCase();
    case 1:
      return `${host}.`;
    case 2:
      return `${host}:${random.pick([80, 8080])}`;
    case 3:
      return `${host.replace("s", "S")}.:443`;
    default:
      return host;
  }
}

const changes: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => path,
  (path) => path,
  (path) => `${path}/`,
  (path) => `${path}x`,
  (path) => `${path}/b`,
  (path) => `/${path}`,
  (path) => `/z/..${path}`,
  (path) => path.replace("a", "%61"),
  (path) => path.toUpperCase(),
  (path) => path.replace("/b", "%2Fb"),
  (path) => path.replaceAll("/", "//"),
  (path) => `${path}/.`,
  (path) => path.replace("/b", "\\b"),
  (path) => `${path}/..;v=1/b`,
  (path) => `${path}"`,
  (path) => (path.length > 3 ? `${path}#f` : path),
  (path) => `${path}%00`,
  (path) => `${path}%7e`,
];

function methodAt(random: Random, { method }: WrittenMatch): string {
  return method !== undefined && random.chance(80) ? method : random.pick([...methods, "GET", "GET"]);
}

function pathAt(random: Random, { path }: WrittenMatch): string {
  const aimed = path !== undefined && path.type !== "RegularExpression" && random.chance(80) ? path.value : undefined;
  return random.pick(changes)(aimed ?? random.pick(paths));
}

/** Values that meet a match, or just not. */
function valuesFor(random: Random, wanted: readonly WrittenValueMatch[] = []): readonly (readonly [string, string])[] {
  return wanted.flatMap(({ name, value, type }): readonly (readonly [string, string])[] => {
    const aimed = type === undefined ? value : random.pick(["1", "2", "1,2", "a", "", "x"]);
    const first = random.chance(85) ? aimed : random.pick(["1", "2", `${aimed}x`, aimed.toUpperCase()]);
    const more = random.chance(25) ? [[name, random.pick(["1", "2", "a", value])] as const] : [];
    return random.chance(50) ? [[name, first], ...more] : [...more, [name, first]];
  });
}

function queryAt(random: Random, { queryParams }: WrittenMatch): string {
  if (queryParams !== undefined && random.chance(85)) {
    return `?${valuesFor(random, queryParams)
      .map(([name, value]) => `${name}=${value}`)
      .join("&")}`;
  }
  if (random.chance(50)) return "";
  const pool = [
    "q=1",
    "q=2",
    "q",
    "Q=1",
    "p=a%20b",
    "p=a+b",
    "e=",
    "e=a",
    "e=a&e=b",
    "q=1&q=x",
    "q=x&q=1",
    "=1",
    "%71=1",
    "q=1=2",
  ];
  return `?${random.some(pool, 0, 3).join("&")}`;
}

function headersAt(random: Random, { headers }: WrittenMatch): readonly RequestHeader[] {
  if (headers !== undefined && random.chance(85)) {
    const sent = valuesFor(random, headers).filter(([name]) => name !== "Host");
    return sent.map(([name, value]) => ({ name, value }));
  }
  if (random.chance(40)) return [];
  const pool: readonly (readonly [string, string])[] = [
    ...([
      ["X-A", "1"],
      ["x-a", "2"],
      ["x-a", "1,2"],
      ["x-b", "1"],
      ["x-b", "2"],
      ["x-b", ""],
      ["x-b", " 2 "],
    ] as const),
    ...([
      ["x-c", "Value"],
      ["x-c", "value"],
      ["cookie", "a=1"],
      ["cookie", "b=2"],
      ["x_a", "1"],
      ["Accept", "a"],
      ["accept", "b"],
    ] as const),
    ...([
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "h"],
      ["x-gw-scope", "http-10000/x.s0.test"],
    ] as const),
  ];
  const chosen = random.some(pool, 1, 4);
  return chosen.filter(([name]) => name !== "x_a" || random.chance(10)).map(([name, value]) => ({ name, value }));
}

function preflight(random: Random, { method }: WrittenMatch): readonly RequestHeader[] {
  const origins = [
    "https://o.test",
    "https://O.test:443",
    "http://x.y.o.test",
    "https://p.test:8443",
    "https://p.test",
    "null",
  ];
  return [
    { name: "origin", value: random.pick(origins) },
    ...(random.chance(80)
      ? [{ name: "access-control-request-method", value: method ?? random.pick(["GET", "POST", "PUT"]) }]
      : []),
    ...(random.chance(30) ? [{ name: "access-control-request-headers", value: "x-a" }] : []),
  ];
}
