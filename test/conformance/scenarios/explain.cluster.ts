import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AskOptions } from "../../../src/cli/live.ts";
import type { RequestExplanation, RequestQuestion } from "../../../src/core/explanation.ts";
import { hiddenText } from "../../../src/core/hidden-object.ts";
import type { RawObject } from "../../../src/core/kube-client.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";
import type { LiveRequest } from "./client/ask-live.ts";
import { restrictedNamespace } from "./cluster-manifest.ts";
import { gatewayOf, openListeners } from "./gateway-objects.ts";
import { conditionOf, readObject } from "./gateway-status.ts";
import { applyAs, appointDeveloper, asAdministrator } from "./people.ts";
import { type ScenarioBed, startScenarioBed } from "./scenario-bed.ts";

const script = fileURLToPath(new URL("client/ask-live.ts", import.meta.url));
const service = `/api/v1/namespaces/${gatehouse.namespace}/services`;
/** An account of a developer of `shop`, and one of those who run the Gateways. */
const developer = { namespace: "shop", name: "dev" };
const operator = { namespace: "infra", name: "ops" };
let scenario: ScenarioBed;
let bed: Bed;

beforeAll(async () => {
  scenario = await startScenarioBed();
  bed = scenario.bed;
  await applyAs(bed, "cluster-operator", [
    ...["infra", "billing", "shop"].map((name) => restrictedNamespace(name)),
    gatewayOf("infra", "shared", gatehouse.gatewayClass, { listeners: openListeners }),
  ]);
  const people = { billing: await appointDeveloper(bed, "billing"), shop: await appointDeveloper(bed, "shop") };
  await applyAs(bed, people.billing, [route("billing", "ledger", "/pay")]);
  await waitFor("billing's route", () => isAccepted("billing/ledger"));
  await applyAs(bed, people.shop, [route("shop", "web", "/")]);
  await waitFor("shop's route", () => isAccepted("shop/web"));
  for (const { namespace, name } of [developer, operator])
    await asAdministrator(bed, "create", "serviceaccount", name, `--namespace=${namespace}`);
  const accounts = { developer: "--serviceaccount=shop:dev", operator: "--serviceaccount=infra:ops" };
  await asAdministrator(
    bed,
    "create",
    "rolebinding",
    "dev",
    "--namespace=shop",
    "--clusterrole=edit",
    accounts.developer,
  );
  const role = "--clusterrole=gatehouse-cluster-operator";
  await asAdministrator(bed, "create", "clusterrolebinding", "ops", role, accounts.operator);
});

afterAll(() => scenario?.stop());

describe("a tenant", () => {
  it("sees its own route in full, with the backend that answers", async () => {
    const [gateway] = (await explain(developer, "/cart")).gateways;
    expect(gateway?.winner).toMatchObject({
      route: { kind: "HTTPRoute", namespace: "shop", name: "web" },
      match: { path: { type: "PathPrefix", value: "/" } },
    });
  });

  it("sees of another team's that it is there, and what decided", async () => {
    const explanation = await explain(developer, "/pay/now");
    expect(explanation.gateways[0]?.winner?.route).toEqual({ kind: "HTTPRoute", namespace: hiddenText, name: "" });
    expect(JSON.stringify(explanation.gateways)).not.toMatch(/billing|ledger|infra/);
    expect(JSON.stringify(explanation.gateways)).toContain('"namespace":"shop","name":"web"');
  });

  it("is refused another team's route in words that do not tell whether it is there", async () => {
    for (const name of ["ledger", "nothing"]) {
      const body = { namespace: "billing", name };
      expect(await ask({ asServiceAccount: developer }, "/v1/explain/route", body)).toEqual({
        kind: "failed",
        message: `system:serviceaccount:shop:dev may not get the HTTPRoute billing/${name}`,
      });
    }
    const own = await ask({ asServiceAccount: developer }, "/v1/explain/route", { namespace: "shop", name: "web" });
    expect(own).toMatchObject({ kind: "ok", value: { found: true, parents: [{ attached: true }] } });
  });
});

it("shows the platform team every name", async () => {
  const [gateway] = (await explain(operator, "/pay/now")).gateways;
  expect(gateway).toMatchObject({
    gateway: { kind: "Gateway", namespace: "infra", name: "shared" },
    winner: { route: { kind: "HTTPRoute", namespace: "billing", name: "ledger" } },
  });
});

describe("nobody", () => {
  it("is answered without a token", async () => {
    const path = `${service}/https:gatehouse-api:443/proxy/v1/whoami`;
    const { code, stderr } = await bed.run(["kubectl", "get", "--raw", path]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("say who asks");
  });

  it("who is known by a certificate is left without a word on what to do", async () => {
    expect(await ask({}, "/v1/whoami")).toMatchObject({
      kind: "failed",
      message: expect.stringContaining("--as-service-account"),
    });
  });
});

it("answers at its own address, with a certificate of Gatehouse's authority", async () => {
  const secret = await bed.api.get<RawObject & { readonly data: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/${gatehouse.namespace}/secrets/gatehouse-xds-server`,
  );
  const ca = join(scenario.folder, "ca.crt");
  writeFileSync(ca, Buffer.from(secret.data["ca.crt"] ?? "", "base64"));
  const { spec } = await bed.api.get<RawObject & { readonly spec: { readonly clusterIP: string } }>(
    `${service}/gatehouse-api`,
  );
  const direct = { server: `https://${spec.clusterIP}:443`, ca, asServiceAccount: developer };
  const serverName = `gatehouse-api.${gatehouse.namespace}.svc`;
  expect(await ask({ ...direct, serverName }, "/v1/whoami")).toMatchObject({
    kind: "ok",
    value: { user: "system:serviceaccount:shop:dev" },
  });
  expect(await ask(direct, "/v1/whoami")).toMatchObject({ kind: "failed" });
});

async function explain(
  asServiceAccount: NonNullable<AskOptions["asServiceAccount"]>,
  path: string,
): Promise<RequestExplanation> {
  const question: RequestQuestion = {
    port: 80,
    scheme: "http",
    host: "www.example.com",
    path,
    method: "GET",
    headers: [],
  };
  const answer = await ask({ asServiceAccount }, "/v1/explain/request", question);
  if (answer.kind === "failed") throw new Error(answer.message);
  // The endpoint's own answer.
  return answer.value as RequestExplanation;
}

type Answer = { readonly kind: "ok"; readonly value: unknown } | { readonly kind: "failed"; readonly message: string };

async function ask(options: Partial<AskOptions>, path: string, body?: unknown): Promise<Answer> {
  const input: LiveRequest = {
    options: { gatehouseNamespace: gatehouse.namespace, ...options },
    question: { path, ...(body !== undefined && { body }) },
  };
  const { code, stdout, stderr } = await bed.run([process.execPath, script], { input: JSON.stringify(input) });
  if (code !== 0) throw new Error(`the client failed: ${stderr}`);
  // Written by our own client.
  return JSON.parse(stdout) as Answer;
}

async function isAccepted(name: string): Promise<boolean> {
  return conditionOf(await readObject(bed, `HTTPRoute ${name}`), "Accepted", "infra/shared")?.status === "True";
}

function route(namespace: string, name: string, path: string): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace, name },
    spec: {
      parentRefs: [{ name: "shared", namespace: "infra" }],
      rules: [{ matches: [{ path: { type: "PathPrefix", value: path } }], backendRefs: [{ name, port: 80 }] }],
    },
  };
}
