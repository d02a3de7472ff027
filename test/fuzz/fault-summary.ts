/** A fault of one world. */
export interface SeededFault {
  readonly seed: number;
  readonly fault: string;
}

/** One line for all faults that differ in names and numbers only, with the seeds to see them again. */
export function summary(faults: readonly SeededFault[]): readonly string[] {
  const alike = Map.groupBy(faults, ({ fault }) =>
    fault.split("\n")[0]?.replace(/[\d.:[\]]+|\b(o\d|[abn]|infra)\b/g, "_"),
  );
  return [...alike.values()]
    .sort((one, other) => other.length - one.length)
    .map((group) => {
      const seeds = [...new Set(group.map(({ seed }) => seed))];
      return `${group.length} times (seeds ${seeds.slice(0, 6).join(", ")}): ${group[0]?.fault.slice(0, 1500)}`;
    });
}
