import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askGatehouse } from "../../src/cli/live.ts";
import { sampleKnowledge } from "./sample-knowledge.ts";
import { type ServiceProxy, startServiceProxy } from "./service-proxy.ts";
import { endpointName, startTenantWorld, type TenantWorld } from "./tenant-world.ts";

const whoami = { path: "/v1/whoami" };
const gatehouseNamespace = "gatehouse-system";
let world: TenantWorld;
let proxy: ServiceProxy;

beforeEach(async () => {
  world = await startTenantWorld(sampleKnowledge);
  proxy = await startServiceProxy(world.address, { "shop/cart": "account-token" });
});

afterEach(async () => {
  await proxy.stop();
  await world.stop();
});

describe("through the API server", () => {
  it("asks as the user of the kubeconfig, whose token goes in a header of its own", async () => {
    const kubeconfig = proxy.kubeconfigOf({ token: "shop-token" });
    const answer = await askGatehouse({ kubeconfig, gatehouseNamespace }, whoami);
    expect(answer).toEqual({ kind: "ok", value: { user: "dana", groups: ["shop-developers"] } });
    expect(proxy.authorizations).toEqual(["Bearer shop-token"]);
  });

  it("sends a question, and gets the answer for this user", async () => {
    const kubeconfig = proxy.kubeconfigOf({ token: "shop-token" });
    const body = { namespace: "shop", name: "cart" };
    const answer = await askGatehouse({ kubeconfig, gatehouseNamespace }, { path: "/v1/explain/route", body });
    expect(answer).toMatchObject({ kind: "ok", value: { found: true, route: { name: "cart" } } });
    const theirs = await askGatehouse(
      { kubeconfig, gatehouseNamespace },
      { path: "/v1/explain/route", body: { namespace: "bank", name: "vault" } },
    );
    expect(theirs).toEqual({ kind: "failed", message: "dana may not get the HTTPRoute bank/vault" });
  });

  it("asks with the token that an exec plugin gives", async () => {
    const credential = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: "shop-token" },
    };
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: ["-e", `console.log(${JSON.stringify(JSON.stringify(credential))})`],
      interactiveMode: "Never",
    };
    const answer = await askGatehouse({ kubeconfig: proxy.kubeconfigOf({ exec }), gatehouseNamespace }, whoami);
    expect(answer).toMatchObject({ kind: "ok", value: { user: "dana" } });
  });

  it("asks with another token, or as a service account, where it is told to", async () => {
    const kubeconfig = proxy.kubeconfigOf({ token: "shop-token" });
    const other = await askGatehouse({ kubeconfig, token: "platform-token", gatehouseNamespace }, whoami);
    expect(other).toMatchObject({ kind: "ok", value: { user: "pat" } });
    const asServiceAccount = { namespace: "shop", name: "cart" };
    const account = await askGatehouse({ kubeconfig, asServiceAccount, gatehouseNamespace }, whoami);
    expect(account).toMatchObject({ kind: "ok", value: { user: "system:serviceaccount:shop:cart" } });
    const stranger = { namespace: "shop", name: "nobody" };
    const failed = await askGatehouse({ kubeconfig, asServiceAccount: stranger, gatehouseNamespace }, whoami);
    expect(failed).toMatchObject({ kind: "failed", message: expect.stringMatching(/^no token of shop\/nobody: /) });
  });

  it("tells who has a certificate and no token what to do", async () => {
    const kubeconfig = proxy.kubeconfigOf({});
    const answer = await askGatehouse({ kubeconfig, gatehouseNamespace }, whoami);
    expect(answer).toMatchObject({ kind: "failed", message: expect.stringContaining("--as-service-account") });
    expect(proxy.authorizations).toEqual([]);
  });

  it("tells which right is missing", async () => {
    proxy.refuse(403, 'services "https:gatehouse-api:443" is forbidden: cannot create resource "services/proxy"');
    const kubeconfig = proxy.kubeconfigOf({ token: "shop-token" });
    const answer = await askGatehouse({ kubeconfig, gatehouseNamespace }, whoami);
    expect(answer).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/you need the right to reach the Service/),
    });
  });
});

describe("at an address", () => {
  let folder: string;
  let ca: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gatehouse-ca-"));
    ca = join(folder, "ca.crt");
    writeFileSync(ca, world.authority);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("asks over TLS, and takes no other certificate", async () => {
    const server = `https://127.0.0.1:${world.address.port}`;
    const options = { server, ca, serverName: endpointName, token: "shop-token", gatehouseNamespace };
    expect(await askGatehouse(options, whoami)).toMatchObject({ kind: "ok", value: { user: "dana" } });
    const unknown = await askGatehouse({ server, token: "shop-token", gatehouseNamespace }, whoami);
    expect(unknown).toMatchObject({ kind: "failed", message: expect.stringContaining("no control plane answers at") });
    const misnamed = await askGatehouse({ ...options, serverName: "elsewhere.example.com" }, whoami);
    expect(misnamed).toMatchObject({ kind: "failed" });
    const fileless = await askGatehouse({ ...options, ca: join(folder, "none") }, whoami);
    expect(fileless).toMatchObject({ kind: "failed", message: expect.stringContaining("cannot read --ca") });
  });

  it("takes only addresses", async () => {
    const answer = await askGatehouse({ server: "gatehouse", token: "x", gatehouseNamespace }, whoami);
    expect(answer).toMatchObject({ kind: "failed", message: expect.stringContaining("is no address") });
  });
});
