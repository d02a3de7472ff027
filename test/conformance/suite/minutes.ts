/** Does a piece of work and prints how many minutes it took, also when it fails. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work();
  } finally {
    console.log(`${formatMinutes((performance.now() - started) / 60_000)}  ${what}`);
  }
}

/** Minutes in a column. */
export function formatMinutes(minutes: number): string {
  return `${minutes.toFixed(2).padStart(6)} min`;
}
