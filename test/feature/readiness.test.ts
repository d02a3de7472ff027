import { afterEach, expect, it } from "vitest";
import { type App, startApp } from "../../src/app.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/logger.ts";
import type { ObjectSource } from "../../src/watch/object-source.ts";

/** A source that is slow, as an API server can be: it has read everything when it is told so. */
function createHeldSource() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const source: ObjectSource = { start: () => promise, stop: async () => {}, problems: () => [] };
  return { source, finishReading: resolve };
}

function testConfig(): Config {
  const address = "127.0.0.1:0";
  const flags = { manifests: "unused", xdsAddress: address, healthAddress: address, debugAddress: address };
  const result = readConfig(flags, {});
  if (result.kind === "invalid") throw new Error(result.problems.join("\n"));
  return result.config;
}

const running: App[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

it("is alive while it reads, and ready only when everything is read and translated", async () => {
  const { source, finishReading } = createHeldSource();
  const app = await startApp({ config: testConfig(), logger: createLogger("silent"), source });
  running.push(app);
  const { host, port } = app.addresses.health;
  const ask = async (path: string) => (await fetch(`http://${host}:${port}${path}`)).status;
  expect([await ask("/healthz"), await ask("/readyz")]).toEqual([200, 503]);
  expect(await (await fetch(`http://${host}:${port}/metrics`)).text()).toContain("gatehouse_ready 0");
  finishReading();
  await app.ready;
  expect([await ask("/healthz"), await ask("/readyz")]).toEqual([200, 200]);
  expect(await (await fetch(`http://${host}:${port}/metrics`)).text()).toContain("gatehouse_ready 1");
});

it("lets go of a source that was still starting when it was told to stop", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = false;
  const source: ObjectSource = {
    start: async () => {
      await promise;
      open = true;
    },
    stop: async () => {
      open = false;
    },
    problems: () => [],
  };
  const app = await startApp({ config: testConfig(), logger: createLogger("silent"), source });
  await app.stop();
  resolve();
  await app.ready;
  expect(open).toBe(false);
});

it("tells when its source cannot be read at all, and lets go of its ports", async () => {
  const source: ObjectSource = {
    start: () => Promise.reject(new Error("no such folder")),
    stop: async () => {},
    problems: () => [],
  };
  const app = await startApp({ config: testConfig(), logger: createLogger("silent"), source });
  await expect(app.ready).rejects.toThrow("no such folder");
  await app.stop();
  await expect(fetch(`http://127.0.0.1:${app.addresses.health.port}/healthz`)).rejects.toThrow();
});
