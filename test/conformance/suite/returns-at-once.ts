/**
 * Tests that are for those who lack a feature: with it they return at once and count as passed, by their own design. They are
 * named in what a run prints, so that nobody takes them for more than they are.
 */
export const returnsAtOnce = {
  TLSRouteListenerTerminateNotSupported: "TLSRouteModeTerminate",
  TLSRouteListenerMixedTerminationNotSupported: "TLSRouteModeMixed",
} as const satisfies Readonly<Record<string, string>>;
