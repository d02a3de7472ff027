import type { XdsLog } from "./stream-options.ts";
import type { UntrustedPeer } from "./tls-port.ts";

/** How long the same is not said again of a host, in milliseconds. A proxy with an expired certificate asks again and again. */
const quietMs = 60_000;

/** So many are remembered. */
const mostRemembered = 1_000;

/** Tells the log of clients that are turned away: without a certificate, or with an expired or foreign one. */
export class UntrustedPeers {
  readonly #log: XdsLog;
  readonly #clock: () => number;
  /** When it was told, by host and reason. */
  readonly #told = new Map<string, number>();

  constructor({ log, clock }: { readonly log: XdsLog; readonly clock: () => number }) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Tells of a client; once a minute for each host and reason. */
  tell(untrusted: UntrustedPeer): void {
    const { peer, reason } = untrusted;
    const key = `${peer.slice(0, peer.lastIndexOf(":"))} ${reason}`;
    const now = this.#clock();
    const told = this.#told.get(key);
    if (told !== undefined && now - told < quietMs) return;
    if (this.#told.size >= mostRemembered) this.#told.clear();
    this.#told.set(key, now);
    this.#log.warn({ ...untrusted }, "connection refused: the client has not proven who it is");
  }
}
