import type { ListenAddress } from "../settings.ts";

/** Where a running app really listens. */
export interface Addresses {
  readonly xds: ListenAddress;
  readonly health: ListenAddress;
  readonly debug: ListenAddress;
  /** Where other replicas report; absent where there is but one. */
  readonly peers?: ListenAddress;
  /** Where the API server asks about routes; absent where it does not. */
  readonly webhook?: ListenAddress;
  /** Where tenants ask; absent where they are not answered. */
  readonly api?: ListenAddress;
}

/** A running control plane. */
export interface App {
  readonly addresses: Addresses;
  /** Resolves once everything is read, translated and served; fails when the source cannot be read at all. */
  readonly ready: Promise<void>;
  /** Fails when it has to be stopped and begun anew; absent where that cannot be. */
  readonly failed?: Promise<never>;
  /** Lets go of every port and every proxy. Proxies keep what they have. */
  stop(): Promise<void>;
}
