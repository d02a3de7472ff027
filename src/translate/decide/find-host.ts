import { covers, everyHost, type Hostname, wildcardsAbove } from "../../core/hostname.ts";
import type { EnvoyListener, FilterChain, RouteTable, VirtualHost } from "../nodes.ts";
import type { RoutingView } from "../pipeline.ts";
import { virtualHostKey } from "../virtual-host-key.ts";

/** The filter chain that takes a connection; undefined when the proxy closes it. Without a name only the catch-all does. */
export function findChain({ chains }: EnvoyListener, sni: string | undefined): FilterChain | undefined {
  const [first] = chains;
  if (first?.tls === undefined) return first;
  for (const name of namesAbove(sni?.toLowerCase() ?? everyHost)) {
    const chain = chains.find(({ tls }) => tls?.hostname === name);
    if (chain !== undefined) return chain;
  }
  return undefined;
}

/** A hostname of a table: answered by routes, or one that other connections are for. */
export type FoundHost =
  | { readonly kind: "host"; readonly host: VirtualHost }
  | { readonly kind: "misdirected"; readonly hostname: Hostname };

/** The hostnames of a table that a host falls under, the most specific first: that one answers, whatever it holds. */
export function findHosts(
  { virtualHosts }: Pick<RoutingView, "virtualHosts">,
  table: RouteTable,
  host: Hostname,
): readonly FoundHost[] {
  return namesAbove(host).flatMap((hostname): readonly FoundHost[] => {
    if (table.misdirected.includes(hostname)) return [{ kind: "misdirected", hostname }];
    const found = virtualHosts.get(virtualHostKey(table, hostname));
    return found === undefined ? [] : [{ kind: "host", host: found }];
  });
}

/** The name itself, the wildcards above it, the longest first, and that of every host. */
function namesAbove(name: Hostname): readonly Hostname[] {
  const wildcards = wildcardsAbove(name).filter((wildcard) => covers(wildcard, name));
  return [...new Set([name, ...wildcards, everyHost])];
}
