/** Routes without hostnames, where listeners are shared: every way to write somebody else's path. */
import { exact, httpRoute, type PlainObject, prefix, regex, rule, sharedGateway } from "../objects.ts";
import { type Attack, attack, type Family, mine } from "./attack.ts";

const sections = ["http", "teams", "pool", "shared", "https", "https-apps"];

/** Matches that would answer what is others' on one listener or another. */
const matches: Readonly<Record<string, PlainObject>> = {
  "every path": prefix("/"),
  "their prefix": prefix("/careers"),
  "their prefix with a slash": prefix("/careers/"),
  "below their prefix": prefix("/careers/open"),
  "a path below their prefix": exact("/careers/open/1"),
  "their prefix as a path": exact("/careers"),
  "their path": exact("/status"),
  "their path as a prefix": prefix("/status"),
  "their prefix elsewhere": prefix("/pool/a"),
  "their prefix in the catch-all": exact("/site/careers/a"),
  "two slashes": prefix("//careers"),
  "a dot segment": exact("/x/../careers"),
  "an encoded letter": exact("/%63areers"),
  "an encoded slash": exact("/careers%2f"),
  "upper case": prefix("/CAREERS"),
  "every path by a header": prefix("/", { headers: [{ type: "RegularExpression", name: "host", value: ".*" }] }),
  "their prefix by a header": prefix("/careers", {
    headers: [{ type: "Exact", name: ":authority", value: "shared.example.com" }],
  }),
  "their prefix by a query": prefix("/careers", {
    queryParams: [{ type: "RegularExpression", name: "q", value: ".*" }],
  }),
  "their prefix by a method": prefix("/careers", { method: "GET" }),
  "their path by a method": exact("/status", { method: "GET" }),
};

/** Regular expressions that match paths of others, however they hide it. */
const expressions = [
  "/.*",
  ".*",
  "/careers.*",
  "/careers(/.*)?",
  "/(careers|product)(/.*)?",
  "/c.*",
  "/[a-z]+",
  "(?i)/CAREERS",
  "/mallory/.*|/careers",
  "/mallory|/careers.*|/status",
  "(/mallory|/careers)",
  "/mallory/(.*)|(/.*)",
  "\\/careers",
  "\\x2fcareers",
  "/c\\Qareers\\E",
  "\\Q/careers\\E",
  "/c/?areers",
  "/c/{0,1}areers",
  "/c/*areers",
  "/c/{0}areers",
  "/c/\\Q\\E?areers",
  "/c/(?i)?areers",
  "/c/(?s){0}areers",
  "/c/(?:)?areers",
  "/c/(?-i)*areers",
  "/c/\\Q\\E{0}areers",
  "/s/\\E?tatus",
  "/c/\\b?areers",
  "/c/$?areers",
  "/c/^?areers",
  "/c/\\z?areers",
  "/careers/x/??\\Q\\E?.*",
  "/mallory\\Q|\\E|/careers",
  "/mallory\\|/careers",
  "/mallory[|]|/careers",
  "/mallory\\\\|/careers",
  "/p/\\Q\\E*ool(/.*)?",
  "/site/x/\\Q\\E?.*",
  "^/careers$",
  "/(?P<name>careers)",
  "/\\pLareers",
  "/careers\\C*",
  "/\\x{100}",
  "/[\\x{0}-\\x{10FFFF}]",
  "/\\x{0000000041}",
  "/\\777",
  "/\\400",
  "/\\377",
  "/(?P<\u00f1>a)",
  "/(?<name>a)",
  "/[\u00e9-\u00fc]+",
  "/\u{1f600}{2}",
  "/\\p{Greek}",
  "/\\PL",
  "/[[:word:]]*",
  "/[[:^alpha:]]",
  "/(?U)a+",
  "/a\\Z",
  "/\\8",
  "/a**",
  "/a{,5}",
  "/a{5,2}",
  "/[z-a]",
  "/[]a]",
  "/\\",
];

/** Expressions that would cost much to read or to run. */
const costly: readonly (readonly [string, string])[] = [
  ["nested repetition", "/(a*)*b"],
  ["nested alternatives", "/(a|a|a)*$"],
  ["repeated repetition", "/((a{0,100}){0,100}){0,100}"],
  ["counted thousand", "/(?:[a-z]{1000}){1,1}"],
  ["counted too often", "/a{1001}"],
  ["deep groups", `/${"(".repeat(400)}a${")".repeat(400)}`],
  ["long alternatives", `/(${Array.from({ length: 170 }, (_, index) => `a${index}`).join("|")})`],
  ["long classes", `/${"[\\x{0}-\\x{10FFFF}]".repeat(48)}`],
  ["all letters many times", `/${"\\pL{0,50}".repeat(90)}`],
  ["looks ahead", "/(?=a)"],
  ["refers back", "/(a)\\1"],
  ["not closed", "/(a"],
  ["nothing", ""],
  ["one byte", "/\\C"],
];

export const hostlessRoutes: Family = {
  name: "without hostnames",
  attacks: [
    ...sections.flatMap((section) =>
      Object.entries(matches).map(([name, match]) => hostless(`${name} on ${section}`, section, [rule([match])])),
    ),
    attack("every path of every listener", httpRoute(mine(), { rules: [rule(Object.values(matches).slice(0, 8))] })),
    attack("an empty list of hostnames", httpRoute(mine(), { hostnames: [], rules: [rule([prefix("/careers")])] })),
    attack("no matches", httpRoute(mine(), { rules: [rule([])] })),
  ],
};

export const regexes: Family = {
  name: "regular expressions",
  attacks: [
    ...expressions.map((value) => attack(`path ${value}`, httpRoute(mine(), { rules: [rule([regex(value)])] }))),
    ...expressions
      .slice(0, 12)
      .map((value) =>
        attack(
          `path ${value} of a shared host`,
          httpRoute(mine(), { hostnames: ["shared.example.com"], rules: [rule([regex(value)])] }),
        ),
      ),
    ...costly.map(([name, value]) => attack(name, httpRoute(mine(), { rules: [rule([regex(value)])] }))),
    ...costly.slice(0, 4).map(([name, value]) =>
      attack(
        `${name} of a header`,
        httpRoute(mine(), {
          rules: [rule([prefix("/mallory", { headers: [{ type: "RegularExpression", name: "x-a", value }] })])],
        }),
      ),
    ),
  ],
};

function hostless(name: string, sectionName: string, rules: readonly PlainObject[]): Attack {
  return attack(name, httpRoute(mine(), { parentRefs: [{ ...sharedGateway, sectionName }], rules }));
}
