import { expect, it, vi } from "vitest";
import { runParts } from "./parts.ts";

it("runs every part, also after one that fails or cannot start", async () => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {});
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  const results = await runParts([
    { name: "fails", command: ["node", "-e", "process.exit(3)"] },
    { name: "is missing", command: ["./no-such-program"] },
    { name: "passes", command: ["node", "-e", ""] },
  ]);
  expect(results.map(({ name, passed }) => ({ name, passed }))).toEqual([
    { name: "fails", passed: false },
    { name: "is missing", passed: false },
    { name: "passes", passed: true },
  ]);
  expect(printed).toHaveBeenLastCalledWith(expect.stringMatching(/^passed {2,}\d+\.\d\d min {2}passes$/));
  expect(errors).toHaveBeenCalledWith(expect.stringContaining("./no-such-program"));
});
