/** Copies an object all of whose fields are optional, in one order, with those fields that are to be kept. */
export function pickFields<T extends object>(path: string, fields: T, keeps: (field: string) => boolean): T {
  const entries = Object.entries(fields)
    .filter(([name, value]) => value !== undefined && keeps(`${path}.${name}`))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries) as T; // still one, without some of its fields
}
