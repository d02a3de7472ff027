import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CrdSelection, installCrds } from "../bed/crds.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatewayOf, routeTo } from "../scenarios/gateway-objects.ts";
import { conditionOf, readObject } from "../scenarios/gateway-status.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import { controlPlanePods, untilReplicasReady } from "./control-plane-pods.ts";
import {
  applyAll,
  createShop,
  type FaultBed,
  fleetsOf,
  kubectl,
  startFaultBed,
  untilProgrammed,
  untilServed,
} from "./fault-bed.ts";

const oldest: CrdSelection = { version: "v1.4.1", channel: "standard" };
const later = ["v1.5.1", "v1.6.3", "v1.7.0"].map((version) => ({ version, channel: "standard" }) as const);
const crdsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const httpRoutes = "httproutes.gateway.networking.k8s.io";
let faults: FaultBed;
let bed: Bed;

beforeAll(async () => {
  faults = await startFaultBed(oldest);
  bed = faults.bed;
  await bed.api.remove(`${crdsPath}/${httpRoutes}`);
  await installGatehouse(bed, fleetsOf(1));
  await createShop(bed, "shop");
});

afterAll(() => faults?.stop());

// The cluster goes from one release to the next, as clusters do.
describe("CRDs that come after the control plane", () => {
  it("starts without HTTPRoute and ListenerSet, and programs a Gateway", async () => {
    const { stdout } = await bed.run(["kubectl", "get", "crd", "--output=name"]);
    expect(stdout).not.toMatch(/(httproutes|listenersets)\./);
    await applyAll(bed, [gatewayOf("shop", "first", gatehouse.gatewayClass)]);
    await untilProgrammed(bed, "shop/first");
  });

  it("serves HTTPRoutes as soon as their CRD is there, with no restart", async () => {
    const before = await podsAndRestarts();
    await installCrds(bed.api, oldest);
    await applyAll(bed, [routeTo("shop", "echo", ["first"])]);
    await untilServed(bed, "shop/first");
    expect(await podsAndRestarts()).toEqual(before);
    expect(await supportedVersion()).toMatchObject({ status: "True", reason: "SupportedVersion" });
  });
});

describe.each(later)("CRDs of $version", (selection) => {
  it("serve what was there, and a new Gateway, also from a control plane that starts with them", async () => {
    await installCrds(bed.api, selection);
    const name = `gateway-${selection.version.replaceAll(".", "-")}`;
    await untilServed(bed, "shop/first");
    const gone = (await controlPlanePods(bed)).map((pod) => pod.metadata.name);
    await kubectl(bed, "delete", "pods", `--namespace=${gatehouse.namespace}`, "--wait=false", ...gone);
    await untilReplicasReady(bed, gone);
    const route = { ...routeTo("shop", "echo", [name]), metadata: { namespace: "shop", name } };
    await applyAll(bed, [gatewayOf("shop", name, gatehouse.gatewayClass), route]);
    await untilServed(bed, `shop/${name}`);
    await untilServed(bed, "shop/first");
    expect(await bundleVersion()).toBe(selection.version);
    expect(await supportedVersion()).toMatchObject({ status: "True", reason: "SupportedVersion" });
  });
});

it("tells of a release that is not known, and serves what it can", async () => {
  const annotation = "gateway.networking.k8s.io/bundle-version=v1.9.0";
  const names = (await kubectl(bed, "get", "crd", "--output=name")).split("\n");
  const ofGatewayApi = names.filter((name) => name.endsWith(".gateway.networking.k8s.io"));
  await kubectl(bed, "annotate", "--overwrite", ...ofGatewayApi, annotation);
  const told = await waitFor("the condition", async () => {
    const condition = await supportedVersion();
    return condition?.status === "False" && condition;
  });
  expect(told).toMatchObject({ reason: "UnsupportedVersion", message: expect.stringContaining("v1.9.0") });
  const route = { ...routeTo("shop", "echo", ["late"]), metadata: { namespace: "shop", name: "late" } };
  await applyAll(bed, [gatewayOf("shop", "late", gatehouse.gatewayClass), route]);
  await untilServed(bed, "shop/late");
  await untilServed(bed, "shop/first");
});

async function supportedVersion() {
  return conditionOf(await readObject(bed, `GatewayClass ${gatehouse.gatewayClass}`), "SupportedVersion");
}

async function bundleVersion(): Promise<string | undefined> {
  const { metadata } = await bed.api.get<{ metadata: { annotations?: Readonly<Record<string, string>> } }>(
    `${crdsPath}/${httpRoutes}`,
  );
  return metadata.annotations?.["gateway.networking.k8s.io/bundle-version"];
}

/** Which pods the control plane has, and how often each was started again. */
async function podsAndRestarts(): Promise<readonly string[]> {
  const pods = await controlPlanePods(bed);
  return pods
    .map(({ metadata, status }) => `${metadata.name} ${status?.containerStatuses?.[0]?.restartCount}`)
    .toSorted();
}
