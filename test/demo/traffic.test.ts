import { describe, expect, it } from "vitest";
import type { Answer } from "../../demo/request.ts";
import { Traffic } from "../../demo/traffic.ts";

const right: Answer = { kind: "answered", status: 200, headers: {}, backend: "a/b" };

/** Gives these answers one after the other, and the last one for ever; resolves once all were given. */
function answering(...answers: readonly Answer[]) {
  const { promise: allGiven, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  const send = async (): Promise<Answer> => {
    asked += 1;
    if (asked > answers.length) resolve();
    return answers[asked - 1] ?? right;
  };
  return { traffic: new Traffic({ send, backend: "a/b" }), allGiven };
}

describe("traffic in the background", () => {
  it("agrees while everything is answered as it should be", async () => {
    const { traffic, allGiven } = answering(right, right);
    await allGiven;
    await traffic.stop();
    expect(traffic.line()).toMatchObject({ agrees: true, real: "3 of 3 requests, 0 otherwise" });
  });

  it.each<{ readonly name: string; readonly answer: Answer; readonly told: string }>([
    {
      name: "another backend",
      answer: { ...right, backend: "c/d" },
      told: "200 from c/d",
    },
    { name: "an error", answer: { kind: "answered", status: 503, headers: {} }, told: "503" },
    { name: "no answer", answer: { kind: "failed", message: "connection refused" }, told: "connection refused" },
  ])("does not forget a single answer that was $name", async ({ answer, told }) => {
    const { traffic, allGiven } = answering(right, answer, right);
    await allGiven;
    await traffic.stop();
    expect(traffic.line()).toMatchObject({ agrees: false, real: `3 of 4 requests, 1 times ${told}` });
  });

  it("proves nothing before the first answer, and asks no more once it was stopped", async () => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    let asked = 0;
    const traffic = new Traffic({
      backend: "a/b",
      send: () => {
        asked += 1;
        return promise;
      },
    });
    expect(traffic.line().agrees).toBe(false);
    const stopped = traffic.stop();
    resolve(right);
    await stopped;
    expect([asked, traffic.line().agrees]).toEqual([1, true]);
  });
});
