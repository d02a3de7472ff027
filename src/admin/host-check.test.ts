import { describe, expect, it } from "vitest";
import { addressHostCheck, loopbackHostCheck } from "./host-check.ts";

describe("loopbackHostCheck", () => {
  const check = loopbackHostCheck(() => 8082);

  it.each(["localhost:8082", "LOCALHOST:8082", "127.0.0.1:8082", "127.1.2.3:8082", "[::1]:8082"])(
    "accepts %s",
    (host) => {
      expect(check(host)).toBe(true);
    },
  );

  it.each([
    undefined,
    "",
    "localhost",
    "localhost:8083",
    "127.0.0.1",
    "127.0.0.1:80",
    "evil.example:8082",
    "localhost.evil.example:8082",
    "127.0.0.1.evil.example:8082",
    "127.0.0.1@evil.example:8082",
    "127.evil.example:8082",
    "10.0.0.1:8082",
    "[::2]:8082",
    "[::1]8082",
    "[localhost]:8082",
    "localhost:8082, evil.example",
  ])("refuses %s", (host) => {
    expect(check(host)).toBe(false);
  });

  it("takes a missing port for port 80", () => {
    expect(loopbackHostCheck(() => 80)("localhost")).toBe(true);
  });

  it("refuses everything while nothing is listened on", () => {
    expect(loopbackHostCheck(() => undefined)("localhost:80")).toBe(false);
  });
});

describe("addressHostCheck", () => {
  it.each(["localhost:9", "192.0.2.7:30000", "[2001:db8::1]:80", "127.0.0.1"])("accepts %s", (host) => {
    expect(addressHostCheck(host)).toBe(true);
  });

  it.each([undefined, "evil.example:8082", "gatehouse:8082", "[evil]:80"])("refuses %s", (host) => {
    expect(addressHostCheck(host)).toBe(false);
  });
});
