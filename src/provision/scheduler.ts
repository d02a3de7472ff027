/** Time as provisioning sees it: a parameter, so that tests turn it by hand. */
export interface Scheduler {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Runs the task once after so many milliseconds; the function that comes back calls it off. */
  after(milliseconds: number, task: () => void): () => void;
}
