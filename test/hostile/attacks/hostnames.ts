/** Hostnames of others: as they are, in every spelling, by wildcards, and by routes that were there before. */
import { exact, httpRoute, prefix, rule, sharedGateway } from "../objects.ts";
import { attack, type Family, grab, mine, sequence } from "./attack.ts";

const taken = [
  "api.techresolve.com",
  "bank.teams.example.com",
  "bank.apps.example.com",
  "any.wild.example.com",
  "store.example.net",
  "open.example.net",
  "granted.example.com",
  "below.granted.example.com",
  "manual.example.com",
  "parts.example.com",
  "shared.example.com",
];

const everything = [rule([prefix("/")])];

/** Spellings that mean the host, might be taken for it, or hold more than a hostname. */
function spellings(host: string): readonly string[] {
  const [first = "", ...rest] = host.split(".");
  return [
    host.toUpperCase(),
    `${first.toUpperCase()}.${rest.join(".")}`,
    `${host}.`,
    `${host}..`,
    `${host}:80`,
    `${host}:443`,
    `${host}.:80`,
    `${host}:`,
    `.${host}`,
    ` ${host}`,
    `${host} `,
    `${host}\n`,
    `${host}\u0000`,
    `${host}/`,
    `http://${host}`,
    `user@${host}`,
    host.replaceAll(".", "\u3002"),
    host.replaceAll(".", "%2e"),
    [...host].map((letter) => (/[a-z]/.test(letter) ? fullWidth(letter) : letter)).join(""),
    `${first}\u00ad.${rest.join(".")}`,
    `${first}\u200d.${rest.join(".")}`,
  ];
}

const wildcards = [
  ..."* *. . *.com *.net *.org *.co.uk com co.uk github.io *.github.io localhost *.localhost".split(" "),
  ..."*.techresolve.com *.api.techresolve.com techresolve.com evilapi.techresolve.com *.TechResolve.COM.".split(" "),
  ..."*.example.com *.EXAMPLE.com. *.teams.example.com *.bank.teams.example.com *.apps.example.com".split(" "),
  ..."*.pool.example.com *.shared.example.com *.wild.example.com *.any.wild.example.com *.granted.example.com".split(
    " ",
  ),
  ..."*.below.granted.example.com *.manual.example.com *.example.net *.store.example.net *.open.example.net".split(" "),
  ..."*.*.example.com api.*.com *api.techresolve.com **.example.com a*.techresolve.com *.*".split(" "),
  ..."api.techresolve.com.evil.example 127.0.0.1 [::1] xn--api-techresolve-com _api.techresolve.com".split(" "),
  "",
];

const everyListener = {
  parentRefs: ["http", "teams", "pool", "shared", "https", "https-apps"].map((sectionName) => ({
    ...sharedGateway,
    sectionName,
  })),
};

export const hostnames: Family = {
  name: "hostnames",
  attacks: [
    ...taken.map((host) => attack(`route for ${host}`, grab([host], everything))),
    ...taken.map((host) =>
      attack(`deeper paths of ${host}`, grab([host], [rule([exact("/login"), exact("/"), prefix("/docs/a")])])),
    ),
    ...taken
      .slice(0, 5)
      .flatMap((host) =>
        spellings(host).map((spelled) => attack(`route for ${JSON.stringify(spelled)}`, grab([spelled], everything))),
      ),
    attack("sixteen spellings at once", grab(spellings("api.techresolve.com").slice(0, 16), everything)),
    attack("one of its own and one of theirs", grab(["mine.mallory.example", "api.techresolve.com"], everything)),
  ],
};

export const wildcardHostnames: Family = {
  name: "wildcards",
  attacks: [
    ...wildcards.map((host) => attack(`route for ${JSON.stringify(host)}`, grab([host], everything))),
    ...wildcards
      .filter((host) => host.startsWith("*."))
      .map((host) =>
        attack(
          `every path of ${host} on every listener`,
          grab([host], [rule([exact("/pool"), exact("/careers"), exact("/status")])], everyListener),
        ),
      ),
  ],
};

export const olderRoutes: Family = {
  name: "older routes",
  attacks: [
    ...taken.map((host) =>
      sequence(
        `old route that is given ${host}`,
        httpRoute(mine(), { hostnames: ["old.mallory.example"], rules: everything }),
        httpRoute(mine(), { hostnames: ["old.mallory.example", host], rules: everything }),
        httpRoute(mine(), { hostnames: [host], rules: everything }),
      ),
    ),
    ...taken.slice(0, 4).map((host) => {
      const route = httpRoute(mine(), { hostnames: [host], rules: everything });
      return sequence(`route for ${host} that goes and comes`, route, { manifest: route, deleted: true }, route);
    }),
    ...taken
      .slice(0, 4)
      .map((host) =>
        sequence(
          `route for everything that is given ${host}`,
          httpRoute(mine(), { rules: everything }),
          httpRoute(mine(), { hostnames: [host], rules: everything }),
          httpRoute(mine(), { rules: everything }),
        ),
      ),
    attack(
      "route from before time",
      httpRoute(mine("grab", { createdAt: "0001-01-01T00:00:00Z" }), {
        hostnames: [taken[0] ?? ""],
        rules: everything,
      }),
    ),
    attack(
      "route without a time",
      httpRoute(mine("grab", { createdAt: "" }), { hostnames: [taken[0] ?? ""], rules: everything }),
    ),
    attack(
      "route with a time that is none",
      httpRoute(mine("grab", { createdAt: "!" }), { hostnames: [taken[0] ?? ""], rules: everything }),
    ),
  ],
};

function fullWidth(letter: string): string {
  return String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0);
}
