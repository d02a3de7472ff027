import { describe, expect, it } from "vitest";
import type { GatewayParametersSpec, ProxyParameters } from "../core/gateway-parameters.ts";
import { limitFields, type ProxyLimits } from "../core/proxy-limits.ts";
import { completeLimits, defaultLimits, limitValues, settingsOf } from "./limits.ts";
import { resolveParameters } from "./parameters.ts";

const withMemory = (memory: string) => completeLimits({}, { memory });

describe("limits that nobody sets", () => {
  it("are the defaults, and each of them has a path", () => {
    expect(completeLimits()).toEqual(defaultLimits);
    expect([...limitValues(defaultLimits).keys()].sort()).toEqual([...limitFields].sort());
  });

  it("keep all of a large heap's", () => {
    expect(withMemory("16Gi")).toEqual({ ...defaultLimits, proxy: { maxConnections: 50_000, maxHeapMiB: 14_745 } });
  });

  it.each([
    ["1Gi", { maxHeapMiB: 921, maxConnections: 17_988, listener: 14_390, backend: [1473, 5894, 7368] }],
    ["256Mi", { maxHeapMiB: 230, maxConnections: 4492, listener: 3593, backend: [368, 1472, 1840] }],
    ["268.5M", { maxHeapMiB: 230, maxConnections: 4492, listener: 3593, backend: [368, 1472, 1840] }],
    // Less than a proxy needs to start, whoever wrote it.
    ["10Mi", { maxHeapMiB: 64, maxConnections: 1250, listener: 1000, backend: [102, 409, 512] }],
  ])("fit into a memory of %s", (memory, want) => {
    const { proxy, listener, backend, connection } = withMemory(memory);
    expect({
      ...proxy,
      listener: listener.maxConnections,
      backend: [backend.maxConnections, backend.maxPendingRequests, backend.maxRequests],
    }).toEqual(want);
    expect(backend.minRetryConcurrency).toBe(defaultLimits.backend.minRetryConcurrency);
    expect(connection).toEqual(defaultLimits.connection);
  });

  it("stay within what Gateways may ask for", () => {
    const most: ProxyLimits = { backend: { maxConnections: 7 }, proxy: { maxHeapMiB: 256, maxConnections: 1_000_000 } };
    const { backend, proxy } = completeLimits({}, { most });
    expect([backend.maxConnections, backend.retryBudgetPercent, proxy]).toEqual([
      7,
      20,
      { maxHeapMiB: 256, maxConnections: 5000 },
    ]);
  });

  it("give one listener four fifths of the connections that the proxy has", () => {
    expect(completeLimits({ proxy: { maxConnections: 1000 } }).listener.maxConnections).toBe(800);
    expect(completeLimits({ proxy: { maxConnections: 1 } }).listener.maxConnections).toBe(1);
  });
});

describe("limits that are set", () => {
  it("count as they are, limit by limit, the Gateway's over the class's", () => {
    const ofClass: GatewayParametersSpec = { limits: { backend: { maxConnections: 10, maxRequests: 20 } } };
    const ofGateway: ProxyParameters = { limits: { backend: { maxConnections: 30 }, proxy: { maxHeapMiB: 128 } } };
    const { effective, problems } = resolveParameters(ofClass, ofGateway);
    expect(problems).toEqual([]);
    expect(effective.limits.backend).toMatchObject({ maxConnections: 30, maxRequests: 20, maxPendingRequests: 819 });
    const origins = new Map(effective.origins.map(({ field, from }) => [field, from]));
    expect(
      ["backend.maxConnections", "backend.maxRequests", "proxy.maxHeapMiB", "proxy.maxConnections"].map((name) =>
        origins.get(`limits.${name}`),
      ),
    ).toEqual(["gateway", "class", "gateway", "default"]);
  });

  it("reach the printers, each of them", () => {
    const values = [...limitValues(defaultLimits)];
    const changed = values.map(([field]) => {
      const [, group = "", name = ""] = field.split(".");
      const { [group]: fields = {} }: Record<string, object> = { ...defaultLimits };
      return settingsOf({ ...defaultLimits, [group]: { ...fields, [name]: 123 } });
    });
    expect(new Set(changed.map((settings) => JSON.stringify(settings))).size).toBe(values.length);
    expect(settingsOf({ ...defaultLimits, listener: { maxConnections: 5 } }).listenerConnections).toBe(5);
  });
});

describe("a Gateway that asks for more than its class lets it", () => {
  const asked: ProxyParameters = {
    limits: { backend: { maxConnections: 9, maxRequests: 9 }, proxy: { maxHeapMiB: 9000 } },
  };

  it("is told the limit and its bound, and keeps the rest", () => {
    const { effective, problems } = resolveParameters(
      { bounds: { limits: { backend: { maxConnections: 8 } } } },
      asked,
    );
    expect(problems).toEqual(["spec.limits.backend.maxConnections is 9, the class allows at most 8"]);
    expect(effective.limits.backend.maxConnections).toBe(8);
    expect(effective.limits.backend.maxRequests).toBe(9);
  });

  it("is not told of what it may", () => {
    const bounds = { limits: { backend: { maxConnections: 9 }, listener: { maxConnections: 1 } } };
    expect(resolveParameters({ bounds }, asked).problems).toEqual([]);
  });

  it.each([
    ["limits", 3],
    ["limits.backend", 2],
    ["limits.backend.maxRequests", 1],
    ["limits.listener", 0],
  ] as const)("is refused what is locked by %s", (lock, count) => {
    const { problems } = resolveParameters({ locked: [lock] }, asked);
    expect(problems).toHaveLength(count);
    expect(problems.every((problem) => problem.endsWith("is locked by the class"))).toBe(true);
  });
});
