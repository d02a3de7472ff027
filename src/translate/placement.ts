/** Where the proxies of all Gateways run. */
export type Placement =
  /** Beside this process: what they bind is where clients connect. */
  | { readonly kind: "standalone"; readonly bindAddresses: readonly string[] }
  /** In pods of their own: clients connect to a Service, whose ports lead to those that proxies bind. */
  | { readonly kind: "cluster"; readonly bindAddresses: readonly string[] };
