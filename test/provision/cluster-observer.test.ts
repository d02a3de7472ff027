import { afterEach, describe, expect, it } from "vitest";
import { ClusterObserver } from "../../src/app/cluster-observer.ts";
import { namespacedName } from "../../src/core/keys.ts";
import type { KubeFailure } from "../../src/core/kube-client.ts";
import { type Scheduler, systemScheduler } from "../../src/core/scheduler.ts";
import { kubeApiOf, until } from "../support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";

interface Observed {
  readonly observer: ClusterObserver;
  readonly server: FakeApiServer;
  /** What is told of: kinds with names, and those that have gone with a minus. */
  readonly told: string[];
  readonly problems: Map<string, KubeFailure>;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What is short goes on at once; the time after which a silent watch is cut is not waited for. */
const hasty: Scheduler = {
  now: systemScheduler.now,
  after: (milliseconds, task) => systemScheduler.after(milliseconds > 60_000 ? milliseconds : 1, task),
};

async function observe(namespaces: readonly string[] = []): Promise<Observed> {
  const server = await startFakeApiServer();
  const api = kubeApiOf(server.url);
  const told: string[] = [];
  const problems = new Map<string, KubeFailure>();
  const note = (kind: string, name: string, object: unknown) =>
    void told.push(`${object === undefined ? "-" : ""}${kind} ${name}`);
  const observer = new ClusterObserver({
    api,
    controlPlaneNamespace: "gatehouse-system",
    namespaces,
    scheduler: hasty,
    sinks: {
      provisioned: note,
      gatewayClass: (name, object) => note("GatewayClass", name, object),
      secret: ({ name }, object) => note("Secret", name, object),
    },
    problem: (followed, failure) => {
      if (failure === undefined) problems.delete(followed);
      else problems.set(followed, failure);
    },
  });
  cleanups.push(async () => {
    await observer.stop();
    api.close();
    await server.stop();
  });
  return { observer, server, told, problems };
}

const forbidden = { status: 403, reason: "Forbidden", message: "it is forbidden" };
const fleetService = (namespace: string) => ({
  metadata: { name: "s", namespace, labels: { "app.kubernetes.io/managed-by": "gatehouse" } },
  spec: {},
});

describe("what is followed for fleets", () => {
  it("is all read when nodes are forbidden: they are told as a problem, and come when they are allowed", async () => {
    const { observer, server, told, problems } = await observe();
    server.put("Service", fleetService("one"));
    server.put("Node", { metadata: { name: "n" } });
    const allow = server.fail(/\/nodes$/, forbidden);
    await observer.start();
    expect(told).toEqual(["Service one/s"]);
    expect([...problems.keys()]).toEqual(["nodes, for fleets"]);
    allow();
    await until(() => told.includes("Node n") && problems.size === 0);
  });

  it("is not all read while a kind of fleets themselves is forbidden: nothing is written from half of the truth", async () => {
    const { observer, server, problems } = await observe();
    const deployments = () => server.requests.filter(({ path }) => path.endsWith("/deployments")).length;
    const allow = server.fail(/\/deployments$/, forbidden);
    let isRead = false;
    const started = observer.start().then(() => {
      isRead = true;
    });
    await until(() => deployments() > 12);
    expect(isRead).toBe(false);
    expect([...problems.keys()]).toEqual(["deployments, for fleets"]);
    allow();
    await started;
  });

  it("is all read where there are no GatewayClasses yet, and where a namespace has gone with the roles in it", async () => {
    const { observer, server, told, problems } = await observe(["one", "gone"]);
    server.removeCrd("GatewayClass");
    server.put("Namespace", { metadata: { name: "one" } });
    server.put("Service", fleetService("one"));
    server.fail(/\/namespaces\/gone\//, forbidden);
    await observer.start();
    expect(told).toEqual(["Service one/s"]);
    expect(problems.has("services of gone, for fleets")).toBe(true);
    server.installCrd("GatewayClass");
    server.put("GatewayClass", { metadata: { name: "c" }, spec: { controllerName: "x.example.com/y" } });
    await until(() => told.includes("GatewayClass c"));
  });

  it("are Services of others too, for as long as somebody asks for them", async () => {
    const { observer, server, told, problems } = await observe();
    await observer.start();
    server.fail(/\/namespaces\/two\/services/, forbidden);
    observer.followServices([namespacedName("one", "lb"), namespacedName("two", "lb")]);
    server.put("Service", { metadata: { name: "lb", namespace: "one" }, spec: {} });
    await until(() => told.includes("AddressService one/lb") && problems.size === 1);
    expect([...problems.keys()]).toEqual(["services of two with metadata.name=lb, for fleets"]);
    observer.followServices([]);
    expect(problems.size).toBe(0);
  });
});
