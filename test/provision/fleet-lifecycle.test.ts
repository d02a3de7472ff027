import { afterEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type FakeApiServer, type FakeApiServerOptions, startFakeApiServer } from "../support/fake-api-server.ts";
import { renderOptions } from "./fleet-specs.ts";
import { putGateway, Replica, setReady, writesOf } from "./provision-world.ts";

const servers: FakeApiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function startServer(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const server = await startFakeApiServer(options);
  servers.push(server);
  return server;
}

const web = "shop/gatehouse-web";
const webGateway = namespacedName("shop", "web");
const kinds = ["ServiceAccount", "ConfigMap", "Service", "PodDisruptionBudget", "Deployment"];
const ours = (server: FakeApiServer) => kinds.filter((kind) => server.get(kind, web) !== undefined);
const image = (server: FakeApiServer) =>
  JSON.stringify(server.get("Deployment", web)).match(/"image":"([^"]+envoy[^"]+)"/)?.[1];

describe("a Gateway", () => {
  it("gets every object of its fleet with one write each, owned by it, and then costs no request for ten minutes", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    expect(ours(server)).toEqual(kinds);
    expect(writesOf(server)).toHaveLength(kinds.length);
    const owner = { kind: "Gateway", name: "web", uid: spec.uid, controller: true };
    for (const kind of kinds) expect(server.get(kind, web)?.metadata.ownerReferences).toMatchObject([owner]);
    setReady(server, web, true);
    const before = server.requests.length;
    await replica.pass(600_000);
    expect(server.requests.length).toBe(before);
    expect(replica.states.get(spec.gateway)?.readyReplicas).toBe(2);
  });

  it("gets nothing before the start, from a replica that does not lead, or while it is frozen", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    replica.provisioner.lead(true);
    await replica.settle();
    replica.provisioner.lead(false);
    replica.provisioner.start();
    await replica.settle();
    replica.provisioner.setFleet(spec.gateway, { ...spec, frozen: true });
    await replica.lead();
    expect(server.requests).toEqual([]);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.settle();
    expect(ours(server)).toEqual(kinds);
  });

  it("keeps its fleet as it is when it is frozen, whatever it asks for and whatever is edited", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const before = server.requests.length;
    const parameters = { ...spec.parameters, replicas: 9 };
    replica.provisioner.setFleet(spec.gateway, { ...spec, frozen: true, generation: 2, ports: [], parameters });
    server.remove("PodDisruptionBudget", web);
    await replica.pass(600_000);
    expect(server.requests.length).toBe(before);
  });

  it("that gets one more port changes its Service, and the pods stay", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const { template } = { ...server.get("Deployment", web) }["spec"] as { readonly template: object }; // as applied
    const more = { name: "http-10080", protocol: "TCP", port: 10_080, targetPort: 20_080 } as const;
    replica.provisioner.setFleet(spec.gateway, { ...spec, generation: 2, ports: [...spec.ports, more] });
    await replica.settle();
    expect(server.get("Service", web)?.["spec"]).toMatchObject({
      ports: [{ port: 80 }, { port: 10_080, targetPort: 20_080 }],
    });
    expect(server.get("Deployment", web)?.["spec"]).toMatchObject({ template });
    expect(server.get("Deployment", web)?.metadata.generation).toBe(1);
  });

  it("that has no port left keeps its Service, and the address with it", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    replica.provisioner.setFleet(spec.gateway, { ...spec, generation: 2, ports: [] });
    await replica.settle();
    expect(server.get("Service", web)?.["spec"]).toMatchObject({ ports: [{ port: 80 }] });
  });
});

describe("an object that somebody edits", () => {
  it("is repaired at once with one request", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const before = writesOf(server).length;
    const edited = JSON.stringify(server.get("Deployment", web)).replace("envoy:distroless-v1.40.0", "envoy:evil");
    server.put("Deployment", JSON.parse(edited));
    await replica.settle();
    expect(image(server)).toBe("docker.io/envoyproxy/envoy:distroless-v1.40.0");
    expect(writesOf(server).slice(before)).toEqual([`PATCH deployments ${web}`]);
    expect(replica.reports.at(-1)).toMatchObject({ reason: "ProxiesRepaired", gateway: webGateway });
  });

  it("is made anew when it was deleted, or lost its label", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    server.remove("PodDisruptionBudget", web);
    const service = server.get("Service", web);
    server.put("Service", { ...service, metadata: { ...service?.metadata, labels: {} } });
    await replica.settle();
    expect(ours(server)).toEqual(kinds);
    expect(server.get("Service", web)?.metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "gatehouse" });
    expect(server.get("Service", web)?.metadata.uid).toBe(service?.metadata.uid);
  });

  it("keeps what others set in fields that are not ours, at no request", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const before = server.requests.length;
    const deployment = server.get("Deployment", web);
    const annotations = { ...deployment?.metadata.annotations, "kubectl.kubernetes.io/restartedAt": "now" };
    server.put("Deployment", { ...deployment, metadata: { ...deployment?.metadata, annotations } });
    await replica.settle();
    expect(server.requests.length).toBe(before);
  });

  it("again and again is repaired later each time, so that a fight costs little", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const before = writesOf(server).length;
    for (let second = 0; second < 600; second++) {
      const deployment = server.get("Deployment", web);
      server.put("Deployment", { ...deployment, spec: { ...(deployment?.["spec"] as object), replicas: 7 } });
      await replica.pass(1_000);
    }
    const repairs = writesOf(server).length - before;
    expect(repairs).toBeGreaterThan(5);
    expect(repairs).toBeLessThan(12);
  });
});

describe("a change that the API server calls invalid", () => {
  const refusing = (
    server: FakeApiServer,
    plural: string,
    { message, times }: { readonly message: string; readonly times: number },
  ) =>
    server.fail(
      ({ method, path }) => method === "PATCH" && path.includes(`/${plural}/`),
      { status: 422, reason: "Invalid", message },
      times,
    );

  it("because of what somebody has put into a list of ours is made once that is removed, and nothing else is", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const service = server.get("Service", web);
    const ports = [{ name: "http-80", protocol: "TCP", port: 8_080, targetPort: 10_080 }];
    server.put("Service", {
      ...service,
      spec: { ...(service?.["spec"] as object), ports, sessionAffinity: "ClientIP" },
    });
    refusing(server, "services", { message: "spec.ports[1].name: Duplicate value", times: 1 });
    await replica.settle();
    expect(server.get("Service", web)?.["spec"]).toMatchObject({
      ports: [{ name: "http-80", port: 80 }],
      sessionAffinity: "ClientIP",
    });
    expect(replica.states.get(spec.gateway)).not.toHaveProperty("applyProblem");
  });

  it("because a field cannot change replaces an object that nobody misses", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const before = server.get("ConfigMap", web);
    server.put("ConfigMap", { ...before, data: { "envoy.json": "edited" }, immutable: true });
    refusing(server, "configmaps", {
      message: "data: Forbidden: field is immutable when `immutable` is set",
      times: 1,
    });
    await replica.settle();
    const after = server.get("ConfigMap", web);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(after?.["data"]).toEqual(before?.["data"]);
  });

  it("because a field of the Service cannot change leaves it, and says what to do", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const before = server.get("Service", web);
    refusing(server, "services", { message: "spec.loadBalancerClass: field is immutable", times: 99 });
    const service = { ...spec.parameters.service, loadBalancerClass: "example.com/lb" };
    const origins = [{ field: "service.loadBalancerClass", from: "gateway" }] as const;
    replica.provisioner.setFleet(spec.gateway, { ...spec, parameters: { ...spec.parameters, service, origins } });
    await replica.pass(600_000);
    expect(server.get("Service", web)).toEqual(before);
    expect(replica.states.get(spec.gateway)?.applyProblem).toMatch(
      /field is immutable.*delete the Service to have it made anew/,
    );
  });
});

describe("an object of our name that is not ours", () => {
  it("is never touched, is told of, and is replaced once its owner has removed it", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    const foreign = server.put("Service", {
      metadata: { namespace: "shop", name: "gatehouse-web" },
      spec: { type: "ClusterIP" },
    });
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    await replica.pass(60_000);
    expect(server.get("Service", web)).toEqual(foreign);
    expect(writesOf(server).filter((write) => write.includes("services"))).toEqual([]);
    expect(replica.states.get(spec.gateway)?.applyProblem).toContain("Service shop/gatehouse-web is there already");
    expect(replica.reports.filter(({ reason }) => reason === "ProxiesRefused")).toHaveLength(1);
    server.remove("Service", web);
    await replica.pass(300_000);
    expect(server.get("Service", web)?.metadata.ownerReferences).toMatchObject([{ uid: spec.uid }]);
    expect(replica.states.get(spec.gateway)?.applyProblem).toBeUndefined();
    expect(replica.reports.at(-1)?.reason).toBe("ProxiesRecovered");
  });

  it("is not taken over when it only carries our labels", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    const labels = { "app.kubernetes.io/managed-by": "gatehouse", "gateway.networking.k8s.io/gateway-name": "web" };
    const foreign = server.put("ConfigMap", {
      metadata: { namespace: "shop", name: "gatehouse-web", labels },
      data: { own: "data" },
    });
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    expect(server.get("ConfigMap", web)).toEqual(foreign);
    server.remove("ConfigMap", web);
    await replica.settle();
    expect(server.get("ConfigMap", web)?.metadata.ownerReferences).toMatchObject([{ uid: spec.uid }]);
  });
});

describe("a fleet that the API server refuses", () => {
  it("is told in the server's words, tried less and less often, holds nobody up, and recovers", async () => {
    let isFull = true;
    const server = await startServer({
      admit: ({ kind, object }) =>
        isFull && kind === "Deployment" && object.metadata.name === "gatehouse-web"
          ? {
              status: 403,
              reason: "Forbidden",
              message: 'deployments.apps "gatehouse-web" is forbidden: exceeded quota: q',
            }
          : undefined,
    });
    const replica = new Replica(server);
    const [spec, other] = [putGateway(server), putGateway(server, { name: "other" })];
    for (const one of [spec, other]) replica.provisioner.setFleet(one.gateway, one);
    await replica.lead();
    expect(server.get("Deployment", "shop/gatehouse-other")).toBeDefined();
    expect(replica.states.get(spec.gateway)?.applyProblem).toContain("exceeded quota: q");
    const before = writesOf(server).length;
    await replica.pass(3_600_000);
    expect(writesOf(server).length - before).toBeLessThan(25);
    expect(replica.reports.filter(({ reason }) => reason === "ProxiesRefused")).toHaveLength(1);
    isFull = false;
    await replica.pass(300_000);
    expect(server.get("Deployment", web)).toBeDefined();
    expect(replica.states.get(spec.gateway)).not.toHaveProperty("applyProblem");
    expect(replica.reports.at(-1)?.reason).toBe("ProxiesRecovered");
  });

  it("is tried at once when its Gateway changes", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    const stopFailing = server.fail("/deployments/", { status: 403, reason: "Forbidden", message: "denied by policy" });
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    await replica.pass(300_000);
    stopFailing();
    replica.provisioner.setFleet(spec.gateway, { ...spec, generation: 2 });
    await replica.settle();
    expect(server.get("Deployment", web)).toBeDefined();
  });

  it("is told too when it is the pods that are refused", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const condition = {
      type: "ReplicaFailure",
      status: "True",
      reason: "FailedCreate",
      message: "pods is forbidden: exceeded quota",
    };
    server.put("Deployment", { ...server.get("Deployment", web), status: { conditions: [condition] } });
    await replica.settle();
    expect(replica.states.get(spec.gateway)?.applyProblem).toContain("exceeded quota");
  });

  it("waits as long as the server asks for", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    server.fail("/deployments/", { status: 429, reason: "TooManyRequests", retryAfter: 120 }, 1);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    await replica.pass(119_000);
    expect(server.get("Deployment", web)).toBeUndefined();
    await replica.pass(2_000);
    expect(server.get("Deployment", web)).toBeDefined();
  });
});

describe("autoscaling", () => {
  const autoscaling = { minReplicas: 2, maxReplicas: 6, targetCPUUtilization: 80 };
  const replicasIn = (server: FakeApiServer) =>
    server.get("Deployment", web)?.["spec"] as { readonly replicas?: number };
  const deploymentPatches = (server: FakeApiServer) =>
    server.requests.filter(
      ({ method, path, query }) =>
        method === "PATCH" && path.includes("deployments") && query["fieldManager"] === "gatehouse",
    );

  it("never applies replicas", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server, { parameters: { autoscaling } });
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    expect(server.get("HorizontalPodAutoscaler", web)?.["spec"]).toMatchObject({ minReplicas: 2, maxReplicas: 6 });
    expect(deploymentPatches(server)).toHaveLength(1);
    expect(deploymentPatches(server).map(({ body }) => (body as { readonly spec: object }).spec)).not.toMatchObject([
      { replicas: expect.anything() },
    ]);
    const deployment = server.get("Deployment", web);
    server.put("Deployment", { ...deployment, spec: { ...(deployment?.["spec"] as object), replicas: 5 } });
    const before = server.requests.length;
    await replica.settle();
    expect(server.requests.length).toBe(before);
    expect(replicasIn(server).replicas).toBe(5);
  });

  it("keeps the number of proxies when it is turned on, and goes when it is turned off", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server, { parameters: { replicas: 3 } });
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const origins = [{ field: "autoscaling", from: "gateway" }] as const;
    const scaled = { ...spec, parameters: { ...spec.parameters, autoscaling, origins } };
    replica.provisioner.setFleet(spec.gateway, scaled);
    await replica.settle();
    expect(server.get("HorizontalPodAutoscaler", web)).toBeDefined();
    expect(replicasIn(server).replicas).toBe(3);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.settle();
    expect(server.get("HorizontalPodAutoscaler", web)).toBeUndefined();
    expect(replicasIn(server).replicas).toBe(3);
  });
});

describe("a Gateway that is ours no more", () => {
  async function abandoned(gatewayClass: object | undefined, gatewayClassName = "gatehouse") {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const gateway = server.get("Gateway", "shop/web");
    server.put("Gateway", { ...gateway, spec: { gatewayClassName } });
    if (gatewayClass !== undefined)
      server.put("GatewayClass", { metadata: { name: gatewayClassName }, spec: gatewayClass });
    const before = writesOf(server).length;
    replica.provisioner.setFleet(spec.gateway, undefined);
    expect(replica.states.size).toBe(0);
    return { server, replica, writes: () => writesOf(server).slice(before) };
  }

  it("loses its fleet when it has gone over to another controller", async () => {
    const { server, replica, writes } = await abandoned({ controllerName: "example.com/other" }, "other");
    await replica.settle();
    expect(writes()).toEqual([]);
    await replica.pass(30_000);
    expect(ours(server)).toEqual([]);
    expect(writes()).toHaveLength(kinds.length);
    expect(replica.reports.at(-1)).toMatchObject({ gateway: webGateway, reason: "ProxiesRemoved" });
  });

  it("keeps its proxies when its class was deleted under it", async () => {
    const { server, replica, writes } = await abandoned(undefined);
    await replica.pass(3_600_000);
    expect(ours(server)).toEqual(kinds);
    expect(writes()).toEqual([]);
  });

  it("keeps them when the class is still ours, whatever else is wrong with it", async () => {
    const { server, replica, writes } = await abandoned({ controllerName: "gatehouse.dev/gateway-controller" });
    await replica.pass(3_600_000);
    expect(ours(server)).toEqual(kinds);
    expect(writes()).toEqual([]);
  });

  it("is left to the garbage collector when it is gone", async () => {
    const server = await startServer({ garbageCollect: true });
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    const before = server.requests.length;
    server.remove("Gateway", "shop/web");
    replica.provisioner.setFleet(spec.gateway, undefined);
    await replica.settle();
    await replica.pass(600_000);
    expect(ours(server)).toEqual([]);
    expect(server.requests.length).toBe(before);
  });

  it("is found by a leader that has never known it", async () => {
    const { server, replica } = await abandoned({ controllerName: "example.com/other" }, "other");
    await replica.provisioner.stop();
    const next = new Replica(server);
    await next.lead();
    await next.pass(30_000);
    expect(ours(server)).toEqual([]);
  });

  it("and was made anew with the same name waits until the old fleet is gone", async () => {
    const server = await startServer();
    const replica = new Replica(server);
    const spec = putGateway(server);
    replica.provisioner.setFleet(spec.gateway, spec);
    await replica.lead();
    server.remove("Gateway", "shop/web");
    const again = putGateway(server);
    expect(again.uid).not.toBe(spec.uid);
    const before = writesOf(server).length;
    replica.provisioner.setFleet(spec.gateway, again);
    await replica.settle();
    expect(writesOf(server).slice(before)).toEqual([]);
    expect(replica.states.get(spec.gateway)?.applyProblem).toContain("does not belong to this Gateway");
    for (const kind of kinds) server.remove(kind, web);
    await replica.settle();
    expect(server.get("Deployment", web)?.metadata.ownerReferences).toMatchObject([{ uid: again.uid }]);
  });
});

describe("two replicas", () => {
  it("tell the same state, and a handover between them applies nothing twice", async () => {
    const server = await startServer();
    const [first, second] = [new Replica(server), new Replica(server)];
    const spec = putGateway(server);
    for (const { provisioner } of [first, second]) {
      provisioner.start();
      provisioner.setFleet(spec.gateway, spec);
    }
    await first.lead();
    setReady(server, web, true);
    await first.settle();
    await second.settle();
    expect(second.states).toEqual(first.states);
    const before = server.requests.length;
    first.provisioner.lead(false);
    second.provisioner.lead(true);
    await second.pass(600_000);
    await first.pass(600_000);
    expect(server.requests.length).toBe(before);
  });

  it("finish together what the first had half applied when it lost the lead", async () => {
    const server = await startServer();
    const [first, second] = [new Replica(server), new Replica(server)];
    const spec = putGateway(server);
    for (const { provisioner } of [first, second]) {
      provisioner.start();
      provisioner.setFleet(spec.gateway, spec);
    }
    first.provisioner.lead(true);
    while (server.get("ConfigMap", web) === undefined) await new Promise((resolve) => setImmediate(resolve));
    first.provisioner.lead(false);
    await first.settle();
    expect(ours(server)).not.toEqual(kinds);
    const done = writesOf(server);
    await second.lead();
    expect(ours(server)).toEqual(kinds);
    expect(writesOf(server).filter((write, index, all) => all.indexOf(write) !== index)).toEqual([]);
    expect(writesOf(server).slice(0, done.length)).toEqual(done);
  });

  it("of a version that is rolled out disagree, and only the one that leads writes", async () => {
    const server = await startServer();
    const [old, next] = [new Replica(server), new Replica(server, { render: renderOptions("2.0.0") })];
    const spec = putGateway(server);
    for (const { provisioner } of [old, next]) provisioner.setFleet(spec.gateway, spec);
    await old.lead();
    const before = writesOf(server).length;
    next.provisioner.start();
    await next.settle();
    expect(writesOf(server)).toHaveLength(before);
  });
});
