/**
 * Hostnames as Gateway API compares them: lower-case DNS names, `*.` in front for a wildcard of one or more labels, and
 * the empty string for "every host". https://gateway-api.sigs.k8s.io/reference/spec/#hostname
 */
export type Hostname = string;

/** The hostname that matches every host. */
export const everyHost: Hostname = "";

/** Lower-cases and cuts a trailing dot, so that one name has one spelling. Absent means every host. */
export function normalizeHostname(hostname: string | undefined): Hostname {
  if (hostname === undefined) return everyHost;
  const lower = hostname.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
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
