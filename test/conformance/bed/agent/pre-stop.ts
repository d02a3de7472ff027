import { setTimeout as sleep } from "node:timers/promises";
import type { HookSpec } from "./pod.ts";
import { type ProbeTarget, runHttp } from "./probe-run.ts";

/** Runs a preStop hook to its end, or to the end of the grace period. What fails in it stops nothing. */
export async function runPreStop(
  hook: HookSpec | undefined,
  target: ProbeTarget,
  deadline: () => number,
): Promise<void> {
  if (hook === undefined) return;
  const remaining = Math.max(deadline() - Date.now(), 0);
  const over = new AbortController();
  const limit = async (): Promise<void> => {
    // A second deletion may shorten the period while the hook runs.
    while (!over.signal.aborted && Date.now() < deadline()) {
      await sleep(Math.min(deadline() - Date.now(), 100));
    }
  };
  await Promise.race([act(hook, target, remaining), limit()]);
  over.abort();
}

async function act(hook: HookSpec, target: ProbeTarget, remaining: number): Promise<void> {
  if (hook.exec !== undefined) await target.execute(hook.exec.command, remaining);
  if (hook.httpGet !== undefined) await runHttp(hook.httpGet, target, remaining);
  if (hook.sleep !== undefined) await sleep(hook.sleep.seconds * 1000, undefined, { ref: false });
}
