/** Random choices that are the same in every run: a generator by mulberry32. */
export interface Random {
  /** A whole number from 0 up to, and without, `below`. */
  below(below: number): number;
  pick<T>(from: readonly T[]): T;
  /** True in so many of a hundred cases. */
  chance(percent: number): boolean;
  /** A few of them, in their order: from `least` to `most`. */
  some<T>(from: readonly T[], least: number, most: number): readonly T[];
}

/** Starts from a number; equal numbers give equal choices. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <T>(from: readonly T[]): T => {
    if (from.length === 0) throw new Error("nothing to pick from");
    return from[below(from.length)] as T; // within bounds; an element may be undefined
  };
  return {
    below,
    pick,
    chance: (percent) => below(100) < percent,
    some: (from, least, most) => {
      const left = from.map((_, index) => index);
      const count = Math.min(from.length, least + below(most - least + 1));
      const chosen = Array.from({ length: count }, () => left.splice(below(left.length), 1)[0] ?? 0);
      return chosen.sort((a, b) => a - b).flatMap((index) => from.slice(index, index + 1));
    },
  };
}
