import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fleetName } from "../../../src/core/fleet-names.ts";
import type { RawObject } from "../../../src/core/kube-client.ts";
import { orAbsent } from "../bed/api.ts";
import { bedNetwork } from "../bed/layout.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { classWithParameters, gatewayOf } from "../scenarios/gateway-objects.ts";
import { type Condition, conditionOf, readObject } from "../scenarios/gateway-status.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import { cutPodsFromApi, freezeComponent } from "./cluster-component.ts";
import { controlPlanePods, cutStreams, proxyPods, streamedAmong } from "./control-plane-pods.ts";
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
import { startLoad } from "./running-load.ts";
import { recordStatuses, takenBack, untilStatusesRest } from "./status-recorder.ts";

const gatewayApi = "/apis/gateway.networking.k8s.io/v1";
let faults: FaultBed;
let bed: Bed;

beforeAll(async () => {
  faults = await startFaultBed();
  bed = faults.bed;
  await installGatehouse(bed, fleetsOf(1));
});

afterAll(() => faults?.stop());

describe("without an API server", () => {
  it("serves proxies on, also those that connect again, and catches up when it is back", async () => {
    await createShop(bed, "shop", ["web"]);
    const address = await untilServed(bed, "shop/web");
    const pods = await controlPlanePods(bed);
    const [proxy] = await proxyPods(bed, "shop", "web");
    const recorder = recordStatuses(bed);
    await waitFor("the recorder", async () => recorder.objects.size >= 3);
    const load = await startLoad(faults, address);
    const frozen = performance.now();
    const goOn = await freezeComponent(bed, "kube-apiserver");
    try {
      await expect(kubectl(bed, "get", "nodes", "--request-timeout=2s")).rejects.toThrow();
      const since = Date.now();
      await cutStreams(bed, proxy?.status?.podIP ?? "");
      await streamedAmong(bed, pods, { gateway: "shop/web", since });
      await sleep(60_000 - (performance.now() - frozen));
    } finally {
      await goOn();
    }
    await applyAll(bed, [withListener("shop", 8080)]);
    await untilServed(bed, "shop/web", { port: 8080 });
    recorder.stop();
    const { failures, answered } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(500);
    expect(recorder.writes.flatMap(takenBack)).toEqual([]);
    expect(await restartsOf()).toBe(0);
  });

  it("catches up with what has changed while it was cut off, and takes nothing back", async () => {
    const address = await untilServed(bed, "shop/web", { port: 8080 });
    await untilStatusesRest(bed);
    const recorder = recordStatuses(bed);
    await waitFor("the recorder", async () => recorder.objects.size >= 3);
    const load = await startLoad(faults, address);
    const letThrough = await cutPodsFromApi(bed);
    try {
      // The leader gives up after 10 s, and nobody can follow.
      await sleep(3_000);
      await applyAll(bed, [withListener("shop", 8081)]);
      await sleep(12_000);
      expect(recorder.writes).toEqual([]);
    } finally {
      await letThrough();
    }
    await untilServed(bed, "shop/web", { port: 8081 });
    recorder.stop();
    const { failures } = await load.stop();
    expect(failures).toEqual([]);
    // The listener at 8080 has gone with its port; whatever else was told is still told.
    expect(recorder.writes.flatMap(takenBack)).toEqual([]);
    expect(await restartsOf()).toBe(0);
  });
});

it("keeps a GatewayClass that is deleted while Gateways use it, and their proxies, until the last has gone", async () => {
  await applyAll(bed, classWithParameters("doomed", { replicas: 1 }));
  await createShop(bed, "doomed");
  await applyAll(bed, [gatewayOf("doomed", "web", "doomed"), routeIn("doomed")]);
  const address = await untilServed(bed, "doomed/web");
  const fleet = await deploymentOf("doomed", "web");
  const load = await startLoad(faults, address);
  await kubectl(bed, "delete", "gatewayclass", "doomed", "--wait=false");
  await sleep(5_000);
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
  const doomed = await bed.api.get<RawObject>(`${gatewayApi}/gatewayclasses/doomed`);
  expect(doomed.metadata.deletionTimestamp).toBeDefined();
  expect((await deploymentOf("doomed", "web")).metadata.uid).toBe(fleet.metadata.uid);
  await untilProgrammed(bed, "doomed/web");
  await kubectl(bed, "delete", "gateway", "--namespace=doomed", "web");
  await waitFor("the class to be gone", async () => {
    return (await orAbsent(bed.api.get(`${gatewayApi}/gatewayclasses/doomed`))) === undefined;
  });
});

describe("what the cluster refuses is told in its words, and done as soon as it may be:", () => {
  it("pods beyond a quota", async () => {
    await createShop(bed, "few-pods");
    await waitFor("the backend", async () => (await readyPods("few-pods")) === 1);
    await applyAll(bed, [quota("few-pods", { pods: "1" }), routeIn("few-pods")]);
    await applyAll(bed, [gatewayOf("few-pods", "web", gatehouse.gatewayClass)]);
    const condition = await untilNotProgrammed("few-pods", /exceeded quota/);
    expect(condition).toMatchObject({ reason: "NoResources" });
    await kubectl(bed, "delete", "resourcequota", "--namespace=few-pods", "limit");
    await untilServed(bed, "few-pods/web");
  });

  it("a Service beyond a quota", async () => {
    await createShop(bed, "few-services");
    await applyAll(bed, [quota("few-services", { services: "1" }), routeIn("few-services")]);
    await waitFor("the quota to count", async () => {
      const path = "/api/v1/namespaces/few-services/resourcequotas/limit";
      const { status } = await bed.api.get<{ status?: { used?: { services?: string } } }>(path);
      return status?.used?.services === "1";
    });
    await applyAll(bed, [gatewayOf("few-services", "web", gatehouse.gatewayClass)]);
    const condition = await untilNotProgrammed("few-services", /exceeded quota: limit/);
    expect(condition).toMatchObject({ reason: "NoResources", message: expect.stringContaining("Service") });
    await kubectl(bed, "delete", "resourcequota", "--namespace=few-services", "limit");
    await untilServed(bed, "few-services/web");
  });

  it("a Deployment that an admission policy denies", async () => {
    await createShop(bed, "guarded");
    await applyAll(bed, [...denyDeployments("guarded"), routeIn("guarded")]);
    const attempt = ["create", "deployment", "attempt", "--image=echo", "--namespace=guarded", "--dry-run=server"];
    await waitFor("the policy to work", async () =>
      (await bed.run(["kubectl", ...attempt])).stderr.includes("no proxies"),
    );
    await applyAll(bed, [gatewayOf("guarded", "web", gatehouse.gatewayClass)]);
    const condition = await untilNotProgrammed("guarded", /no proxies here/);
    expect(condition).toMatchObject({ reason: "NoResources" });
    await kubectl(bed, "delete", "validatingadmissionpolicybinding", "deny-deployments");
    await untilServed(bed, "guarded/web");
  });

  it("an address that another Gateway has", async () => {
    await createShop(bed, "one-address");
    const addresses = [{ type: "IPAddress", value: bedNetwork.usableAddress }];
    const asking = (name: string): object => gatewayOf("one-address", name, gatehouse.gatewayClass, { addresses });
    await applyAll(bed, [asking("first"), routeIn("one-address")]);
    await untilProgrammed(bed, "one-address/first");
    await applyAll(bed, [asking("web")]);
    const condition = await untilNotProgrammed("one-address", new RegExp(bedNetwork.usableAddress));
    expect(condition).toMatchObject({
      reason: "AddressNotUsable",
      message: expect.stringContaining("another Service"),
    });
    await untilProgrammed(bed, "one-address/first");
    await kubectl(bed, "delete", "gateway", "--namespace=one-address", "first");
    expect(await untilServed(bed, "one-address/web")).toBe(bedNetwork.usableAddress);
  });
});

describe("objects of a fleet's name", () => {
  it("that somebody edits are as before soon, and the log tells of it", async () => {
    const { metadata } = await deploymentOf("shop", "web");
    const image = await envoyImage();
    expect(image).toContain("envoy");
    await kubectl(bed, "set", "image", "--namespace=shop", `deployment/${metadata.name}`, "envoy=example.com/other:1");
    await waitFor("the image to be as before", async () => (await envoyImage()) === image);
    await untilServed(bed, "shop/web");
    const logs = await Promise.all(
      (await controlPlanePods(bed)).map((pod) =>
        kubectl(bed, "logs", `--namespace=${gatehouse.namespace}`, pod.metadata.name),
      ),
    );
    expect(logs.join("\n")).toContain("ProxiesRepaired");
  });

  it("that are somebody else's are left alone, and the Gateway tells which", async () => {
    await createShop(bed, "taken");
    const name = fleetName("web");
    const spec = { selector: { app: "echo" }, ports: [{ port: 9000 }] };
    await applyAll(bed, [{ apiVersion: "v1", kind: "Service", metadata: { namespace: "taken", name }, spec }]);
    const path = `/api/v1/namespaces/taken/services/${name}`;
    const before = await bed.api.get<RawObject>(path);
    await applyAll(bed, [gatewayOf("taken", "web", gatehouse.gatewayClass), routeIn("taken")]);
    const condition = await untilNotProgrammed("taken", new RegExp(name));
    expect(condition).toMatchObject({ reason: "NoResources", message: expect.stringContaining("Service") });
    expect(await bed.api.get<RawObject>(path)).toEqual(before);
    await kubectl(bed, "delete", "service", "--namespace=taken", name);
    await untilServed(bed, "taken/web");
  });
});

interface Deployment extends RawObject {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
    };
  };
}

function deploymentOf(namespace: string, gateway: string): Promise<Deployment> {
  return bed.api.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${fleetName(gateway)}`);
}

async function envoyImage(): Promise<string | undefined> {
  const { spec } = await deploymentOf("shop", "web");
  return spec.template.spec.containers.find(({ name }) => name === "envoy")?.image;
}

/** The Gateway `web` of a namespace with a second listener. */
function withListener(namespace: string, port: number): object {
  const listeners = [
    { name: "http", protocol: "HTTP", port: 80 },
    { name: "more", protocol: "HTTP", port },
  ];
  return gatewayOf(namespace, "web", gatehouse.gatewayClass, { listeners });
}

function routeIn(namespace: string): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace, name: "echo" },
    spec: { parentRefs: [{ name: "web" }], rules: [{ backendRefs: [{ name: "echo", port: 80 }] }] },
  };
}

function quota(namespace: string, hard: Readonly<Record<string, string>>): object {
  return { apiVersion: "v1", kind: "ResourceQuota", metadata: { namespace, name: "limit" }, spec: { hard } };
}

/** A policy that lets no Deployment of a fleet into a namespace. */
function denyDeployments(namespace: string): readonly object[] {
  const rule = { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] };
  const namespaceSelector = { matchLabels: { "kubernetes.io/metadata.name": namespace } };
  const group = "admissionregistration.k8s.io/v1";
  const metadata = { name: "deny-deployments" };
  return [
    {
      apiVersion: group,
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: "false", message: "no proxies here" }],
      },
    },
    {
      apiVersion: group,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName: metadata.name, validationActions: ["Deny"], matchResources: { namespaceSelector } },
    },
  ];
}

/** Waits until the Gateway `web` of a namespace tells that it is not programmed, in such words. */
function untilNotProgrammed(namespace: string, words: RegExp): Promise<Condition> {
  return waitFor(
    `${namespace}/web not to be programmed`,
    async () => {
      const condition = conditionOf(await readObject(bed, `Gateway ${namespace}/web`), "Programmed");
      if (condition?.status === "False" && words.test(condition.message)) return condition;
      throw new Error(JSON.stringify(condition));
    },
    40,
  );
}

async function readyPods(namespace: string): Promise<number> {
  const { items } = await bed.api.get<{ items: readonly { status?: { phase?: string } }[] }>(
    `/api/v1/namespaces/${namespace}/pods`,
  );
  return items.filter(({ status }) => status?.phase === "Running").length;
}

async function restartsOf(): Promise<number> {
  const pods = await controlPlanePods(bed);
  return pods.reduce((sum, { status }) => sum + (status?.containerStatuses?.[0]?.restartCount ?? 0), 0);
}
