import { setTimeout as sleep } from "node:timers/promises";

/** Repeats a question until it is answered without an error and not with undefined or false, and tells what it lacked. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined | false>, seconds = 120): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown = "no answer";
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what}: ${last}`, { cause: last });
    await sleep(100);
  }
}
