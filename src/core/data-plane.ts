/** What the connected proxies of one Gateway have said, as the translator reads it to decide `Programmed`. */
export interface DataPlaneState {
  /** Connected proxies, on every replica of the control plane that is heard of. */
  readonly proxies: number;
  /** Proxies that have acknowledged every resource of their first configuration. */
  readonly readyProxies: number;
  /** Names of the listener resources and the versions of them that at least one connected proxy runs, sorted. */
  readonly listeners: ReadonlyMap<string, readonly string[]>;
  /** Envoy's words on the refusals that stand, by `type/name`, stripped of control characters and cut to 1 KiB. */
  readonly refusals: ReadonlyMap<string, string>;
}

/** How the hostnames of one HTTP connection manager are cut into route tables. */
export type TableMode = "plain" | "scoped";
