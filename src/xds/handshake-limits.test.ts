import { expect, it } from "vitest";
import { HandshakeLimits } from "./handshake-limits.ts";

it("lets a host have 256 unfinished handshakes, and all hosts 2,048", () => {
  const limits = new HandshakeLimits(() => 0);
  const fill = (host: string) => {
    let begun = 0;
    while (limits.begin(host) === undefined) begun += 1;
    return begun;
  };
  expect(fill("10.0.0.1")).toBe(256);
  expect(limits.begin("10.0.0.1")).toBe("too many unfinished handshakes");
  limits.end("10.0.0.1");
  expect(fill("10.0.0.1")).toBe(1);
  expect([2, 3, 4, 5, 6, 7, 8, 9].map((host) => fill(`10.0.0.${host}`))).toEqual([...Array(7).fill(256), 0]);
});

it("lets a host make 500 connections at once and a hundred a second after that", () => {
  let now = 0;
  const limits = new HandshakeLimits(() => now);
  const connect = (times: number) => {
    let taken = 0;
    for (let count = 0; count < times; count++) {
      if (limits.begin("10.0.0.1") !== undefined) continue;
      taken += 1;
      limits.end("10.0.0.1");
    }
    return taken;
  };
  expect(connect(600)).toBe(500);
  expect(limits.begin("10.0.0.1")).toBe("too many new connections");
  expect(limits.begin("10.0.0.2")).toBeUndefined();
  now = 1_000;
  expect(connect(600)).toBe(100);
});
