import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RawObject } from "../../../src/core/kube-client.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { untilLed, untilReplicasReady } from "../faults/control-plane-pods.ts";
import { applyAll, createShop, type FaultBed, kubectl, startFaultBed, untilServed } from "../faults/fault-bed.ts";
import { startLoad } from "../faults/running-load.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import { gatewayOf, openListeners } from "./gateway-objects.ts";
import { conditionOf, readObject } from "./gateway-status.ts";

interface HostnameRecord extends RawObject {
  readonly spec: {
    readonly hostname: string;
    readonly namespace: string;
    readonly since: string;
    readonly object: string;
  };
}

const recordsPath = "/apis/gatehouse.dev/v1alpha1/hostnamerecords";
let faults: FaultBed;
let bed: Bed;
let address: string;

beforeAll(async () => {
  faults = await startFaultBed();
  bed = faults.bed;
  // What is refused at apply is not what these are about.
  await installGatehouse(bed, { webhook: { enabled: false } });
  for (const name of ["infra", "shop", "other"]) await createShop(bed, name);
  await applyAll(bed, [
    gatewayOf("infra", "shared", gatehouse.gatewayClass, {
      listeners: openListeners,
      allowedListeners: { namespaces: { from: "All" } },
    }),
    route("shop", "web", ["shop.example.com"]),
  ]);
  address = await untilServed(bed, "infra/shared");
});

afterAll(() => faults?.stop());

// Each story goes on where the one before it ended.
describe("a hostname", () => {
  it("is recorded once, for the namespace that had it first", async () => {
    const [record, ...more] = await recordsOf("shop.example.com");
    expect(more).toEqual([]);
    expect(record?.spec).toMatchObject({ namespace: "shop", object: "HTTPRoute/shop/web" });
    await applyAll(bed, [route("other", "thief", ["shop.example.com", "other.example.com"])]);
    await untilRefused("other/thief", "shop.example.com");
    expect(await recordsOf("shop.example.com")).toEqual([record]);
    expect(await recordsOf("other.example.com")).toMatchObject([{ spec: { namespace: "other" } }]);
  });

  it("goes on being served, and is recorded again, when somebody deletes all records", async () => {
    const [before] = await recordsOf("shop.example.com");
    const load = await startLoad(faults, address);
    await kubectl(bed, "delete", "hostnamerecords", "--all");
    const after = await untilRecorded("shop.example.com");
    expect(after.metadata.uid).not.toBe(before?.metadata.uid);
    expect(after.spec).toEqual(before?.spec);
    await untilRecorded("other.example.com");
    expect((await load.stop()).failures).toEqual([]);
    await untilRefused("other/thief", "shop.example.com");
  });

  it("stays its namespace's when the records are lost while no control plane runs", async () => {
    const gone = (await untilReplicasReady(bed)).map(({ metadata }) => metadata.name);
    const load = await startLoad(faults, address);
    await kubectl(
      bed,
      "scale",
      `deployment/${gatehouse.release}`,
      `--namespace=${gatehouse.namespace}`,
      "--replicas=0",
    );
    await waitFor("the replicas to be gone", async () => {
      const left = await kubectl(bed, "get", "pods", `--namespace=${gatehouse.namespace}`, "--output=name");
      return !gone.some((name) => left.includes(name));
    });
    await kubectl(bed, "delete", "hostnamerecords", "--all");
    // Older than the rightful owner's route by its own account, and without any of its own.
    await applyAll(bed, [route("other", "ancient", ["shop.example.com"])]);
    await kubectl(
      bed,
      "scale",
      `deployment/${gatehouse.release}`,
      `--namespace=${gatehouse.namespace}`,
      "--replicas=2",
    );
    await untilReplicasReady(bed, gone);
    await untilLed(bed, gone);
    expect((await untilRecorded("shop.example.com")).spec.namespace).toBe("shop");
    await untilRefused("other/ancient", "shop.example.com");
    expect((await load.stop()).failures).toEqual([]);
  });

  it("goes to whom the platform grants it, and back when the grant is gone", async () => {
    const claim = {
      apiVersion: "gatehouse.dev/v1alpha1",
      kind: "HostnameClaim",
      metadata: { name: "granted" },
      spec: { hostname: "other.example.com", namespaces: { names: ["shop"] } },
    };
    await applyAll(bed, [route("shop", "granted", ["other.example.com"])]);
    await untilRefused("shop/granted", "other.example.com");
    await applyAll(bed, [claim]);
    await waitFor("the record to be the other's", async () => {
      const [record] = await recordsOf("other.example.com");
      return record?.spec.namespace === "shop";
    });
    await untilRefused("other/thief", "other.example.com");
    const events = await kubectl(bed, "get", "events", "--all-namespaces", "--output=json");
    expect(events).toContain("HostnameClaim");
  });

  it("of a listener in a ListenerSet is recorded for the ListenerSet's namespace", async () => {
    await applyAll(bed, [listenerSet("shop", "set.example.com"), route("other", "late", ["set.example.com"])]);
    const record = await untilRecorded("set.example.com");
    expect(["shop", "other"]).toContain(record.spec.namespace);
    const loser = record.spec.namespace === "shop" ? "HTTPRoute other/late" : "ListenerSet shop/set";
    await waitFor("the other one to be refused", async () =>
      JSON.stringify((await readObject(bed, loser)).status).includes("HostnameClaimed"),
    );
  });
});

function route(namespace: string, name: string, hostnames: readonly string[]): RawObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace, name },
    spec: {
      parentRefs: [{ name: "shared", namespace: "infra" }],
      hostnames,
      rules: [{ backendRefs: [{ name: "echo", port: 80 }] }],
    },
  };
}

function listenerSet(namespace: string, hostname: string): RawObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "ListenerSet",
    metadata: { namespace, name: "set" },
    spec: {
      parentRef: { name: "shared", namespace: "infra" },
      listeners: [{ name: "set", protocol: "HTTP", port: 80, hostname }],
    },
  };
}

async function recordsOf(hostname: string): Promise<readonly HostnameRecord[]> {
  const { items } = await bed.api.get<{ items: readonly HostnameRecord[] }>(recordsPath);
  return items.filter(({ spec }) => spec.hostname === hostname);
}

function untilRecorded(hostname: string): Promise<HostnameRecord> {
  return waitFor(`a record of ${hostname}`, async () => (await recordsOf(hostname))[0]);
}

/** Waits until a route's status lists a hostname among those that it is refused. */
async function untilRefused(name: string, hostname: string): Promise<void> {
  await waitFor(`${name} to be refused ${hostname}`, async () => {
    const object = await readObject(bed, `HTTPRoute ${name}`);
    const found = ["gatehouse.dev/HostnamesGranted", "Accepted"].map((type) =>
      conditionOf(object, type, "infra/shared"),
    );
    return found.some((condition) => condition?.status === "False" && condition.message.includes(`'${hostname}'`));
  });
}
