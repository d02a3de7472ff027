import { domainToASCII } from "node:url";

/**
 * Hostnames as Gateway API compares them: lower-case DNS names, `*.` in front for a wildcard of one or more labels, and
 * the empty string for "every host". https://gateway-api.sigs.k8s.io/reference/spec/#hostname
 */
export type Hostname = string;

/** The hostname that matches every host. */
export const everyHost: Hostname = "";

/** Gives a name its one spelling: lower case, as ASCII, without port and trailing dot. Absent means every host. */
export function normalizeHostname(hostname: string | undefined): Hostname {
  if (hostname === undefined) return everyHost;
  const bare = hostname.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
  return plainName.test(bare) ? bare : asciiName(bare);
}

const plainName = /^[a-z0-9.*_-]*$/;

/**
 * What is no domain name in any script is spelled like nothing that is served. Of what no proxy would take, and refuse its whole
 * table for, nothing is left in it.
 */
function asciiName(name: string): Hostname {
  const wildcard = name.startsWith("*.") ? "*." : "";
  const ascii = domainToASCII(name.slice(wildcard.length));
  return ascii === "" ? name.replaceAll(/[^ -~]/g, "?") : `${wildcard}${ascii}`;
}

export function isWildcard(hostname: Hostname): boolean {
  return hostname.startsWith("*.");
}

/** Whether it names exactly one host. */
export function isExact(hostname: Hostname): boolean {
  return hostname !== everyHost && !isWildcard(hostname);
}

/** Whether every host that `narrow` matches is matched by `wide` too. `evilexample.com` is not below `example.com`. */
export function covers(wide: Hostname, narrow: Hostname): boolean {
  if (wide === everyHost || wide === narrow) return true;
  if (!isWildcard(wide) || narrow === everyHost) return false;
  const suffix = wide.slice(1);
  const rest = isWildcard(narrow) ? narrow.slice(1) : narrow;
  return rest.length > suffix.length && rest.endsWith(suffix);
}

/** The wildcards above a hostname, the nearest first: of `a.b.c` `*.b.c` and `*.c`, of `*.b.c` `*.c`. */
export function wildcardsAbove(hostname: Hostname): readonly Hostname[] {
  const labels = (isWildcard(hostname) ? hostname.slice(2) : hostname).split(".");
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join(".")}`);
}

/** The hosts that both match, or undefined when there is none. */
export function intersectHostnames(a: Hostname, b: Hostname): Hostname | undefined {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
}

/**
 * Orders hostnames by precedence, the more specific first: exact before wildcard, then by the number of characters
 * (the `*` does not count), then by name so that the order is total.
 */
export function compareSpecificity(a: Hostname, b: Hostname): number {
  const exact = Number(isExact(b)) - Number(isExact(a));
  if (exact !== 0) return exact;
  if (a.length !== b.length) return b.length - a.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
