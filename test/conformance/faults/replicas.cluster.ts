import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatewayOf } from "../scenarios/gateway-objects.ts";
import { conditionOf, type ReportedObject } from "../scenarios/gateway-status.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import {
  keepApart,
  leaderOf,
  proxyPods,
  pushesOf,
  untilLed,
  untilPushesRest,
  untilReplicasReady,
  untilStreamed,
} from "./control-plane-pods.ts";
import { applyAll, createShop, type FaultBed, fleetsOf, kubectl, startFaultBed, untilServed } from "./fault-bed.ts";
import { countRequests, readCounts } from "./request-counts.ts";
import { startLoad } from "./running-load.ts";
import { recordStatuses, takenBack, untilStatusesRest } from "./status-recorder.ts";

const gateway = "shop/web";
const gatewayPath = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways/web";
let faults: FaultBed;
let bed: Bed;
let address: string;

beforeAll(async () => {
  faults = await startFaultBed();
  bed = faults.bed;
  await installGatehouse(bed, fleetsOf(1));
  await createShop(bed, "shop", ["web"]);
  await openPorts(80);
  address = await untilServed(bed, gateway);
});

afterAll(() => faults?.stop());

// Each story goes on where the one before it ended.
describe("a Gateway whose only proxy is connected to the replica that does not lead", () => {
  beforeAll(moveStreamFromLeader);

  it("is programmed in a new generation, though the leader has no stream", async () => {
    await openPorts(80, 8080);
    await untilServed(bed, gateway, { port: 8080 });
    const leader = await leaderOf(bed);
    expect(await untilStreamed(bed, gateway)).not.toBe(leader);
  });

  it("keeps every status when the leader is killed, answers every request, and goes on with a new leader", async () => {
    const leader = await untilLed(bed);
    await untilStatusesRest(bed);
    const recorder = recordStatuses(bed);
    await waitFor("the recorder", async () => recorder.objects.size >= 3);
    const load = await startLoad(faults, address);
    const killed = performance.now();
    await killPod(leader);
    await untilLed(bed, [leader]);
    await sleep(60_000 - (performance.now() - killed));
    const { failures, answered } = await load.stop();
    recorder.stop();
    expect(recorder.writes.flatMap(takenBack)).toEqual([]);
    // Nothing has changed that a status tells of.
    expect(recorder.writes).toEqual([]);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(500);
    await openPorts(80, 8080, 8081);
    await untilServed(bed, gateway, { port: 8081 });
    await untilReplicasReady(bed, [leader]);
  });
});

it("serves on, and writes nothing, while all replicas are replaced at once", async () => {
  const gone = (await untilReplicasReady(bed)).map(({ metadata }) => metadata.name);
  const before = await untilStatusesRest(bed);
  const load = await startLoad(faults, address);
  await kubectl(bed, "delete", "pods", `--namespace=${gatehouse.namespace}`, "--wait=false", ...gone);
  await untilReplicasReady(bed, gone);
  await untilLed(bed, gone);
  await untilStreamed(bed, gateway);
  // More than the second that a status waits for an acknowledgement.
  const after = await untilStatusesRest(bed);
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
  expect(after).toEqual(before);
  // The proxy told which versions it has, so nothing of it was sent again.
  expect(await pushesOf(bed)).toEqual({});
});

describe("what is written and asked", () => {
  it("is one status for each new route, and at most one a second for its Gateway", async () => {
    await untilStatusesRest(bed);
    const recorder = recordStatuses(bed);
    await waitFor("the recorder", async () => recorder.objects.size >= 3);
    const names = Array.from({ length: 50 }, (_, index) => `route-${index}`);
    const began = performance.now();
    await Promise.all(names.map(createRoute));
    await waitFor("all routes to be told", async () => {
      const { status } = await bed.api.get<AttachedRoutes>(gatewayPath);
      return status.listeners.every(({ attachedRoutes }) => attachedRoutes === 51);
    });
    await untilStatusesRest(bed);
    recorder.stop();
    const seconds = (performance.now() - began) / 1000;
    const writesOf = (object: string): number => recorder.writes.filter((write) => write.object === object).length;
    expect(names.map((name) => writesOf(`httproutes shop/${name}`))).toEqual(names.map(() => 1));
    expect(writesOf(`gateways ${gateway}`)).toBeGreaterThan(0);
    expect(writesOf(`gateways ${gateway}`)).toBeLessThanOrEqual(Math.ceil(seconds));
  });

  it("pushes nothing to proxies for a status that it writes", async () => {
    const path = "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/route-0";
    await untilStatusesRest(bed);
    const pushed = await untilPushesRest(bed);
    // The fifty routes were sent.
    expect(pushed).toMatchObject({ route: expect.any(Number) });
    const recorder = recordStatuses(bed);
    await waitFor("the recorder", async () => recorder.objects.has("httproutes shop/route-0"));
    // Whoever takes a status away has it written again.
    await bed.api.merge(`${path}/status`, { status: { parents: [] } });
    await waitFor("the status to be back", async () => {
      const route = await bed.api.get<ReportedObject>(path);
      return conditionOf(route, "Accepted", gateway)?.status === "True";
    });
    await untilStatusesRest(bed);
    recorder.stop();
    expect(recorder.writes.map(({ object }) => object)).toEqual(["httproutes shop/route-0", "httproutes shop/route-0"]);
    expect(await pushesOf(bed)).toEqual(pushed);
  });

  it("is nothing but watches and the Lease at rest", async () => {
    await countRequests(bed);
    await untilStatusesRest(bed);
    const before = await readCounts(bed);
    const seconds = 100;
    await sleep(seconds * 1000);
    const after = await readCounts(bed);
    expect(after.others - before.others).toBe(0);
    // The leader renews every 5 s, the other replica looks every 2 s or a little more.
    expect(after.leases - before.leases).toBeLessThanOrEqual(seconds / 5 + seconds / 2 + 4);
    expect(after.leases - before.leases).toBeGreaterThan(seconds / 5);
    // A watch lasts for minutes; with every kind watched by two replicas, that is far from one a second.
    expect(after.watches - before.watches).toBeLessThan(seconds / 2);
  });
});

interface AttachedRoutes {
  readonly status: { readonly listeners: readonly { readonly attachedRoutes: number }[] };
}

/** Has the proxy's stream go to the replica that does not lead. */
async function moveStreamFromLeader(): Promise<void> {
  const pods = await untilReplicasReady(bed);
  const leader = await untilLed(bed);
  const [proxy] = await proxyPods(bed, "shop", "web");
  const leading = pods.find(({ metadata }) => metadata.name === leader);
  const letThrough = await keepApart(bed, proxy?.status?.podIP ?? "", leading?.status?.podIP ?? "");
  try {
    await waitFor("the stream at the other replica", async () => {
      return (await untilStreamed(bed, gateway)) !== leader;
    });
  } finally {
    await letThrough();
  }
}

/** Gives the Gateway a listener at each of some ports. */
async function openPorts(...ports: readonly number[]): Promise<void> {
  const listeners = ports.map((port) => ({ name: `at-${port}`, protocol: "HTTP", port }));
  await applyAll(bed, [gatewayOf("shop", "web", gatehouse.gatewayClass, { listeners })]);
}

/** Ends a pod at once: it can give nothing back. */
async function killPod(name: string): Promise<void> {
  await kubectl(bed, "delete", "pod", `--namespace=${gatehouse.namespace}`, "--force", "--grace-period=0", name);
}

async function createRoute(name: string): Promise<void> {
  const rule = { matches: [{ path: { value: `/${name}` } }], backendRefs: [{ name: "echo", port: 80 }] };
  await bed.api.create("/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes", {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name },
    spec: { parentRefs: [{ name: "web" }], rules: [rule] },
  });
}
