/** Time as a parameter, so that tests turn it by hand. */
export interface Scheduler {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Runs the task once after so many milliseconds; the function that comes back calls it off. */
  after(milliseconds: number, task: () => void): () => void;
}

/** The clock and the timers of the process. */
export const systemScheduler: Scheduler = {
  now: () => performance.now(),
  after: (milliseconds, task) => {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Says how long to wait after so many failures in a row: doubling, half of it by chance, so that many do not come at once. */
export function backoff(
  failures: number,
  { first, most, random }: { readonly first: number; readonly most: number; readonly random: () => number },
): number {
  const whole = Math.min(most, first * 2 ** Math.min(Math.max(0, failures - 1), 30));
  return whole / 2 + random() * (whole / 2);
}
