import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

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

/** Waits until a question has had the same answer for so many seconds, and tells that answer. */
export async function untilSame<T>(what: string, ask: () => Promise<T>, restSeconds: number): Promise<T> {
  let last: { readonly answer: T; readonly since: number } | undefined;
  return await waitFor(`${what} to rest`, async () => {
    const answer = await ask();
    if (last === undefined || !isDeepStrictEqual(answer, last.answer)) last = { answer, since: performance.now() };
    if (performance.now() - last.since < restSeconds * 1000) return undefined;
    return last.answer ?? undefined;
  });
}
