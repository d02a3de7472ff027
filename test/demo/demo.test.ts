import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chapters as articles } from "../../demo/articles.ts";
import { repository, runDemo } from "./run.ts";

describe("make demo", () => {
  it("passes every step, tells each of them and leaves nothing behind", async () => {
    const run = await runDemo();
    const steps = articles.flatMap((article) => article.steps);
    expect(run.errors).toBe("");
    expect(run.output).toContain(`All as expected: ${steps.length} of ${steps.length} steps`);
    for (const {
      say,
      chapter = "",
      expect: { refusal = "" },
    } of steps) {
      for (const told of [say, chapter, refusal]) expect(run.output).toContain(told);
    }
    const requests = [...run.output.matchAll(/meanwhile +expected .+ real (\d+) of (\d+) requests, 0 otherwise/g)];
    expect(Number(requests.at(-1)?.[1])).toBeGreaterThan(20);
    expect(requests.filter(([, right, all]) => right !== all)).toEqual([]);
    expect(run.output).not.toContain("\u001b[");
    expect(run).toMatchObject({ exitCode: 0, leftFiles: [], leftProcesses: [] });
  }, 90_000);

  it("stays with STAY=1, prints where everything is, and ends on Ctrl-C with nothing left behind", async () => {
    const run = await runDemo({ environment: { STAY: "1" }, interruptAt: "Everything stays up" });
    expect(run.output).toMatch(/debug pages +http:\/\/127\./);
    for (const gateway of articles.flatMap(({ gateways }) => gateways)) expect(run.output).toContain(gateway);
    expect(run).toMatchObject({ exitCode: 0, leftFiles: [], leftProcesses: [] });
  }, 90_000);

  it("ends on Ctrl-C in the middle of a step with nothing left behind", async () => {
    const run = await runDemo({ interruptAt: "1. " });
    expect(run).toMatchObject({ exitCode: 130, leftFiles: [], leftProcesses: [] });
  }, 60_000);
});

describe("the articles", () => {
  it.each(articles)("$folder holds back and edits only files that the examples have", ({ folder, later, steps }) => {
    const files = [
      ...later,
      ...steps
        .flatMap((step) => [...(step.do ?? []), ...(step.apply?.changes ?? [])])
        .flatMap((one) => ("file" in one ? [one.file] : [])),
    ];
    for (const path of files) expect(existsSync(join(repository, "examples/shared-gateways", folder, path))).toBe(true);
  });

  it.each(articles)("$folder compares something in each step", ({ steps }) => {
    for (const { request, apply, expect: expected } of steps) {
      expect(expected.answer === undefined).toBe(request === undefined);
      expect(expected.refusal === undefined).toBe(apply === undefined);
      expect(Object.keys(expected)).not.toEqual([]);
    }
  });
});
