import { describe, expect, it } from "vitest";
import { diffFolders, diffLines } from "../../demo/diff.ts";

describe("diffLines", () => {
  it.each([
    { name: "finds nothing between equal texts", before: ["a", "b"], after: ["a", "b"], want: [] },
    {
      name: "shows an added line under the line above it",
      before: ["a", "c"],
      after: ["a", "b", "c"],
      want: ["  a", "+ b"],
    },
    { name: "shows what went before what came", before: ["a", "b"], after: ["a", "x"], want: ["  a", "- b", "+ x"] },
    { name: "shows a new file as added lines", before: [], after: ["a", "b"], want: ["+ a", "+ b"] },
    { name: "shows a removed file as removed lines", before: ["a", "b"], after: [], want: ["- a", "- b"] },
  ])("$name", ({ before, after, want }) => {
    expect(diffLines(before, after)).toEqual(want);
  });
});

describe("diffFolders", () => {
  it("tells only the files that differ, by path", () => {
    const before = new Map([
      ["b.yaml", "one\n"],
      ["a.yaml", "same\n"],
      ["c.yaml", "gone\n"],
    ]);
    const after = new Map([
      ["a.yaml", "same\n"],
      ["b.yaml", "two\n"],
      ["d.yaml", "new\n"],
    ]);
    expect(diffFolders(before, after)).toEqual([
      { path: "b.yaml", lines: ["- one", "+ two"] },
      { path: "c.yaml", lines: ["- gone"] },
      { path: "d.yaml", lines: ["+ new"] },
    ]);
  });
});
