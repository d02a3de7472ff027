/**
 * The history of who answers what: plain data that goes through JSON unchanged, kept by `src/ledger` and told on the debug
 * pages, by the endpoint for tenants and by `gatehouse history`. It names objects of all namespaces: tenants are told less.
 */
import type { HttpPathMatch } from "./gateway-api.ts";
import type { Hostname } from "./hostname.ts";
import type { NamespacedName, ObjectKey } from "./keys.ts";

/** The requests of a match under a hostname. */
export interface AnsweredPath extends HttpPathMatch {
  /** What a request needs besides the path, such as `method POST, header x-a: 1`; absent: nothing. */
  readonly condition?: string;
}

/** A route that answers, in the generation in which it does. */
export interface AnsweringRoute {
  readonly route: ObjectKey;
  readonly generation: number;
  /** Of a change: what the route has itself, where that is wider than the place, which is then somebody else's. */
  readonly through?: WiderPlace;
}

/** A wider hostname, a path above, or the path without its condition. */
export type WiderPlace = Pick<AnsweredPlace, "hostname" | "path">;

/** How what is forwarded as it is comes: TLS is told apart by its server name, of the others a port is all that is known. */
export type ForwardedProtocol = "TLS" | "TCP" | "UDP";

/** Where a path stands, or what is forwarded as it is: the hostname may be a wildcard, or empty for every host. */
export interface AnsweredPlace {
  readonly gateway: NamespacedName;
  /** The port that clients use. */
  readonly port: number;
  readonly hostname: Hostname;
  /** Absent where connections or datagrams are forwarded as they are: all that comes under the hostname. */
  readonly path?: AnsweredPath;
  /** Instead of a path. */
  readonly protocol?: ForwardedProtocol;
}

/** What may be asked: who has a host, as a client or a route writes it, or a path of it; or who has a port. */
export type HistoryQuestion =
  | { readonly host: string; readonly path?: string }
  | { readonly port: number; readonly protocol: Exclude<ForwardedProtocol, "TLS"> };

/** One time when another route came to answer a path, or to have a server name or a port. */
export interface AnswerChange extends AnsweredPlace {
  /** RFC 3339. */
  readonly time: string;
  /** Absent where nobody answered before. */
  readonly from?: AnsweringRoute;
  /** Absent where nobody answers any more. */
  readonly to?: AnsweringRoute;
  /** What changed, such as `HTTPRoute shop/cart generation 3 changed`. */
  readonly cause: string;
  /** The Envoy route table that tells it to proxies, the listener where there is a protocol; no version where it is gone. */
  readonly resource: { readonly name: string; readonly version?: string };
}

/** A change with how many of the proxies that are connected now have acknowledged it, or something newer. */
export interface ToldChange extends AnswerChange {
  readonly proxies: { readonly connected: number; readonly acknowledged: number };
}

/** What is known about a host and, where one is asked for, a path; or about a port. */
export interface HistoryReport {
  /** What was asked for. */
  readonly host?: string;
  readonly path?: string;
  readonly port?: number;
  readonly protocol?: ForwardedProtocol;
  /** Who answers now. Without a path: every path of the host, the first 200 of each table. */
  readonly current: readonly (AnsweredPlace & AnsweringRoute)[];
  /** The newest first. */
  readonly changes: readonly ToldChange[];
}
