import type { XdsLog } from "./stream-options.ts";
import type { UntrustedPeer } from "./tls-port.ts";

/** How long nothing more is said about a host, in milliseconds. A proxy whose certificate has expired asks again and again. */
const quietMs = 60_000;

/** So many hosts are remembered. */
const mostHosts = 1_000;

/** Tells the log of clients that are turned away: without a certificate, or with an expired or foreign one. */
export class UntrustedPeers {
  readonly #log: XdsLog;
  readonly #clock: () => number;
  /** When each host was last told of. */
  readonly #told = new Map<string, number>();

  constructor({ log, clock }: { readonly log: XdsLog; readonly clock: () => number }) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Tells of a client, once a minute for each host. */
  tell(untrusted: UntrustedPeer): void {
    const { peer } = untrusted;
    const host = peer.slice(0, peer.lastIndexOf(":"));
    const now = this.#clock();
    const told = this.#told.get(host);
    if (told !== undefined && now - told < quietMs) return;
    if (this.#told.size >= mostHosts) this.#told.clear();
    this.#told.set(host, now);
    this.#log.warn({ ...untrusted }, "connection refused: the client has not proven who it is");
  }
}
