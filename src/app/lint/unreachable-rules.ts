import { parseObjectKey } from "../../core/keys.ts";
import type { VirtualHost } from "../../translate/nodes.ts";
import { findShadowed, type ShadowedEntry } from "../../translate/overlap.ts";
import type { LintRule, RuleFinding } from "./lint-world.ts";

/** Finds matches that never answer: one finding for each match and what keeps it from answering. */
export const unreachableRules: LintRule = ({ routing }) => {
  const shadowed = [...routing.virtualHosts.entries()].flatMap(([, host]) =>
    findShadowed(host.entries).map((found) => ({ found, host })),
  );
  const groups = Map.groupBy(shadowed, ({ found: { entry, by, criterion } }) =>
    JSON.stringify([entry.route, entry.id, by.route, by.id, criterion]),
  );
  return [...groups.values()].flatMap((group): readonly RuleFinding[] => {
    const [first] = group;
    if (first === undefined) return [];
    const hosts = hostWords(group.map(({ host }) => host));
    return [{ code: "GH0003", object: first.found.entry.route, message: describe(first.found, hosts) }];
  });
};

function describe({ entry, by, criterion }: ShadowedEntry, hosts: string): string {
  const { path, method } = entry.match;
  const match = `${method === undefined ? "" : `${method} `}${path.type} ${path.value}`;
  const { kind, name } = parseObjectKey(by.route);
  const other = by.route === entry.route ? `rule ${by.rule} of the same route` : `${kind} ${name}, rule ${by.rule},`;
  return `rule ${entry.rule}, match ${match}, never answers for ${hosts}: ${other} comes first (${criterion})`;
}

const mostHosts = 3;

function hostWords(hosts: readonly VirtualHost[]): string {
  const names = [...new Set(hosts.map(({ hostname }) => hostname || "*"))].sort();
  const more = names.length - mostHosts;
  return more > 0 ? `${names.slice(0, mostHosts).join(", ")} and ${more} more` : names.join(", ");
}
