import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { kubeApiOf } from "../../../test/support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../../../test/support/fake-api-server.ts";
import type { KubeApi } from "../../watch/kube-api.ts";
import { readLiveWorld } from "./live-world.ts";
import type { World } from "./world.ts";

const now = Date.parse("2026-06-01T00:00:00Z");
const gatewayApi = { apiVersion: "gateway.networking.k8s.io/v1" };
let server: FakeApiServer;
let api: KubeApi;

beforeAll(async () => {
  server = await startFakeApiServer({ absent: ["ListenerSet"] });
  api = kubeApiOf(server.url);
});

afterAll(async () => {
  api.close();
  await server.stop();
});

beforeEach(() => {
  server.put("Namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { team: "red" } } });
  server.put("Gateway", {
    ...gatewayApi,
    kind: "Gateway",
    metadata: { name: "shared", namespace: "infra" },
    spec: {
      gatewayClassName: "gatehouse",
      listeners: ["good", "bad"].map((name) => ({
        name,
        hostname: `${name}.example.com`,
        port: 443,
        protocol: "HTTPS",
        tls: { certificateRefs: [{ name }] },
      })),
    },
    status: {
      listeners: [{ name: "bad", attachedRoutes: 0, conditions: [{ type: "ResolvedRefs", status: "False" }] }],
    },
  });
  server.put("Secret", {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name: "real", namespace: "infra" },
    data: { "tls.crt": "eA==", "tls.key": "eA==" },
  });
});

async function read(): Promise<World> {
  const result = await readLiveWorld(api, { now });
  if (result.kind === "failed") throw new Error(result.message);
  return result.world;
}

describe("readLiveWorld", () => {
  it("reads every kind that is installed, with the labels and ages that the API server has", async () => {
    const { objects, problems, notes } = await read();
    expect(objects.map(({ key }) => key)).toEqual(["Gateway/infra/shared", "Secret/infra/real", "Namespace/shop"]);
    expect(objects.find(({ kind }) => kind === "Namespace")?.object.metadata).toMatchObject({
      labels: { team: "red" },
      creationTimestamp: expect.stringMatching(/^20/),
    });
    expect([problems, notes]).toEqual([[], []]);
  });

  it("stands in for Secrets that may not be listed, as the statuses of listeners tell", async () => {
    const end = server.fail(/\/secrets$/, { status: 403, reason: "Forbidden", message: "secrets is forbidden" });
    const { objects, notes } = await read();
    end();
    const secrets = objects.filter(({ kind }) => kind === "Secret");
    expect(secrets.map(({ key, standIn }) => [key, standIn])).toEqual([["Secret/infra/good", true]]);
    expect(notes).toEqual([expect.stringContaining("Secrets may not be listed")]);
  });

  it("reads of ConfigMaps those that are named as authorities, and stands in for what may not be read", async () => {
    const config = (name: string) => ({
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data: { "ca.crt": name } },
    });
    for (const name of ["named", "other"]) server.put("ConfigMap", config(name));
    server.put("BackendTLSPolicy", {
      ...{ ...gatewayApi, kind: "BackendTLSPolicy", metadata: { name: "strict", namespace: "shop" } },
      spec: {
        targetRefs: [{ group: "", kind: "Service", name: "app" }],
        validation: {
          hostname: "app.example.com",
          caCertificateRefs: ["named", "absent"].map((name) => ({ group: "", kind: "ConfigMap", name })),
        },
      },
    });
    const told = async () => {
      const { objects, notes } = await read();
      const found = objects.filter(({ kind }) => kind === "ConfigMap").map(({ key, standIn }) => [key, standIn]);
      return { found, notes };
    };
    expect(await told()).toEqual({ found: [["ConfigMap/shop/named", undefined]], notes: [] });
    expect(server.requests.filter(({ path }) => path.endsWith("/configmaps"))).toEqual([]);
    const end = server.fail(/configmaps\/named$/, { status: 403, reason: "Forbidden", message: "no" });
    expect(await told()).toEqual({
      found: [["ConfigMap/shop/named", true]],
      notes: [expect.stringContaining("ConfigMaps with authorities may not be read")],
    });
    end();
    for (const name of ["named", "other"]) server.remove("ConfigMap", `shop/${name}`);
    server.remove("BackendTLSPolicy", "shop/strict");
  });

  it("fails where anything else may not be listed", async () => {
    const end = server.fail(/\/httproutes$/, { status: 403, reason: "Forbidden", message: "httproutes is forbidden" });
    expect(await readLiveWorld(api, { now })).toEqual({
      kind: "failed",
      message: "cannot list httproutes: httproutes is forbidden",
    });
    end();
  });

  it("reads lists in pages", async () => {
    for (let index = 0; index < 501; index++) {
      server.put("Namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: `n-${index}` } });
    }
    const { objects } = await read();
    expect(objects.filter(({ kind }) => kind === "Namespace")).toHaveLength(502);
    expect(server.requests.some(({ path, query }) => path === "/api/v1/namespaces" && "continue" in query)).toBe(true);
  });
});
