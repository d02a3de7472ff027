import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import type { ConvergenceReport } from "../../src/core/convergence.ts";
import { eventually } from "../support/envoy.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { scaled } from "./scale.ts";
import { controllerName, putShop } from "./support/api-objects.ts";
import {
  type ControllerProcess,
  controlPlaneNamespace,
  freePort,
  type ReplicaPlace,
  startController,
  xdsService,
} from "./support/controller-process.ts";
import { type Follower, follow, proxyCredentials } from "./support/follower.ts";
import { mostInASecond, openServicePort, type ServicePort } from "./support/service-port.ts";

const replicaCount = 3;
const proxies = scaled({ short: 60, long: 200 });
const routes = 200;
/** A replica says goodbye to its proxies over five seconds. */
const spreadSeconds = 5;
const longestReconnectMs = 35_000;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Three replicas behind one Service, and their proxies. */
class World {
  readonly server: FakeApiServer;
  readonly service: ServicePort;
  readonly #peersPort: number;
  readonly replicas: (ControllerProcess | undefined)[] = [];
  fleet: readonly Follower[] = [];

  constructor(server: FakeApiServer, service: ServicePort, peersPort: number) {
    this.server = server;
    this.service = service;
    this.#peersPort = peersPort;
  }

  get running(): readonly ControllerProcess[] {
    return this.replicas.filter((replica) => replica !== undefined);
  }

  /** Starts a replica, in the place of the one that was there, and leads proxies to it once it is ready. */
  async start(index: number): Promise<void> {
    const name = `replica-${index}-${performance.now().toFixed()}`;
    const replica = await startController(this.server.url, name, this.#place(index));
    cleanups.push(() => replica.stop());
    await eventually("the replica is ready", () => replica.isReady(), 60);
    this.replicas[index] = replica;
    this.#lead();
  }

  async stop(index: number): Promise<void> {
    const replica = this.replicas[index];
    this.replicas[index] = undefined;
    this.#lead();
    await replica?.stop("SIGTERM");
  }

  async streams(): Promise<number> {
    const counts = await Promise.all(this.running.map((each) => each.metric(/^gatehouse_xds_streams /)));
    return counts.reduce((sum, each) => sum + each, 0);
  }

  /** Memory of the replica that has most, in MiB. */
  memory(): number {
    const read = ({ pid }: ControllerProcess) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Math.max(...this.running.map((replica) => Number(read(replica)?.[1] ?? 0))) / 1_024;
  }

  async convergence(replica: ControllerProcess): Promise<ConvergenceReport> {
    const answer = await fetch(`http://${replica.debug}/debug/convergence?object=httproute/shop/route-7`);
    return (await answer.json()) as ConvergenceReport;
  }

  #lead(): void {
    this.service.lead(this.running.map(({ xdsPort }) => xdsPort));
    this.server.put("EndpointSlice", {
      metadata: {
        ...{ name: "gatehouse-xds-1", namespace: controlPlaneNamespace },
        labels: { "kubernetes.io/service-name": xdsService.split(".")[0] },
      },
      addressType: "IPv4",
      ports: [{ name: "xds", port: 18_000, protocol: "TCP" }],
      endpoints: this.replicas.flatMap((replica, index) =>
        replica === undefined ? [] : [{ addresses: [this.#place(index).address], conditions: { ready: true } }],
      ),
    });
  }

  #place(index: number): ReplicaPlace {
    return { address: `127.0.0.${index + 2}`, peersPort: this.#peersPort };
  }
}

async function startWorld(): Promise<World> {
  const server = await startFakeApiServer();
  cleanups.push(() => server.stop());
  putShop(server, routes);
  askForProxies(server);
  const service = await openServicePort();
  cleanups.push(() => service.stop());
  const world = new World(server, service, await freePort());
  await Promise.all(Array.from({ length: replicaCount }, (_, index) => world.start(index)));
  const credentials = await proxyCredentials(server);
  world.fleet = Array.from({ length: proxies }, (_, index) => follow(service.port, credentials, `proxy-${index}`));
  for (const follower of world.fleet) cleanups.push(() => follower.stop());
  return world;
}

/** A fleet's certificate is good for twice as many connections as it should have proxies. */
function askForProxies(server: FakeApiServer): void {
  const place = { name: "many", namespace: "shop" };
  server.put("GatewayParameters", { metadata: place, spec: { replicas: proxies } });
  const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", ...place };
  server.put("GatewayClass", { metadata: { name: "gatehouse" }, spec: { controllerName, parametersRef } });
}

/** What the proxies were sent: resources and removals. */
function sent(fleet: readonly Follower[]): { readonly resources: number; readonly removals: number } {
  const answers = fleet.flatMap((follower) => follower.answers);
  return {
    resources: answers.reduce((sum, { resources }) => sum + resources.size, 0),
    removals: answers.reduce((sum, { removed }) => sum + removed.length, 0),
  };
}

it("fault 4: every proxy is back in time after a rolling restart, and is sent nothing", async () => {
  const world = await startWorld();
  const converged = async () => {
    const reports = await Promise.all(world.running.map((replica) => world.convergence(replica)));
    for (const report of reports) {
      expect(report.message).toBe(`generation 1 is acknowledged by all proxies, ${proxies} of ${proxies}`);
      expect(report.replicas).toEqual({ answered: replicaCount, known: replicaCount });
    }
    return true;
  };
  await eventually("every replica knows that all proxies have the route", converged, 60);
  const steady = world.memory();
  const before = sent(world.fleet);
  let [slowestMs, mostMemory] = [0, steady];
  const watch = setInterval(() => {
    mostMemory = Math.max(mostMemory, world.memory());
  }, 100);
  world.service.opened.splice(0);
  for (let index = 0; index < replicaCount; index += 1) {
    const began = performance.now();
    await world.stop(index);
    await eventually("all proxies are served again", async () => (await world.streams()) === proxies, 60);
    slowestMs = Math.max(slowestMs, performance.now() - began);
    await world.start(index);
  }
  clearInterval(watch);
  await eventually("every replica knows that all proxies have the route", converged, 60);
  const after = sent(world.fleet);
  const rate = mostInASecond(world.service.opened);
  console.log(
    `fault 4: ${proxies} proxies on ${replicaCount} replicas: all served ${Math.round(slowestMs)} ms after the slowest stop began, ` +
      `${world.service.opened.length} new streams, ${rate} in one second at most, ` +
      `${after.resources - before.resources} resources and ${after.removals} removals sent again, ` +
      `memory ${Math.round(mostMemory)} MiB of ${Math.round(steady)} MiB at rest`,
  );
  expect(slowestMs).toBeLessThanOrEqual(longestReconnectMs);
  expect(after).toEqual({ resources: before.resources, removals: 0 });
  // A replica has at most half of the proxies while another is away.
  expect(rate).toBeLessThanOrEqual(Math.ceil((2 * (proxies / 2)) / spreadSeconds) + 5);
  expect(mostMemory).toBeLessThanOrEqual(1.5 * steady);
});
