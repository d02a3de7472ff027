import type { ProbeSpec } from "./pod.ts";

/** What a probe has found so far. */
export interface ProbeState {
  readonly verdict: "unknown" | "success" | "failure";
  /** How often in a row the last outcome came. */
  readonly streak: number;
  readonly last: "success" | "failure" | undefined;
}

export const unprobed: ProbeState = { verdict: "unknown", streak: 0, last: undefined };

/** What one outcome does to a probe's state: the verdict turns when a threshold is reached, never before. */
export function advanceProbe(state: ProbeState, outcome: "success" | "failure", probe: ProbeSpec): ProbeState {
  const streak = state.last === outcome ? state.streak + 1 : 1;
  const needed = outcome === "success" ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { verdict: streak >= needed ? outcome : state.verdict, streak, last: outcome };
}

/** Milliseconds until the next try. */
export function probeWait(state: ProbeState, probe: ProbeSpec): number {
  const period = (probe.periodSeconds ?? 10) * 1000;
  // A program that is only starting is asked every second: nobody wants to wait out a period for the first success.
  return state.verdict === "success" || state.last === "success" ? period : Math.min(period, 1000);
}
