import type { Scheduler } from "../core/scheduler.ts";

/** A wait that can be cut short. */
export interface Pause {
  readonly over: Promise<void>;
  readonly wake: () => void;
}

/** Waits for so long, or until it is woken. */
export function pause(scheduler: Scheduler, milliseconds: number): Pause {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = scheduler.after(milliseconds, resolve);
  return {
    over: promise,
    wake: () => {
      cancel();
      resolve();
    },
  };
}
