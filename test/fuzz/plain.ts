/** Plain data as somebody might write it in a manifest, right or wrong. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainRecord;

export interface PlainRecord {
  readonly [field: string]: Plain;
}

/** Whether it is a mapping. */
export function isRecord(value: Plain | undefined): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy without these fields. */
export function without(record: PlainRecord, left: readonly string[]): PlainRecord {
  return Object.fromEntries(Object.entries(record).filter(([field]) => !left.includes(field)));
}
