/** Too much: objects whose parts multiply, and objects without number. */
import {
  exact,
  httpRoute,
  listener,
  listenerSet,
  type Manifest,
  type PlainObject,
  prefix,
  regex,
  rule,
  sharedGateway,
} from "../objects.ts";
import { attack, type Family, mine } from "./attack.ts";

const everyListener: PlainObject = {
  parentRefs: ["http", "teams", "pool", "shared", "https", "https-apps"].map((sectionName) => ({
    ...sharedGateway,
    sectionName,
  })),
};

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A path of as many segments as there is room for, unlike any other. */
function deep(seed: number): string {
  return `/${times(511, (index) => "abcdefghijklmnopqrstuvwxyz"[(index * (seed + 1) + seed) % 26] ?? "a").join("/")}`.slice(
    0,
    1024,
  );
}

function rules(count: number, matches: (rule: number) => readonly PlainObject[]): readonly PlainObject[] {
  return times(count, (index) => rule(matches(index)));
}

const many = times(16, (index) => `h${index}.mallory.example`);
const headers = times(16, (index) => ({ type: "RegularExpression", name: `x-${index}`, value: `(a|b${index})*c` }));
const queryParams = times(16, (index) => ({ type: "RegularExpression", name: `q${index}`, value: `(a|b${index})*c` }));

export const bombs: Family = {
  name: "products of matches",
  attacks: [
    attack(
      "as many matches as there may be",
      httpRoute(mine(), { rules: rules(2, (at) => times(64, (index) => prefix(`/m${at}/${index}`))) }),
    ),
    attack(
      "under every hostname that there may be",
      httpRoute(mine(), { hostnames: many, rules: rules(2, (at) => times(64, (index) => prefix(`/m${at}/${index}`))) }),
    ),
    attack(
      "on every listener",
      httpRoute(mine(), {
        ...everyListener,
        hostnames: many,
        rules: rules(2, (at) => times(64, (index) => prefix(`/m${at}/${index}`))),
      }),
    ),
    attack(
      "with headers and queries",
      httpRoute(mine(), {
        hostnames: many,
        rules: rules(2, (at) => times(64, (index) => prefix(`/m${at}/${index}`, { headers, queryParams }))),
      }),
    ),
    attack(
      "with expressions",
      httpRoute(mine(), {
        hostnames: many,
        rules: rules(2, (at) =>
          times(64, (index) => regex(`/m${at}/${index}/(a*)*b`, { headers: headers.slice(0, 4) })),
        ),
      }),
    ),
    attack(
      "of dear expressions",
      httpRoute(mine(), {
        hostnames: many,
        rules: rules(2, (at) => times(64, (index) => regex(`/${at}/${index}/${"\\pL{0,50}".repeat(90)}`))),
      }),
    ),
    attack(
      "of long alternatives",
      httpRoute(mine(), {
        hostnames: many,
        rules: rules(2, (at) =>
          times(64, (index) => regex(`/${at}/${index}/(${times(150, (word) => `w${word}`).join("|")})*`)),
        ),
      }),
    ),
    attack(
      "of long classes",
      httpRoute(mine(), {
        hostnames: many,
        rules: rules(2, (at) => times(64, (index) => regex(`/${at}/${index}/${"[\\pL\\pN]".repeat(90)}`))),
      }),
    ),
    attack(
      "of dear headers",
      httpRoute(mine(), {
        rules: rules(2, (at) =>
          times(64, (index) =>
            prefix(`/m${at}/${index}`, {
              headers: times(8, (header) => ({
                type: "RegularExpression",
                name: `x-${header}`,
                value: `${at}-${index}-${header}-(?:[a-z]{0,30}){0,30}`,
              })),
            }),
          ),
        ),
      }),
    ),
    attack(
      "of deep paths",
      httpRoute(mine(), { rules: rules(2, (at) => times(64, (index) => exact(deep(at * 64 + index)))) }),
    ),
    attack(
      "of deep paths on every listener",
      httpRoute(mine(), {
        ...everyListener,
        rules: rules(2, (at) => times(64, (index) => prefix(deep(at * 64 + index)))),
      }),
    ),
    attack(
      "of deep paths under their shared host",
      httpRoute(mine(), {
        hostnames: ["shared.example.com"],
        rules: rules(2, (at) => times(64, (index) => prefix(deep(at * 64 + index)))),
      }),
    ),
    attack(
      "the same match again and again",
      httpRoute(mine(), { hostnames: many, rules: rules(2, () => times(64, () => prefix("/m"))) }),
    ),
    attack(
      "more matches than there may be",
      httpRoute(mine(), { rules: rules(16, (at) => times(64, (index) => prefix(`/m${at}/${index}`))) }),
    ),
    attack("more rules than there may be", httpRoute(mine(), { rules: rules(64, (at) => [prefix(`/m${at}`)]) })),
    attack(
      "more hostnames than there may be",
      httpRoute(mine(), {
        hostnames: times(200, (index) => `h${index}.mallory.example`),
        rules: rules(1, () => [prefix("/")]),
      }),
    ),
    attack(
      "a parent many times",
      httpRoute(mine(), {
        parentRefs: times(32, (index) => ({ ...sharedGateway, sectionName: `none-${index}` })),
        hostnames: many,
        rules: rules(2, (at) => times(64, (index) => prefix(`/m${at}/${index}`))),
      }),
    ),
    attack(
      "the same parent many times",
      httpRoute(mine(), {
        parentRefs: times(32, () => sharedGateway),
        hostnames: many,
        rules: rules(2, (at) => times(64, (index) => prefix(`/m${at}/${index}`))),
      }),
    ),
    attack(
      "hostnames as long as they may be",
      httpRoute(mine(), {
        hostnames: times(16, (index) => longName(index)),
        rules: rules(16, (at) => [prefix(`/m${at}`)]),
      }),
    ),
    attack("a path of a thousand letters", httpRoute(mine(), { rules: [rule([prefix(`/${"a".repeat(1023)}`)])] })),
    attack(
      "a path of a hundred thousand letters",
      httpRoute(mine(), { rules: [rule([prefix(`/${"a/".repeat(50_000)}`)])] }),
    ),
    attack(
      "a value of four thousand letters",
      httpRoute(mine(), {
        rules: [rule([prefix("/m", { headers: [{ type: "Exact", name: "x-a", value: "a".repeat(4096) }] })])],
      }),
    ),
    attack(
      "as many listeners as there may be",
      listenerSet(
        mine("set"),
        times(64, (index) => listener(`l${index}`, 443, { hostname: `l${index}.mallory.example` }, { name: "tls" })),
      ),
    ),
    attack(
      "as many ports as there may be",
      listenerSet(
        mine("set"),
        times(64, (index) => listener(`l${index}`, 20_000 + index)),
      ),
    ),
    attack(
      "wildcards below wildcards",
      listenerSet(
        mine("set"),
        times(16, (index) => listener(`l${index}`, 80, { hostname: `*.${"w.".repeat(index + 1)}mallory.example` })),
      ),
    ),
  ],
};

function longName(index: number): string {
  return `${`${"a".repeat(50)}.`.repeat(4)}h${index}.mallory.example`;
}

function flood(count: number, make: (index: number) => Manifest): readonly Manifest[] {
  return times(count, make);
}

/** Each object stands for itself: what one costs is measured alone. */
export const floods: Family = {
  name: "floods",
  attacks: [
    {
      name: "routes without end",
      stages: flood(90, (index) =>
        httpRoute(mine(`r${index}`), {
          hostnames: times(16, (at) => `f${index}-${at}.mallory.example`),
          rules: rules(1, () => [prefix("/")]),
        }),
      ).map((manifest) => [{ manifest }]),
    },
    {
      name: "routes without hostnames",
      stages: flood(30, (index) =>
        httpRoute(mine(`r${index}`), { rules: rules(2, (at) => [prefix(`/f${index}/${at}`)]) }),
      ).map((manifest) => [{ manifest }]),
    },
    {
      name: "ListenerSets without end",
      stages: flood(12, (index) =>
        listenerSet(
          mine(`s${index}`),
          times(20, (at) => listener(`l${at}`, 443, { hostname: `s${index}-${at}.mallory.example` }, { name: "tls" })),
        ),
      ).map((manifest) => [{ manifest }]),
    },
    {
      name: "one route that changes without end",
      stages: times(20, (index) => [
        {
          manifest: httpRoute(mine(), {
            hostnames: [`c${index}.mallory.example`],
            rules: rules(2, (at) => [prefix(`/m${at}`)]),
          }),
        },
      ]),
    },
    attack(
      "everything at once",
      ...flood(60, (index) =>
        httpRoute(mine(`r${index}`), {
          hostnames: [`g${index}.mallory.example`, "api.techresolve.com"],
          rules: rules(3, (at) => [prefix(`/g${at}`)]),
        }),
      ),
    ),
  ],
};
