/** Numbers between 0 and 1 that are the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that are nearly those that were given. */
export function mutate(bytes: Buffer, random: () => number): Buffer {
  let result = bytes;
  const times = random() < 0.7 ? 1 : 2 + Math.floor(random() * 3);
  for (let time = 0; time < times; time++) result = mutateOnce(result, random);
  return result;
}

function mutateOnce(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  const at = below(bytes.length + 1);
  const length = below(Math.min(16, bytes.length - at) + 1);
  const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
  switch (below(6)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
      return flipped;
    }
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, middle, middle, after]);
    case 3:
      return Buffer.concat([
        before,
        Buffer.from(Array.from({ length: 1 + below(8) }, () => below(256))),
        bytes.subarray(at),
      ]);
    case 4:
      return before;
    default:
      // A length that promises far more than there is.
      return Buffer.concat([before, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), after]);
  }
}
