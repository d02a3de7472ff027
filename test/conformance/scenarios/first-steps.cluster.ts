import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunResult } from "../bed/run-inside.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { commandsBelow } from "./documented-commands.ts";
import { type ScenarioBed, startFreshBed } from "./scenario-bed.ts";

let scenario: ScenarioBed;
let bed: Bed;
const [install = "", apply = "", attempt = "", ...more] = commandsBelow("Install it on a cluster", "README.md");

beforeAll(async () => {
  scenario = await startFreshBed();
  bed = scenario.bed;
});

afterAll(() => scenario?.stop());

// Each command goes on where the one before it ended, at once, as somebody does who pastes all of them.
it("installs with the README's first command", async () => {
  expect([install, apply, attempt, more]).toEqual([
    expect.stringMatching(/^helm install /),
    expect.stringMatching(/^kubectl apply /),
    expect.stringMatching(/^kubectl .*exec .*gatehouse try /),
    [],
  ]);
  const { code, stdout, stderr } = await type(install);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^Gatehouse \S+ is installed in gatehouse-system\.$/m);
});

it("creates a Gateway and a route with the second, and tells with the third which way a request went", async () => {
  expect(await type(apply)).toMatchObject({ code: 0 });
  // It waits for the Gateway's address, and not for the pods behind it.
  const stdout = await waitFor("an answer of the backend", () => okOf(attempt));
  expect(stdout).toMatch(/^200 OK, \d+ bytes in \d+ ms from 10\.200\.\d+\.\d+:80$/m);
  expect(fieldsOf(stdout)).toEqual({
    gateway: "gateways/shared",
    listener: expect.stringContaining("http"),
    route: "HTTPRoute hello/hello",
    rule: "0",
    backend: expect.stringMatching(/hello.* at 10\.244\.\d+\.\d+:3000$/),
    details: "via_upstream",
  });
});

it("says what is wrong with a request that no route takes", async () => {
  const { stdout } = await type(attempt.replace("hello.example.com", "nobody.example.com"));
  expect(stdout).toMatch(/^404 /m);
  expect(fieldsOf(stdout)).toMatchObject({ route: "none", details: expect.stringContaining("route_not_found") });
});

/** Runs a line as a shell would; the working directory is this checkout. */
function type(line: string): Promise<RunResult> {
  return bed.run(["sh", "-c", line], { timeoutSeconds: 110 });
}

/** What a command prints about an answer that is well. */
async function okOf(line: string): Promise<string> {
  const { stdout, stderr } = await type(line);
  if (!stdout.startsWith("200 ")) throw new Error(`${stdout}${stderr}`);
  return stdout;
}

function fieldsOf(output: string): Readonly<Record<string, string>> {
  const rows = output.split("\n").flatMap((line) => {
    const found = /^ {2}(\S+)\s+(.*)$/.exec(line);
    return found === null ? [] : [[found[1] ?? "", found[2] ?? ""] as const];
  });
  return Object.fromEntries(rows);
}
