/** Types that tell of trouble when they are True; all others do when they are False. */
const badWhenTrue: ReadonlySet<string> = new Set([
  "Conflicted",
  "OverlappingTLSConfig",
  "PartiallyInvalid",
  "gatehouse.dev/ChangesDelayed",
]);

/** Whether a condition says that something is not served as it was written. Unknown says nothing yet. */
export function tellsOfTrouble({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return status === (badWhenTrue.has(type) ? "True" : "False");
}
