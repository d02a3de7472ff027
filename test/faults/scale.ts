/** Whether tests run for as long as their fault is meant to last, which takes hours (`make soak`). */
export const isLong = process.env["LONG"] === "1";

/** How long, or how often, something is done: scaled in time where it has to fit a merge check, never in strictness. */
export function scaled({ short, long }: { readonly short: number; readonly long: number }): number {
  return isLong ? long : short;
}
