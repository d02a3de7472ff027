import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crdsFile } from "../../scripts/crds.ts";
import { kinds } from "../../src/core/keys.ts";
import { holdingOf, recordOf } from "../../src/core/ownership.ts";
import { waitFor } from "../conformance/bed/wait-for.ts";
import { type OwnObject, refusedObjects, takenObjects } from "../schemas/own-objects.ts";
import { type Answer, type ChartCluster, startChartCluster } from "./chart-api-server.ts";

let cluster: ChartCluster;

beforeAll(async () => {
  cluster = await startChartCluster();
  cluster.kubectl("apply", "--server-side", "-f", fileURLToPath(crdsFile));
  const own = ["GatewayParameters", "HostnameClaim", "HostnameRecord", "NamespaceBudget", "Quarantine"] as const;
  for (const kind of own)
    await waitFor(kind, async () => (await cluster.call({ method: "GET", path: pathOf(kind) })).status === 200);
}, 600_000);

afterAll(() => cluster?.stop());

function pathOf(kind: OwnObject["kind"], name?: string): string {
  const { plural, scope } = kinds[kind];
  const folder = scope === "Namespaced" ? "namespaces/default/" : "";
  return `/apis/gatehouse.dev/v1alpha1/${folder}${plural}${name === undefined ? "" : `/${name}`}`;
}

function dryRun({ kind, spec }: OwnObject): Promise<Answer> {
  const body = { apiVersion: "gatehouse.dev/v1alpha1", kind, metadata: { name: "x" }, spec };
  return cluster.call({ method: "POST", path: `${pathOf(kind)}?dryRun=All&fieldValidation=Strict`, body });
}

describe("the API server, as our reading of files", () => {
  it.each(takenObjects)("takes $name ($kind)", async (own) => {
    const { status, body } = await dryRun(own);
    expect(`${status} ${body["message"] ?? ""}`).toBe("201 ");
  });

  it.each(refusedObjects)("refuses $name ($kind)", async (own) => {
    const { status } = await dryRun(own);
    expect([400, 422]).toContain(status);
  });
});

describe("a HostnameRecord", () => {
  const spec = {
    hostname: "shop.example.com",
    namespace: "shop",
    since: "2026-01-31T12:00:00Z",
    object: "HTTPRoute/shop/web",
  };
  const { metadata, ...shape } = recordOf(holdingOf({ spec } as Parameters<typeof holdingOf>[0]));
  const record = { ...shape, metadata: { name: metadata.name } };
  const path = pathOf("HostnameRecord", metadata.name);
  const merge = "application/merge-patch+json";

  it("is created once: who comes second is told that it is there", async () => {
    const create = () => cluster.call({ method: "POST", path: pathOf("HostnameRecord"), body: record });
    expect((await create()).status).toBe(201);
    expect(await create()).toMatchObject({ status: 409, body: { reason: "AlreadyExists" } });
  });

  it("does not change, but for its status", async () => {
    const body = { spec: { namespace: "evil" } };
    const changed = await cluster.call({ method: "PATCH", path, body, contentType: merge });
    expect(changed).toMatchObject({ status: 422, body: { message: expect.stringContaining("cannot change") } });
    const unusedSince = "2026-02-01T00:00:00Z";
    const told = await cluster.call({
      method: "PATCH",
      path: `${path}/status`,
      body: { spec: { namespace: "evil" }, status: { unusedSince } },
      contentType: merge,
    });
    expect(told).toMatchObject({ status: 200, body: { spec, status: { unusedSince } } });
  });

  it("is shown with who holds what", () => {
    const [header = "", line = ""] = cluster.kubectl("get", "hostnamerecords").split("\n");
    expect(header.split(/\s+/).slice(0, 5)).toEqual(["NAME", "HOSTNAME", "NAMESPACE", "SINCE", "UNUSED"]);
    expect(line).toContain("shop.example.com");
  });
});
