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
}

/** Where a path stands: the hostname that it stands under may be a wildcard, or empty for every host. */
export interface AnsweredPlace {
  readonly gateway: NamespacedName;
  /** The port that clients use. */
  readonly port: number;
  readonly hostname: Hostname;
  readonly path: AnsweredPath;
}

/** One time when another route came to answer a path. */
export interface AnswerChange extends AnsweredPlace {
  /** RFC 3339. */
  readonly time: string;
  /** Absent where nobody answered before. */
  readonly from?: AnsweringRoute;
  /** Absent where nobody answers any more. */
  readonly to?: AnsweringRoute;
  /** What changed, such as `HTTPRoute shop/cart generation 3 changed`. */
  readonly cause: string;
  /** The Envoy route table that tells it to proxies; no version where the table is gone. */
  readonly resource: { readonly name: string; readonly version?: string };
}

/** A change with how many of the proxies that are connected now have acknowledged it, or something newer. */
export interface ToldChange extends AnswerChange {
  readonly proxies: { readonly connected: number; readonly acknowledged: number };
}

/** What is known about a host and, where one is asked for, a path. */
export interface HistoryReport {
  readonly host: string;
  readonly path?: string;
  /** Who answers now. Without a path: every path of the host, the first 200 of each table. */
  readonly current: readonly (AnsweredPlace & AnsweringRoute)[];
  /** The newest first. */
  readonly changes: readonly ToldChange[];
}
