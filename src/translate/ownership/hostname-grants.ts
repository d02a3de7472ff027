/** What HostnameClaims say: to which namespaces the platform grants a hostname or a path of it. */
import type { Collection, Grouped, Reader, Transform } from "../../collection/collection.ts";
import { type Hostname, isWildcard, normalizeHostname, wildcardsAbove } from "../../core/hostname.ts";
import type { HostnameClaim, NamespaceChoice } from "../../core/ownership.ts";
import { trimPath } from "../../core/path.ts";
import { type NamespaceLabels, selectorMatches } from "../allowed-routes.ts";

/** One HostnameClaim, for one of the patterns that it covers. */
export interface HostnameGrant {
  /** An exact hostname, or a wildcard for what lies below. */
  readonly pattern: Hostname;
  /** Trimmed; absent: all paths. */
  readonly path?: string;
  readonly namespaces: NamespaceChoice;
}

export interface GrantInputs {
  /** By pattern. */
  readonly grants: Grouped<HostnameGrant>;
  readonly namespaceLabels: Collection<NamespaceLabels>;
}

/** Splits a HostnameClaim into the patterns that it covers. */
export const hostnameGrants: Transform<HostnameClaim, HostnameGrant> = (_read, key, claim) =>
  grantsOf(claim).map((grant) => [`${key} ${grant.pattern}`, grant]);

/** What a HostnameClaim says of each pattern that it covers. */
export function grantsOf({ spec }: HostnameClaim): readonly HostnameGrant[] {
  const hostname = normalizeHostname(spec.hostname);
  const below = spec.subdomains === true && !isWildcard(hostname) ? [`*.${hostname}`] : [];
  const path = spec.path === undefined ? undefined : trimPath(spec.path);
  return [hostname, ...below].map((pattern) => ({
    pattern,
    ...(path !== undefined && path !== "/" && { path }),
    namespaces: spec.namespaces,
  }));
}

/** Everything that the platform has said about a hostname, what decides first at the front. Ends with what is about all paths. */
export interface GrantLevel {
  readonly path?: string;
  readonly choices: readonly NamespaceChoice[];
}

/** Gathers what holds for a hostname: the most specific pattern first, within it the longest path. */
export function grantLevels(read: Reader, { grants }: GrantInputs, hostname: Hostname): readonly GrantLevel[] {
  const levels: GrantLevel[] = [];
  for (const pattern of [hostname, ...wildcardsAbove(hostname)]) {
    const found = read.get(grants, pattern);
    if (found === undefined) continue;
    const byPath = Map.groupBy(found.values(), ({ path }) => path ?? "");
    const paths = [...byPath.keys()].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
    for (const path of paths) {
      const choices = (byPath.get(path) ?? []).map(({ namespaces }) => namespaces);
      levels.push(path === "" ? { choices } : { path, choices });
    }
    if (byPath.has("")) break;
  }
  return levels;
}

/** Whether a namespace is among those that are chosen. */
export function isChosen(
  read: Reader,
  { namespaceLabels }: Pick<GrantInputs, "namespaceLabels">,
  choices: readonly NamespaceChoice[],
  namespace: string,
): boolean {
  const labelsOf = (name: string) => read.get(namespaceLabels, name);
  return choices.some((choice) => choosesNamespace(choice, namespace, labelsOf));
}

/** Whether a namespace is chosen; one without known labels is by its name only. */
export function choosesNamespace(
  { names, selector }: NamespaceChoice,
  namespace: string,
  labelsOf: (namespace: string) => NamespaceLabels | undefined,
): boolean {
  if (names?.includes(namespace) === true) return true;
  if (selector === undefined) return false;
  const labels = labelsOf(namespace);
  return labels !== undefined && selectorMatches(selector, labels);
}
