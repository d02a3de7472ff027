import { covers, everyHost, type Hostname, wildcardsAbove } from "../../core/hostname.ts";
import { chainPlaces, type PlaceInputs } from "../layer4/chain-places.ts";
import type { EnvoyListener, FilterChain, RouteTable, VirtualHost } from "../nodes.ts";
import type { RoutingView } from "../pipeline.ts";
import { virtualHostKey } from "../virtual-host-key.ts";

/** A filter chain, and the name by which a connection comes to it. */
export interface FoundChain {
  readonly chain: FilterChain;
  readonly hostname: Hostname;
}

/** The filter chain that takes a connection; undefined when the proxy closes it. Without a name only the catch-all does. */
export function findChain(
  { chains }: EnvoyListener,
  sni: string | undefined,
  ports: Pick<PlaceInputs, "portRoutes" | "holes">,
): FoundChain | undefined {
  const [first] = chains;
  const inputs = { ...ports, node: { chains } };
  if (first !== undefined && !readsServerNames(first)) return { chain: first, hostname: everyHost };
  const asked = sni?.toLowerCase() ?? everyHost;
  // Here a wildcard takes what begins with its dot too, other than for hosts (seen with 1.37 and 1.40).
  for (const name of [asked, ...wildcardsAbove(asked), everyHost]) {
    const chain = chains.find((each) => namesOf(each, inputs).includes(name));
    if (chain !== undefined) return { chain, hostname: name };
  }
  return undefined;
}

/** Whether what comes to a chain begins with a TLS handshake. */
export function readsServerNames(chain: FilterChain): boolean {
  return chain.tls !== undefined || (chain.kind === "layer4" && chain.protocol === "TLS");
}

/** The listener's own name, and the names that routes ask for where they have connections of their own. */
function namesOf(chain: FilterChain, inputs: PlaceInputs): readonly Hostname[] {
  if (chain.kind === "http") return chain.tls === undefined ? [] : [chain.tls.hostname];
  return chainPlaces(chain, inputs).map(({ hostname }) => hostname);
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
