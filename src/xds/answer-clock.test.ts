import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AnswerClock } from "./answer-clock.ts";

const stuckMs = 30_000;
let owes = false;
let told: string[] = [];
let clock: AnswerClock;

describe("the clock of answers", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    owes = false;
    told = [];
    clock = new AnswerClock({
      stuckMs,
      owes: () => owes,
      onStuck: (type) => told.push(`${type} stuck`),
      onFree: () => told.push("free"),
      onGivenUp: (type) => told.push(`${type} given up`),
    });
  });
  afterEach(() => {
    clock.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("O8: marks a client after 30 s without an answer, and gives it up after 60", () => {
    clock.left("listener");
    vi.advanceTimersByTime(stuckMs - 1);
    expect([told, clock.isStuck]).toEqual([[], false]);
    vi.advanceTimersByTime(1);
    expect([told, clock.isStuck, clock.stuck("listener"), clock.stuck("route")]).toEqual([
      ["listener stuck"],
      true,
      true,
      false,
    ]);
    vi.advanceTimersByTime(stuckMs - 1);
    expect(told.length).toBe(1);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(["listener stuck", "listener given up"]);
  });

  it("O8: is content with an answer, however late, and counts each response anew", () => {
    clock.left("route");
    vi.advanceTimersByTime(2 * stuckMs - 1);
    clock.answered("route");
    expect([told, clock.isStuck]).toEqual([["route stuck", "free"], false]);
    clock.left("route");
    vi.advanceTimersByTime(stuckMs - 1);
    clock.answered("route");
    vi.advanceTimersByTime(10 * stuckMs);
    expect(told.length).toBe(2);
  });

  it("O8: does not count while the client waits for what we owe it, and begins anew when that is paid", () => {
    owes = true;
    clock.left("cluster");
    vi.advanceTimersByTime(10.5 * stuckMs);
    expect(told).toEqual([]);
    owes = false;
    clock.paid("cluster");
    // Envoy waits for 15 s for endpoints and secrets that never come.
    vi.advanceTimersByTime(stuckMs - 1);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual(["cluster stuck"]);
    owes = true;
    vi.advanceTimersByTime(stuckMs);
    expect([told, clock.isStuck]).toEqual([["cluster stuck", "free"], false]);
  });

  it("is free when it is closed, and nothing is paid for what has been answered", () => {
    clock.left("cluster");
    clock.left("route");
    vi.advanceTimersByTime(stuckMs);
    clock.answered("cluster");
    clock.paid("cluster");
    expect(vi.getTimerCount()).toBe(1);
    clock.close();
    expect(told).toEqual(["cluster stuck", "route stuck", "free"]);
  });
});
