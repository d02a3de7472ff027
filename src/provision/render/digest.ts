import { createHash } from "node:crypto";

/** A short digest of plain data, whatever the order of its fields. */
export function digestOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(value)))
    .digest("hex")
    .slice(0, digestLength);
}

const digestLength = 16;

/** Records become lists of their entries: a key such as `__proto__` must not vanish. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return { fields: entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, sorted(field)]) };
}
