/** Reads a Gateway API duration such as `500ms` or `1h30m`, in milliseconds. https://gateway-api.sigs.k8s.io/geps/gep-2257/ */
export function parseDuration(duration: string): number {
  let milliseconds = 0;
  for (const [, amount, unit] of duration.matchAll(/([0-9]+)(h|ms|m|s)/g)) {
    milliseconds += Number(amount) * (units.get(unit ?? "") ?? 0);
  }
  return milliseconds;
}

const units: ReadonlyMap<string, number> = new Map([
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
]);
