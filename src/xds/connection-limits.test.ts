import { describe, expect, it } from "vitest";
import { namespacedName } from "../core/keys.ts";
import { ConnectionLimits } from "./connection-limits.ts";

const gateway = namespacedName("infra", "gateway");
const other = namespacedName("infra", "other");
const at = (port: number, host = "10.0.0.1") => `${host}:${port}`;

describe("the streams of a connection", () => {
  it("are four at most", () => {
    const limits = new ConnectionLimits();
    const enter = () => limits.enter({ gateway, address: at(1) });
    expect([enter(), enter(), enter(), enter()]).toEqual([undefined, undefined, undefined, undefined]);
    expect(enter()).toBe("a connection has at most 4 streams");
    limits.leave(at(1));
    expect(enter()).toBeUndefined();
  });
});

describe("the connections of a proxy", () => {
  const connect = (limits: ConnectionLimits, address: string, nodeId: string) =>
    limits.enter({ gateway, address }) ?? limits.identify(address, nodeId);

  it("are two at most", () => {
    const limits = new ConnectionLimits();
    expect([connect(limits, at(1), "a"), connect(limits, at(2), "a")]).toEqual([undefined, undefined]);
    expect(connect(limits, at(3), "a")).toBe("the proxy a has 2 connections already");
    limits.leave(at(3));
    limits.leave(at(1));
    expect(connect(limits, at(4), "a")).toBeUndefined();
  });

  it("are those of one id at one address", () => {
    const limits = new ConnectionLimits();
    for (const [port, nodeId] of ["a", "a", "b", "b", "c"].entries()) {
      expect(connect(limits, at(port), nodeId)).toBeUndefined();
    }
    expect(connect(limits, at(1, "10.0.0.2"), "a")).toBeUndefined();
  });

  it("are counted once, however many streams one has", () => {
    const limits = new ConnectionLimits();
    for (let stream = 0; stream < 3; stream++) expect(connect(limits, at(1), "a")).toBeUndefined();
    expect(connect(limits, at(2), "a")).toBeUndefined();
    for (let stream = 0; stream < 3; stream++) limits.leave(at(1));
    expect(connect(limits, at(3), "a")).toBeUndefined();
    expect(connect(limits, at(4), "a")).toBe("the proxy a has 2 connections already");
  });
});

describe("the connections of a fleet", () => {
  const fill = (limits: ConnectionLimits) => {
    let count = 0;
    while (limits.enter({ gateway, address: at(count, "10.0.0.2") }) === undefined) count += 1;
    return count;
  };

  it.each([
    ["two for each proxy and eight more", () => 3, 14],
    ["eight where there should be none", () => 0, 8],
    ["those of a thousand proxies where nobody knows", () => undefined, 2_008],
  ])("are %s", (_, fleetSize, most) => {
    const limits = new ConnectionLimits(fleetSize);
    expect(fill(limits)).toBe(most);
    expect(limits.enter({ gateway, address: at(1) })).toContain(`the proxies of ${gateway} have ${most} connections`);
    expect(limits.enter({ gateway: other, address: at(2) })).toBeUndefined();
    limits.leave(at(0, "10.0.0.2"));
    expect(limits.enter({ gateway, address: at(1) })).toBeUndefined();
  });

  it("may become more when the fleet grows", () => {
    let size = 1;
    const limits = new ConnectionLimits(() => size);
    expect(fill(limits)).toBe(10);
    size = 2;
    expect(limits.enter({ gateway, address: at(1) })).toBeUndefined();
  });
});
