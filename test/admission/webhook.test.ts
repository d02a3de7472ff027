import { afterEach, describe, expect, it } from "vitest";
import { until } from "../support/cluster-world.ts";
import {
  chartConfiguration,
  configurations,
  newAuthority,
  reviewOf,
  startWebhook,
  type WebhookWorld,
  type WorldOptions,
} from "./webhook-world.ts";

const running: WebhookWorld[] = [];
afterEach(async () => {
  for (const world of running.splice(0)) await world.stop();
});

async function start(options: WorldOptions = {}): Promise<WebhookWorld> {
  const world = await startWebhook(options);
  running.push(world);
  return world;
}

/** A webhook that leads, has a certificate, and is registered. */
async function startRegistered(options: WorldOptions = {}) {
  const world = await start(options);
  const authority = await newAuthority();
  world.server.put(configurations, chartConfiguration());
  world.admission.lead(true);
  await world.identify(authority);
  await until(() => world.registered() !== undefined);
  const { path, ca } = world.registered() ?? { path: "", ca: "" };
  /** Asks as the API server does, by what is registered. */
  const ask = async (body: unknown) => {
    const answer = await world.send({ path, ca, body });
    expect(answer.status).toBe(200);
    return JSON.parse(answer.body).response;
  };
  return { ...world, authority, path, ca, ask };
}

const sentences = {
  full: "Hostname 'api.example.com' is already claimed by HTTPRoute 'api' in namespace 'billing'.",
  discreet: "Hostname 'api.example.com' is already claimed in this cluster.",
};

describe("the webhook", () => {
  it("answers the API server by what is registered", async () => {
    const { ask, count, log } = await startRegistered();
    expect(await ask(reviewOf("mine.example.com"))).toEqual({ uid: "42", allowed: true });
    expect(await ask(reviewOf("api.example.com"))).toMatchObject({
      uid: "42",
      allowed: false,
      status: { code: 403, message: sentences.discreet },
    });
    expect(await Promise.all(["allowed", "refused", "failed"].map(count))).toEqual([1, 1, 0]);
    expect(log).toEqual([]);
  });

  it("names the route that has a hostname to those only who may get it", async () => {
    const { ask, server } = await startRegistered();
    const isOfPlatform = (body: unknown) => JSON.stringify(body).includes('"user":"platform"');
    server.fail(({ path, body }) => path.endsWith("/subjectaccessreviews") && isOfPlatform(body), {
      text: JSON.stringify({ status: { allowed: true } }),
    });
    expect((await ask(reviewOf("api.example.com", "platform"))).status.message).toBe(sentences.full);
    expect((await ask(reviewOf("api.example.com", "user1"))).status.message).toBe(sentences.discreet);
  });

  it("names it to nobody where that is switched off, and asks nothing", async () => {
    const { ask, server } = await startRegistered({ namesHolders: false });
    expect((await ask(reviewOf("api.example.com", "platform"))).status.message).toBe(sentences.discreet);
    expect(server.requests.filter(({ path }) => path.endsWith("/subjectaccessreviews"))).toEqual([]);
  });

  it("answers in time when the API server does not", async () => {
    const { ask, server } = await startRegistered();
    server.fail(/subjectaccessreviews/, "hang");
    const began = performance.now();
    expect((await ask(reviewOf("api.example.com"))).status.message).toBe(sentences.discreet);
    // The API server waits for two seconds.
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("lets everything pass before the first translation, and what it fails at", async () => {
    const early = await startRegistered({ isReady: () => false });
    expect(await early.ask(reviewOf("api.example.com"))).toEqual({ uid: "42", allowed: true });
    const broken = await startRegistered({
      judge: () => {
        throw new Error("bug: of a test");
      },
    });
    expect(await broken.ask(reviewOf("api.example.com"))).toEqual({ uid: "42", allowed: true });
    expect(await broken.count("failed")).toBe(1);
    expect(broken.log.join()).toContain("bug: of a test");
  });

  it("lets pass what the schema does not take, which is the API server's to refuse", async () => {
    const { ask, count } = await startRegistered();
    const review = JSON.stringify(reviewOf("api.example.com")).replace('["api.example.com"]', '"api.example.com"');
    expect(await ask(review)).toEqual({ uid: "42", allowed: true });
    expect(await count("unjudged")).toBe(1);
  });

  it("is there for nobody who does not know the path", async () => {
    const { send, ca, path } = await startRegistered();
    const body = reviewOf("api.example.com");
    for (const wrong of ["/validate", "/validate/", "/validate/guess", `${path}0`, path.toUpperCase(), "/%"]) {
      const answer = await send({ path: wrong, ca, body });
      expect([400, 404]).toContain(answer.status);
      expect(answer.body).not.toContain("claimed");
    }
    expect((await send({ path, ca, method: "GET" })).status).toBe(404);
  });

  it.each([
    ["what is no AdmissionReview", { kind: "Pod" }, 400],
    ["what is no JSON", "{", 400],
    ["more than three mebibytes", JSON.stringify("x".repeat(3 * 1024 * 1024)), 413],
  ])("refuses %s", async (_name, body, status) => {
    const { send, ca, path } = await startRegistered();
    expect((await send({ path, ca, body })).status).toBe(status);
  });

  it("refuses connections until there is a certificate", async () => {
    const { send } = await start();
    await expect(send({ path: "/validate/x", ca: "", body: {} })).rejects.toThrow();
  });
});

describe("a new certificate", () => {
  it("is shown to the next connection, and its authority is registered beside the one before", async () => {
    const { identify, authority, send, registered, path } = await startRegistered();
    const next = await newAuthority();
    await identify(authority, next);
    await until(() => registered()?.ca === authority.cert + next.cert);
    const body = reviewOf("mine.example.com");
    expect((await send({ path, ca: authority.cert + next.cert, body })).status).toBe(200);
    await expect(send({ path, ca: authority.cert, body })).rejects.toThrow();
    await identify(next);
    await until(() => registered()?.ca === next.cert);
    expect(registered()?.path).toBe(path);
  });
});

describe("the registration", () => {
  it("is written by the leader only, once", async () => {
    const { admission, server, identify, registered } = await start();
    server.put(configurations, chartConfiguration());
    await identify(await newAuthority());
    await until(() => server.watches === 1);
    expect(registered()).toBeUndefined();
    admission.lead(true);
    await until(() => registered() !== undefined);
    const before = server.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.requests.slice(before)).toEqual([]);
    expect(server.requests.filter(({ method }) => method === "PATCH")).toHaveLength(1);
  });

  it("is brought back when somebody takes it away, and when the configuration is made anew", async () => {
    const { server, registered, path, ca, admission } = await startRegistered();
    server.put(configurations, chartConfiguration());
    await until(() => registered() !== undefined);
    server.remove(configurations, "gatehouse");
    server.put(configurations, chartConfiguration());
    await until(() => registered() !== undefined);
    expect(registered()).toEqual({ path, ca });
    admission.lead(false);
    server.put(configurations, chartConfiguration());
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(registered()).toBeUndefined();
  });

  it("never creates a configuration", async () => {
    const { server, configuration, log } = await startRegistered();
    server.remove(configurations, "gatehouse");
    const before = server.requests.filter(({ method }) => method !== "GET").length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(configuration()).toBeUndefined();
    expect(server.requests.filter(({ method }) => method !== "GET")).toHaveLength(before);
    expect(log).toEqual([]);
  });
});
