import { getPublicSuffix } from "tldts";
import { type Hostname, isWildcard } from "../../core/hostname.ts";

/**
 * Whether a hostname is one that nobody can own by coming first: a single label, or a name such as `co.uk` or `github.io`
 * under which strangers register theirs (or everything below it). From the Public Suffix List, https://publicsuffix.org
 */
export function isPublicSuffix(hostname: Hostname): boolean {
  const name = isWildcard(hostname) ? hostname.slice(2) : hostname;
  return !name.includes(".") || getPublicSuffix(name, { allowPrivateDomains: true }) === name;
}
