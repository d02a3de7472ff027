import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type App, startStandalone } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/logger.ts";
import { formatListenAddress } from "../../src/settings.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

let folder = "";
let app: App;
let url = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  await writeFile(join(folder, "shop.yaml"), platform + namespace("shop") + namespace("other") + route("shop"));
  const address = "127.0.0.1:0";
  const flags = { manifests: folder, xdsAddress: address, healthAddress: address, debugAddress: address };
  const result = readConfig({ ...flags, webhookAddress: address }, {});
  if (result.kind === "invalid") throw new Error(result.problems.join("\n"));
  app = await startStandalone(result.config, createLogger("silent"));
  await app.ready;
  const { webhook } = app.addresses;
  if (webhook === undefined) throw new Error("the webhook is closed");
  url = `http://${formatListenAddress(webhook)}/validate`;
});

afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
});

/** A route of `other` with a hostname, as the API server would show it. */
function review(hostname: string, groups: readonly string[]): object {
  const object = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "new", namespace: "other", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { parentRefs: [{ name: "shared", namespace: "infra" }], hostnames: [hostname] },
  };
  const kind = { group: "gateway.networking.k8s.io", version: "v1", kind: "HTTPRoute" };
  const request = { uid: "u-1", kind, operation: "CREATE", userInfo: { username: "ann", groups }, object };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
}

async function post(body: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

it("refuses what another namespace has, and lets everything else pass", async () => {
  expect(await post(review("shop.example.com", ["people"]))).toMatchObject({
    status: 200,
    body: {
      kind: "AdmissionReview",
      response: {
        uid: "u-1",
        allowed: false,
        status: { message: "Hostname 'shop.example.com' is already claimed in this cluster." },
      },
    },
  });
  expect(await post(review("new.example.com", ["people"]))).toMatchObject({ body: { response: { allowed: true } } });
});

it("names the holder only to those whom no API server would refuse to read it", async () => {
  expect(await post(review("shop.example.com", ["system:masters"]))).toMatchObject({
    body: {
      response: {
        status: {
          message: "Hostname 'shop.example.com' is already claimed by HTTPRoute 'shop' in namespace 'shop'.",
        },
      },
    },
  });
});

it("takes AdmissionReviews only", async () => {
  expect(await post({ kind: "Pod" })).toEqual({ status: 400, body: { error: "this is no AdmissionReview" } });
  expect((await fetch(url)).status).toBe(404);
  expect((await fetch(url, { method: "POST", body: "text" })).status).toBe(400);
});

it("refuses a Host header with a name, as DNS rebinding would send it", async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const call = httpRequest(url, { method: "POST", headers: { host: "rebound.example.com" } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on("error", reject).end();
  });
  expect(status).toBe(403);
});
