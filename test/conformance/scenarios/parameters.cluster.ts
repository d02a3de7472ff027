import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fleetLabels, fleetName } from "../../../src/core/fleet-names.ts";
import type { RawObject } from "../../../src/core/kube-client.ts";
import { bedNetwork } from "../bed/layout.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";
import { ask, backendOf, load } from "./ask.ts";
import type { LoadReport } from "./client/load-options.ts";
import { backend, restrictedNamespace } from "./cluster-manifest.ts";
import { type FleetDeployment, fleetDeployment, fleetService, isSettled, watchRollout } from "./fleet-watch.ts";
import { classWithParameters, gatewayOf, parameters, routeTo } from "./gateway-objects.ts";
import { addressOf, conditionOf, readObject } from "./gateway-status.ts";
import { applyAs, appointDeveloper, asAdministrator, entrustGateways } from "./people.ts";
import { type ScenarioBed, startScenarioBed } from "./scenario-bed.ts";

const operator = "cluster-operator";
const provider = "infra-provider";
const gateways = ["bounded", "rolled-a", "rolled-b", "rolled-c", "node-port", "cluster-ip"] as const;
let scenario: ScenarioBed;
let bed: Bed;

beforeAll(async () => {
  scenario = await startScenarioBed();
  bed = scenario.bed;
  await applyAs(bed, operator, [restrictedNamespace("shop")]);
  await entrustGateways(bed, "shop");
  const developer = await appointDeveloper(bed, "shop");
  await applyAs(bed, developer, [...backend("shop", "echo"), routeTo("shop", "echo", gateways)]);
});

afterAll(() => scenario?.stop());

// Each of these stories goes on where the one before it ended.
describe("parameters within and beyond the bounds of a class", () => {
  let before: FleetDeployment;

  beforeAll(async () => {
    const bounds = { replicas: { maximum: 2 } };
    await applyAs(bed, provider, classWithParameters("bounded", { replicas: 1, bounds }));
    await applyAs(bed, operator, [gatewayOf("shop", "bounded", "bounded")]);
  });

  it("gives a Gateway what its class says", async () => {
    await untilServed("bounded");
    expect(await replicasOf("bounded")).toBe(1);
  });

  it("gives a Gateway of its own what its class allows, and tells where each field comes from", async () => {
    const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", name: "own" };
    await applyAs(bed, operator, [
      parameters("shop", "own", { replicas: 2, logLevel: "info" }),
      gatewayOf("shop", "bounded", "bounded", { infrastructure: { parametersRef } }),
    ]);
    await waitFor("the second proxy", async () => {
      const deployment = await fleetDeployment(bed, "shop", "bounded");
      return deployment.spec.replicas === 2 && isSettled(deployment);
    });
    const { namespace, release } = gatehouse;
    const status = ["gatehouse", "status", "gateway", "shop/bounded"];
    const printed = await asAdministrator(
      bed,
      "exec",
      `--namespace=${namespace}`,
      `deploy/${release}`,
      "--",
      ...status,
    );
    expect(printed).toMatch(/^ *replicas +2 +gateway$/m);
    expect(printed).toMatch(/^ *service\.type +LoadBalancer +default$/m);
  });

  it("refuses a Gateway that oversteps, names the field, and leaves its fleet as it was", async () => {
    before = await fleetDeployment(bed, "shop", "bounded");
    await applyAs(bed, operator, [parameters("shop", "own", { replicas: 3, logLevel: "debug" })]);
    const refused = await waitFor("the Gateway to be refused", async () => {
      const condition = conditionOf(await readObject(bed, "Gateway shop/bounded"), "Accepted");
      return condition?.status === "False" && condition;
    });
    expect(refused).toMatchObject({
      reason: "InvalidParameters",
      message: expect.stringContaining("spec.replicas is 3, the class allows at most 2"),
    });
    await untilServed("bounded");
    await expectUnchanged(before);
  });

  it("accepts it again when it keeps to the bounds", async () => {
    await applyAs(bed, operator, [parameters("shop", "own", { replicas: 2, logLevel: "info" })]);
    await waitFor("the Gateway to be accepted", async () => {
      return conditionOf(await readObject(bed, "Gateway shop/bounded"), "Accepted")?.status === "True";
    });
    // Had anything of it been taken over meanwhile, it would have been taken back now.
    await expectUnchanged(before);
  });
});

describe("a fleet", () => {
  it("is repaired when somebody has edited or deleted a part of it", async () => {
    const name = fleetName("bounded");
    const { spec } = await fleetService(bed, "shop", "bounded");
    await asAdministrator(bed, "scale", "--namespace=shop", `deployment/${name}`, "--replicas=1");
    await asAdministrator(bed, "delete", "--namespace=shop", `poddisruptionbudget/${name}`);
    await asAdministrator(
      bed,
      ...["patch", "--namespace=shop", `service/${name}`, "--type=json"],
      `--patch=${JSON.stringify([{ op: "replace", path: "/spec/ports/0/targetPort", value: 9 }])}`,
    );
    await waitFor("the number of proxies", async () => (await replicasOf("bounded")) === 2);
    await waitFor("the disruption budget", () =>
      bed.api.get(`/apis/policy/v1/namespaces/shop/poddisruptionbudgets/${name}`),
    );
    await waitFor("the port of the Service", async () => {
      return JSON.stringify((await fleetService(bed, "shop", "bounded")).spec.ports) === JSON.stringify(spec.ports);
    });
    await untilServed("bounded");
  });

  it("loses no request when its pods are deleted one after the other", async () => {
    const bothServe = async (): Promise<boolean> => isSettled(await fleetDeployment(bed, "shop", "bounded"));
    await waitFor("both proxies", bothServe);
    const { answered, failures } = await loadWhile("bounded", async () => {
      for (const pod of await podsOf("bounded")) {
        // Returns when the pod has gone.
        await asAdministrator(bed, "delete", "--namespace=shop", pod);
        await waitFor("both proxies", bothServe);
      }
    });
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(500);
  });
});

it("brings a change of a class to one fleet after the other, and loses no request", async () => {
  const rolled = ["rolled-a", "rolled-b", "rolled-c"] as const;
  await applyAs(bed, provider, classWithParameters("rolled", { replicas: 1 }));
  await applyAs(
    bed,
    operator,
    rolled.map((name) => gatewayOf("shop", name, "rolled")),
  );
  for (const name of rolled) await untilServed(name);
  const rollout = watchRollout(bed, "shop");
  const names = rolled.map(fleetName);
  try {
    const { failures } = await loadWhile("rolled-a", async () => {
      await applyAs(bed, provider, classWithParameters("rolled", { replicas: 1, logLevel: "info" }));
      await waitFor("all fleets to change", async () => names.every((name) => rollout.changed.includes(name)), 90);
      // The old pod of the first goes meanwhile.
      await waitFor("one pod of each", async () => {
        const pods = await Promise.all(rolled.map(allPodsOf));
        return pods.every(({ length }) => length === 1);
      });
    });
    expect(rollout.changed.toSorted()).toEqual(names);
    expect(rollout.tooEarly).toEqual([]);
    expect(failures).toEqual([]);
  } finally {
    rollout.stop();
  }
  for (const name of rolled) await untilServed(name);
});

describe("the type of a fleet's Service", () => {
  it("NodePort gives a Gateway the addresses of the nodes", async () => {
    await applyAs(bed, provider, classWithParameters("node-port", { replicas: 1, service: { type: "NodePort" } }));
    await applyAs(bed, operator, [gatewayOf("shop", "node-port", "node-port")]);
    const nodePort = await waitFor("the port of the nodes", async () => {
      const { spec } = await fleetService(bed, "shop", "node-port");
      return spec.ports.find(({ port }) => port === 80)?.nodePort;
    });
    await untilServed("node-port", nodePort);
    expect(await addressOf(bed, "shop/node-port")).toBe(bedNetwork.nodeAddress);
  });

  it("ClusterIP gives it the Service's own", async () => {
    await applyAs(bed, provider, classWithParameters("cluster-ip", { replicas: 1, service: { type: "ClusterIP" } }));
    await applyAs(bed, operator, [gatewayOf("shop", "cluster-ip", "cluster-ip")]);
    await untilServed("cluster-ip");
    const { spec } = await fleetService(bed, "shop", "cluster-ip");
    expect(await addressOf(bed, "shop/cluster-ip")).toBe(spec.clusterIP);
  });
});

/** Waits until a Gateway is programmed and a request through its address reaches the backend. */
async function untilServed(name: string, port = 80): Promise<void> {
  await waitFor(
    `${name} to serve`,
    async () => {
      const gateway = await readObject(bed, `Gateway shop/${name}`);
      const address = gateway.status?.addresses?.[0]?.value ?? "";
      const [answer] = await ask(bed, [{ scheme: "http", address, port, host: "shop.example.com", path: "/" }]);
      if (answer === undefined || backendOf(answer) !== "shop/echo")
        throw new Error(JSON.stringify({ gateway, answer }));
      return true;
    },
    60,
  );
}

async function expectUnchanged({ metadata }: FleetDeployment): Promise<void> {
  const after = await fleetDeployment(bed, "shop", "bounded");
  expect([after.metadata.uid, after.metadata.generation]).toEqual([metadata.uid, metadata.generation]);
}

async function replicasOf(gateway: string): Promise<number | undefined> {
  return (await fleetDeployment(bed, "shop", gateway)).spec.replicas;
}

/** Sends requests through a Gateway for as long as something happens to it. */
async function loadWhile(gateway: string, happens: () => Promise<void>): Promise<LoadReport> {
  const stopFile = join(scenario.folder, `stop-${gateway}`);
  const address = (await addressOf(bed, `shop/${gateway}`)) ?? "";
  const request = { scheme: "http", address, port: 80, host: "shop.example.com", path: "/" } as const;
  const running = load(bed, { request, concurrency: 8, stopFile });
  try {
    await happens();
  } finally {
    writeFileSync(stopFile, "");
  }
  return running;
}

async function allPodsOf(gateway: string): Promise<readonly RawObject[]> {
  const selector = encodeURIComponent(`${fleetLabels.gatewayName}=${gateway}`);
  const path = `/api/v1/namespaces/shop/pods?labelSelector=${selector}`;
  return (await bed.api.get<{ readonly items: readonly RawObject[] }>(path)).items;
}

async function podsOf(gateway: string): Promise<readonly string[]> {
  const staying = (await allPodsOf(gateway)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return staying.map(({ metadata }) => `pod/${metadata.name}`);
}
