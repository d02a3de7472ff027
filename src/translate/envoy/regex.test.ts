import { describe, expect, it } from "vitest";
import { goodPatterns } from "../../../test/envoy/regex-patterns.ts";
import { checkRegex, maxRegexLength, writtenOutSize } from "./regex.ts";

describe("checkRegex", () => {
  it.each(goodPatterns)("accepts %j", (pattern) => {
    expect(checkRegex(pattern)).toBeUndefined();
  });

  it.each([
    ["an empty one", ""],
    ["an open group", "(("],
    ["an open class", "[a"],
    ["lookahead", "(?=x)"],
    ["negative lookahead", "(?!x)"],
    ["lookbehind", "(?<=x)y"],
    ["a backreference", "(a)\\1"],
    ["a possessive quantifier", "a++"],
    ["an atomic group", "(?>a)"],
    ["nothing to repeat", "*a"],
    ["a large repeat", "a{1001}"],
    ["a large repeat with an upper bound", "a{2,5000}"],
    ["nested repeats that multiply", "(a{100}){100}"],
    ["a class that multiplies", "\\pL{100}"],
    ["any character a thousand times over", ".{1000}.{1000}"],
    ["an unknown escape", "\\y"],
    ["one byte, which UTF-8 matching cannot do", "\\C"],
    ["a character beyond those of one byte, by its number", "\\x{100}"],
    ["the same in octal", "\\400"],
    ["a NUL", "a\0b"],
    ["a lone surrogate", "\ud800"],
    ["one that is too long", "a".repeat(maxRegexLength + 1)],
  ])("refuses %s", (_name, pattern) => {
    expect(checkRegex(pattern)).toEqual(expect.any(String));
  });

  it("answers at once for patterns that backtracking engines choke on", () => {
    expect(checkRegex(`${"(a+)+".repeat(50)}$`)).toBeUndefined();
    expect(checkRegex(`${"(".repeat(500)}${")".repeat(500)}`)).toEqual(
      checkRegex(`${"(".repeat(500)}${")".repeat(500)}`),
    );
  });
});

describe("the size of what repeats write out", () => {
  it.each([
    ["abc", 12],
    ["a{10}", 40],
    ["(ab){10}c", 84],
    ["((a{10}){10}){10}", 4000],
    ["[abc]{2,5}", 20],
    ["\\pL{10}", 440],
    ["\\p{Greek}{10}", 440],
    ["[\\pL\\pN]", 84],
    ["[[:alpha:]]]", 8],
    ["(a", 4],
    ["a)", 4],
  ])("of %j is %d", (pattern, size) => {
    expect(writtenOutSize(pattern)).toBe(size);
  });

  it("is told in linear time of what never ends", () => {
    expect(writtenOutSize("[".repeat(1000))).toBe(4);
    expect(writtenOutSize("(".repeat(1000))).toBe(0);
  });
});
