import { RE2JS } from "re2js";

/** Longest regular expression that a route may carry. */
export const maxRegexLength = 1024;

/**
 * Largest program, in instructions for bytes: it bounds the memory and the time that one tenant's pattern costs in every
 * proxy, well below what Envoy would still take.
 */
export const maxRegexProgram = 60_000;

/**
 * Says why a proxy would refuse a regular expression; undefined when it is good. It is parsed as RE2, the engine in Envoy,
 * and never given to JavaScript's own, which backtracks.
 */
export function checkRegex(pattern: string): string | undefined {
  if (pattern === "") return "a regular expression must not be empty";
  if (pattern.length > maxRegexLength) {
    return `a regular expression must not be longer than ${maxRegexLength} characters, this one has ${pattern.length}`;
  }
  if (!pattern.isWellFormed()) return "a regular expression must be well-formed Unicode";
  if (pattern.includes("\0")) return "a regular expression must not hold a NUL";
  const largest = largestRepeat(pattern);
  if (largest > 1000)
    return `a regular expression must not repeat anything more than 1000 times, this one says ${largest}`;
  if (beyondBytes.test(pattern)) return "a regular expression must not name a character by a number above 255";
  if (writtenOutSize(pattern) > maxRegexProgram) return tooLarge;
  return compileProblem(pattern);
}

/** Proxies match bytes: a number that is none makes them refuse the table. That of an escaped backslash is taken for one too. */
const beyondBytes = /\\x\{0*[0-9a-fA-F]{3,}\}|\\[4-7][0-7]{2}/;

const tooLarge = "the regular expression is too large once its repeats are written out";

/**
 * About how large the program of a regular expression gets once its repeats are written out, told from its text: what is too
 * large is not even compiled, as that would keep everybody waiting.
 */
export function writtenOutSize(pattern: string): number {
  const open: number[] = [];
  let [total, last] = [0, 0];
  for (const [token, repeat] of pattern.matchAll(tokens)) {
    if (repeat !== undefined) {
      const times = Math.max(...repeat.split(",").map(Number), 1);
      total += last * (times - 1);
      last *= times;
    } else if (token === "(") {
      open.push(total);
      total = 0;
    } else if (token === ")") {
      last = total;
      total += open.pop() ?? 0;
    } else {
      last = atomSize + propertySize * (token.match(/\\[pP]/g)?.length ?? 0);
      total += last;
    }
  }
  return total + open.reduce((sum, size) => sum + size, 0);
}

/** A counted repeat, a class, an escape, or one character. */
const tokens =
  /\{(\d+(?:,\d*)?)\}|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*(?:\]|$)|\\[pP][A-Z]|\\[pPx]\{[^}]*\}|\\[\s\S]|[\s\S]/g;

/** A character may take four bytes. */
const atomSize = 4;

/** Letters come in thousands of pieces, what is smallest in some. */
const propertySize = 40;

function compileProblem(pattern: string): string | undefined {
  try {
    const size = byteProgramSize(RE2JS.compile(pattern));
    return size > maxRegexProgram ? tooLarge : undefined;
  } catch (error) {
    // The parser tells what is wrong by throwing; whatever it throws, the pattern is not one that we pass on.
    return `the regular expression is not valid RE2: ${error instanceof Error ? error.message : "it does not parse"}`;
  }
}

/**
 * How many instructions the program has at most where it reads bytes, as in Envoy: `\pL` is one instruction for JavaScript's
 * characters and thousands for UTF-8.
 */
function byteProgramSize(regex: RE2JS): number {
  // The library leaves its program untyped. Were it to change, this throws and every pattern is refused.
  const { inst } = regex.re2Input.prog as { readonly inst: readonly { readonly runes: ArrayLike<number> }[] };
  return inst.reduce((size, { runes }) => size + Math.max(1, byteInstructions(runes)), 0);
}

function byteInstructions(runes: ArrayLike<number>): number {
  // One character, perhaps in both cases; else pairs of first and last.
  if (runes.length === 1) return 4 * encodedLength(runes[0] ?? 0);
  let size = 0;
  for (let at = 0; at + 1 < runes.length; at += 2) size += rangeInstructions(runes[at] ?? 0, runes[at + 1] ?? 0);
  return size;
}

/** A range is cut where the encoding gets longer, and there into at most 2n-1 sequences of n bytes. */
function rangeInstructions(first: number, last: number): number {
  if (first >> 6 === last >> 6) return encodedLength(first);
  const lengths = [1, 2, 3, 4].filter((length) => length >= encodedLength(first) && length <= encodedLength(last));
  return lengths.reduce((size, length) => size + (2 * length - 1) * length, 0);
}

function encodedLength(rune: number): number {
  if (rune < 0x80) return 1;
  if (rune < 0x800) return 2;
  return rune < 0x10000 ? 3 : 4;
}

function largestRepeat(pattern: string): number {
  // A fixed expression without alternatives or nesting: linear, and the tenant's text is only its input.
  const counts = pattern.match(/\{[0-9]+(?:,[0-9]*)?\}/g) ?? [];
  return Math.max(0, ...counts.flatMap((count) => count.slice(1, -1).split(",").map(Number)));
}
