import { afterEach, describe, expect, it } from "vitest";
import type { FleetSpec } from "../../src/core/fleet.ts";
import { type FakeApiServer, type FakeApiServerOptions, startFakeApiServer } from "../support/fake-api-server.ts";
import { renderOptions } from "./fleet-specs.ts";
import { putGateway, Replica, setReady } from "./provision-world.ts";

const servers: FakeApiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const names = ["a", "b", "c"] as const;
type Name = (typeof names)[number];

interface World {
  readonly server: FakeApiServer;
  readonly replica: Replica;
  readonly specs: Readonly<Record<Name, FleetSpec>>;
}

/** Three fleets of version 1.0.0, Ready unless told. */
async function startWorld({
  unready = [],
  ...options
}: FakeApiServerOptions & { readonly unready?: readonly Name[] } = {}): Promise<World> {
  const server = await startFakeApiServer(options);
  servers.push(server);
  const replica = new Replica(server);
  const specs = {
    a: putGateway(server, { name: "a" }),
    b: putGateway(server, { name: "b" }),
    c: putGateway(server, { name: "c" }),
  };
  for (const name of names) replica.provisioner.setFleet(specs[name].gateway, specs[name]);
  await replica.lead();
  for (const name of names) setReady(server, deploymentOf(name), !unready.includes(name));
  await replica.settle();
  return { server, replica, specs };
}

/** Has a replica of another version take over. */
async function upgrade({ server, replica, specs }: World, version: string): Promise<Replica> {
  await replica.provisioner.stop();
  const next = new Replica(server, { render: renderOptions(version) });
  for (const name of names) next.provisioner.setFleet(specs[name].gateway, specs[name]);
  await next.lead();
  return next;
}

const deploymentOf = (name: Name) => `shop/gatehouse-${name}`;

/** The version that the pods of each fleet are made of. */
function versions(server: FakeApiServer): string {
  const texts = names.map((name) => JSON.stringify(server.get("Deployment", deploymentOf(name))));
  return texts.map((text) => /gatehouse-dev\/gatehouse:([0-9])/.exec(text)?.[1] ?? "-").join("");
}

/** The change of a class that all fleets get. */
function withLogLevel(spec: FleetSpec, logLevel: "debug" | "trace"): FleetSpec {
  return { ...spec, parameters: { ...spec.parameters, logLevel } };
}

function logLevels(server: FakeApiServer): string {
  const texts = names.map((name) => JSON.stringify(server.get("Deployment", deploymentOf(name))));
  return texts.map((text) => /"--log-level","(.)/.exec(text)?.[1] ?? "-").join("");
}

describe("a new version of the control plane", () => {
  it("reaches one fleet at a time, the next only when the last is Ready", async () => {
    const world = await startWorld();
    const next = await upgrade(world, "2.0.0");
    expect(versions(world.server)).toBe("211");
    await next.pass(600_000);
    expect(versions(world.server)).toBe("211");
    setReady(world.server, deploymentOf("a"), true);
    await next.settle();
    expect(versions(world.server)).toBe("221");
    setReady(world.server, deploymentOf("b"), true);
    await next.settle();
    expect(versions(world.server)).toBe("222");
  });

  it("goes on where the last leader stopped", async () => {
    const world = await startWorld();
    const second = await upgrade(world, "2.0.0");
    const third = await upgrade({ ...world, replica: second }, "2.0.0");
    await third.pass(600_000);
    expect(versions(world.server)).toBe("211");
    setReady(world.server, deploymentOf("a"), true);
    await third.settle();
    expect(versions(world.server)).toBe("221");
  });

  it("comes last to a fleet that was not Ready before, and does not wait for it", async () => {
    const world = await startWorld({ unready: ["a"] });
    const next = await upgrade(world, "2.0.0");
    expect(versions(world.server)).toBe("121");
    setReady(world.server, deploymentOf("b"), true);
    await next.settle();
    setReady(world.server, deploymentOf("c"), true);
    await next.settle();
    expect(versions(world.server)).toBe("222");
    const last = await upgrade({ ...world, replica: next }, "3.0.0");
    expect(versions(world.server)).toBe("232");
    await last.provisioner.stop();
  });

  it("stops at a fleet that does not become Ready, says so there, and goes on when its Gateway changes", async () => {
    const world = await startWorld();
    const { server, specs } = world;
    const next = await upgrade(world, "2.0.0");
    const deployment = server.get("Deployment", deploymentOf("a"));
    const conditions = [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }];
    server.put("Deployment", {
      ...deployment,
      status: { observedGeneration: deployment?.metadata.generation, conditions },
    });
    await next.settle();
    expect(next.states.get(specs.a.gateway)?.applyProblem).toMatch(
      /not become Ready.*Other Gateways do not get the change/,
    );
    expect(versions(server)).toBe("211");
    next.provisioner.setFleet(specs.a.gateway, { ...specs.a, generation: 2, labels: { fixed: "yes" } });
    await next.settle();
    expect(versions(server)).toBe("221");
  });

  it("goes on when the Gateway of the fleet that it waits for is deleted or frozen", async () => {
    const world = await startWorld();
    const next = await upgrade(world, "2.0.0");
    next.provisioner.setFleet(world.specs.a.gateway, undefined);
    await next.settle();
    expect(versions(world.server)).toBe("221");
    next.provisioner.setFleet(world.specs.b.gateway, { ...world.specs.b, frozen: true });
    await next.settle();
    expect(versions(world.server)).toBe("222");
  });

  it("passes over a fleet whose change is refused, and comes back to it", async () => {
    let isRefused = false;
    const world = await startWorld({
      admit: ({ kind, object }) =>
        isRefused && kind === "Deployment" && object.metadata.name === "gatehouse-a"
          ? { status: 403, reason: "Forbidden", message: "denied by policy" }
          : undefined,
    });
    isRefused = true;
    const next = await upgrade(world, "2.0.0");
    expect(versions(world.server)).toBe("121");
    expect(next.states.get(world.specs.a.gateway)?.applyProblem).toContain("denied by policy");
    isRefused = false;
    await next.pass(600_000);
    expect(versions(world.server)).toBe("121");
    setReady(world.server, deploymentOf("b"), true);
    await next.pass(600_000);
    expect(versions(world.server)).toBe("221");
  });

  it("is not waited for by a fleet that is repaired, and the repair keeps the place in the rollout", async () => {
    const world = await startWorld();
    const next = await upgrade(world, "2.0.0");
    const { server } = world;
    for (const name of ["a", "c"] as const) {
      const service = server.get("Service", deploymentOf(name));
      server.put("Service", { ...service, spec: { ...(service?.["spec"] as object), type: "NodePort" } }); // an edit by hand
      const deployment = server.get("Deployment", deploymentOf(name));
      server.put("Deployment", { ...deployment, spec: { ...(deployment?.["spec"] as object), replicas: 9 } });
    }
    await next.settle();
    expect(server.get("Service", deploymentOf("c"))?.["spec"]).toMatchObject({ type: "LoadBalancer" });
    expect(server.get("Deployment", deploymentOf("a"))?.["spec"]).toMatchObject({ replicas: 2 });
    expect(versions(server)).toBe("211");
    const third = await upgrade({ ...world, replica: next }, "2.0.0");
    expect(versions(server)).toBe("211");
    await third.provisioner.stop();
  });
});

describe("a change of the class", () => {
  it("reaches one fleet at a time, and a Gateway's own change does not wait for it", async () => {
    const { server, replica, specs } = await startWorld();
    for (const name of names) replica.provisioner.setFleet(specs[name].gateway, withLogLevel(specs[name], "debug"));
    await replica.settle();
    expect(logLevels(server)).toBe("dii");
    const origins = [{ field: "logLevel", from: "gateway" }] as const;
    const own = { ...specs.c, parameters: { ...specs.c.parameters, logLevel: "trace", origins } } as const;
    replica.provisioner.setFleet(specs.c.gateway, own);
    await replica.settle();
    expect(logLevels(server)).toBe("dit");
  });

  it("that comes during another one starts anew, without two fleets on their way at once", async () => {
    const { server, replica, specs } = await startWorld();
    for (const name of names) replica.provisioner.setFleet(specs[name].gateway, withLogLevel(specs[name], "debug"));
    await replica.settle();
    for (const name of names) replica.provisioner.setFleet(specs[name].gateway, withLogLevel(specs[name], "trace"));
    await replica.settle();
    expect(logLevels(server)).toBe("dii");
    setReady(server, deploymentOf("a"), true);
    await replica.settle();
    expect(logLevels(server)).toBe("tii");
  });

  it("costs each fleet one write", async () => {
    const { server, replica, specs } = await startWorld();
    const before = server.requests.length;
    for (const name of names) replica.provisioner.setFleet(specs[name].gateway, withLogLevel(specs[name], "debug"));
    for (const name of names) {
      await replica.settle();
      setReady(server, deploymentOf(name), true);
    }
    await replica.settle();
    expect(server.requests.slice(before).map(({ method }) => method)).toEqual(["PATCH", "PATCH", "PATCH"]);
  });
});
