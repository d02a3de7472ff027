import type { EnvoyConfigRouteV3VirtualHost } from "../../../proto/gen/types.ts";
import { encodeMessage } from "../../../proto/messages.ts";
import { everyHost, type Hostname } from "../../core/hostname.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { RouteEntry, VirtualHost } from "../nodes.ts";
import { contentVersion } from "./resource.ts";
import { concatBytes, fieldNumbers, repeatedField } from "./splice.ts";

/** One hostname of a table with its encoded Route messages, in the order in which they are tried. */
export interface HostRoutes {
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly hostname: Hostname;
  readonly routes: readonly Uint8Array[];
  /** What the messages were made from, for {@link VirtualHost}. */
  readonly entries?: readonly RouteEntry[];
}

/** Prints a hostname of a table. One without routes answers 404, and keeps a wider hostname's routes from answering. */
export function printVirtualHost({ gateway, table, hostname, routes, entries = [] }: HostRoutes): VirtualHost {
  return { gateway, table, hostname, entries, ...withRoutes(virtualHostHead(hostname), routes) };
}

/**
 * Prints a hostname that other listeners of the port own: a request for it that came over a connection to this one answers
 * 421, so that the client opens another connection. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.20
 */
export function misdirectedHost(host: Omit<HostRoutes, "routes" | "entries">): VirtualHost {
  return printVirtualHost({ ...host, routes: [misdirectedRoute] });
}

/** Prints many such hostnames as one virtual host, so that a table costs little however many listeners its port has. */
export function misdirectedHosts(
  host: Omit<HostRoutes, "routes" | "entries" | "hostname">,
  others: readonly Hostname[],
): VirtualHost {
  const hostname = "misdirected";
  const domains = [...new Set(others.map(domainOf))].sort();
  const head = encodeMessage("envoy.config.route.v3.VirtualHost", { name: hostname, domains });
  return { ...host, hostname, entries: [], ...withRoutes(head, [misdirectedRoute]) };
}

function withRoutes(
  head: Uint8Array,
  routes: readonly Uint8Array[],
): Pick<VirtualHost, "bytes" | "routes" | "version"> {
  const bytes = concatBytes([head, repeatedField(fieldNumbers.routes, routes)]);
  // The routes are the same memory: there are as many of them as hostnames.
  return { bytes, routes: bytes.subarray(head.length), version: contentVersion([bytes]) };
}

/** Answers 421 to everything. */
const misdirectedRoute = encodeMessage("envoy.config.route.v3.Route", {
  name: "misdirected",
  match: { prefix: "/" },
  directResponse: { status: 421 },
});

/** The domain of a hostname in a table that many hostnames share. */
function domainOf(hostname: Hostname): string {
  return hostname === everyHost ? "*" : hostname;
}

/** An encoded virtual host that has everything but its routes. */
export function virtualHostHead(hostname: Hostname, more: EnvoyConfigRouteV3VirtualHost = {}): Uint8Array {
  const name = domainOf(hostname);
  return encodeMessage("envoy.config.route.v3.VirtualHost", { name, domains: [name], ...more });
}
