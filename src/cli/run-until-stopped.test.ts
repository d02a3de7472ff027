import { pino } from "pino";
import { expect, it } from "vitest";
import { exitCodes } from "./command-io.ts";
import { runUntilStopped } from "./run-until-stopped.ts";

it("stops in good order what has to begin anew, and tells it by the exit code", async () => {
  const logger = pino({ level: "silent" });
  const exits: number[] = [];
  const stopped: string[] = [];
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  const { stdin, stdout, stderr } = process;
  const io = { stdin, stdout, stderr, environment: {}, exitWith: (code: number) => void exits.push(code) };
  const running = { ready: Promise.resolve(), failed, stop: async () => void stopped.push("stop") };
  const over = runUntilStopped(async () => running, logger, io);
  await running.ready;
  expect(exits).toEqual([]);
  fail(new Error("the API server has gone back"));
  await over;
  expect(exits).toEqual([exitCodes.failure]);
  expect(stopped).toEqual(["stop"]);
});
