import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeSpec } from "./pod.ts";
import { advanceProbe, type ProbeState, probeWait, unprobed } from "./probe.ts";
import { type ProbeTarget, runProbe } from "./probe-run.ts";

/** What the probes of one run of a container tell its owner. */
export interface ProbeReports {
  readonly started: () => void;
  readonly ready: (ready: boolean) => void;
  /** The container must be restarted. */
  readonly unhealthy: (message: string, probe: ProbeSpec) => void;
}

/** Repeats the probes of one run of a container until the signal fires. Readiness and liveness wait for the startup probe. */
export async function runProbes(target: ProbeTarget, reports: ProbeReports, signal: AbortSignal): Promise<void> {
  const { startupProbe, readinessProbe, livenessProbe } = target.container;
  if (startupProbe !== undefined) {
    const alive = await repeat(startupProbe, target, signal, (state, message) => {
      if (state.verdict === "failure") reports.unhealthy(`startup probe failed: ${message}`, startupProbe);
      return state.verdict === "unknown";
    });
    if (alive?.verdict !== "success") return;
  }
  reports.started();
  if (readinessProbe === undefined) reports.ready(true);
  else {
    void repeat(readinessProbe, target, signal, (state) => {
      if (state.verdict !== "unknown") reports.ready(state.verdict === "success");
      return true;
    });
  }
  if (livenessProbe === undefined) return;
  void repeat(livenessProbe, target, signal, (state, message) => {
    if (state.verdict === "failure") reports.unhealthy(`liveness probe failed: ${message}`, livenessProbe);
    return state.verdict !== "failure";
  });
}

type Judge = (state: ProbeState, message: string) => boolean;

/** Tries a probe until the judge has seen enough; answers undefined when the container ended before. */
async function repeat(
  probe: ProbeSpec,
  target: ProbeTarget,
  signal: AbortSignal,
  goOn: Judge,
): Promise<ProbeState | undefined> {
  let state = unprobed;
  const readiness = probe === target.container.readinessProbe;
  try {
    await sleep((probe.initialDelaySeconds ?? 0) * 1000, undefined, { signal });
    while (!signal.aborted) {
      const { outcome, message } = await runProbe(probe, target);
      if (signal.aborted) break;
      state = advanceProbe(state, outcome, probe);
      if (!goOn(state, message)) return state;
      await sleep(readiness ? probeWait(state, probe) : (probe.periodSeconds ?? 10) * 1000, undefined, { signal });
    }
  } catch {
    // Only the sleeps throw, and only when the container has ended.
  }
  return undefined;
}
