/**
 * Imported before anything else: until a verb listens to signals itself, SIGTERM ends the process. As process 1 of a
 * container it would be lost, and a pod that is deleted while it starts would stay for its whole grace period.
 */
const end = (): never => process.exit(0);

process.on("SIGTERM", end);

/** Leaves signals to whoever listens to them from now on. */
export function handOverSignals(): void {
  process.off("SIGTERM", end);
}
