/** Does a piece of work and prints how many minutes it took, also when it fails. */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work();
  } finally {
    console.log(`${((performance.now() - started) / 60_000).toFixed(2).padStart(6)} min  ${what}`);
  }
}
