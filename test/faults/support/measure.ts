/** What a measured process holds on to, after everything that nobody needs was let go. */
export interface Measure {
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly files: number;
  readonly timers: number;
  readonly connections: number;
}

/** What the process may be told. */
export type ProbeQuestion = { readonly kind: "clock"; readonly offsetMs: number } | { readonly kind: "measure" };

const counts = ["files", "timers", "connections"] as const;

/** Whether no more is open, but for two. At first timers of what has only just begun may be open besides. */
export function isNotMore(measure: Measure, baseline: Measure): boolean {
  return counts.every((what) => measure[what] - baseline[what] <= 2);
}
