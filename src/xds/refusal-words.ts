/** What Envoy's words about a refused response tell. Words name a resource for some types and faults only. */
import type { ResourceType } from "../core/xds-resource.ts";

/**
 * The resources of a refused response that Envoy says are bad. A name counts where Envoy itself puts it, not in what it
 * quotes of a resource, and only if it is in the response.
 *
 *     clusters            Error adding/updating cluster(s) NAME: why, NAME: why
 *     listeners           Error adding/updating listener(s) NAME: why\nNAME: why\n
 *     any, if invalid     goo.gle/debugstr\nname: "NAME"\n…: Proto constraint validation failed (…)
 *
 * Of route tables, endpoints, secrets and most faults of scopes it tells the fault alone.
 */
export function namedInWords(type: ResourceType, words: string, names: ReadonlySet<string>): Set<string> {
  const list = lists[type];
  if (list !== undefined && words.startsWith(list.start)) {
    return listed(words.slice(list.start.length), list.separator, names);
  }
  const invalid = invalidResource.exec(words)?.[1];
  return new Set(invalid !== undefined && names.has(invalid) ? [invalid] : []);
}

/** Envoy's words without the resource that they quote: a reader wants the reason, and secrets are in resources. */
export function reasonIn(words: string): string {
  if (!words.startsWith(quoteStart)) return words;
  const reason = words.lastIndexOf(invalidReason);
  // Envoy cuts its words after 4 KiB: of a large resource there is only what they quote, which is everybody's.
  return reason < 0 ? `${invalidReason}: the proxy's words end before they tell of which field` : words.slice(reason);
}

const lists: Partial<Record<ResourceType, { readonly start: string; readonly separator: string }>> = {
  cluster: { start: "Error adding/updating cluster(s) ", separator: ", " },
  listener: { start: "Error adding/updating listener(s) ", separator: "\n" },
};

const quoteStart = "goo.gle/debug";
const invalidReason = "Proto constraint validation failed";

/** The first field of every type of resource is its name. Which word of `debug` it is, and how many spaces follow, varies. */
const invalidResource = /^goo\.gle\/debug[a-z]* *\n(?:cluster_)?name: "([^"\\\n]*)"\n/;

/** None of our names holds a separator. */
function listed(words: string, separator: string, names: ReadonlySet<string>): Set<string> {
  const named = new Set<string>();
  for (const item of words.split(separator)) {
    const end = item.indexOf(": ");
    const name = item.slice(0, Math.max(end, 0));
    if (end >= 0 && names.has(name)) named.add(name);
  }
  return named;
}
