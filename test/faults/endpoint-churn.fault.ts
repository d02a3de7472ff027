import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openHttp1, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { type Sent, sentBy } from "./support/control-plane.ts";
import { EndpointChurn } from "./support/endpoint-churn.ts";
import { startLoad, tellTotals } from "./support/load.ts";
import { namespace, platform, route, service } from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

const seconds = scaled({ short: 20, long: 1800 });
const services = 200;
let gateway: RealGateway;
let churn: EndpointChurn;

beforeAll(async () => {
  gateway = await startRealGateway(250, async (manifests, backends) => {
    churn = new EndpointChurn({ manifests, backends, services, endpointsEach: 20 });
    await manifests.write("platform.yaml", ...platform("shared", { name: "http", port: 8080 }), namespace("shop"));
    await churn.writeAll();
    const probe = { host: "probe.example.com", rules: [{ path: "/", backend: "probe" }] };
    await manifests.write("probe.yaml", route("probe", probe), ...service("probe", probeAt(backends, 0)));
  });
  for (const host of ["probe.example.com", ...churn.hosts])
    await eventually(`${host} is served`, async () => (await send(target(), { host })).status === 200);
});

afterAll(() => gateway?.end());

it(`fault 13: ${services} Services of 20 endpoints, 50 changes a second for ${seconds} s: 10 pushes a second at most, of endpoints alone`, async () => {
  const load = await startLoad({ targets: churn.hosts.map((host) => ({ id: host, ...target(), host, path: "/" })) });
  const running = churn.start(50);
  const took = probeOnAndOn(seconds * 1000);
  // The first second may have a burst.
  await sleep(1000);
  const before = await sentBy(gateway.controlPlane);
  const rates: number[] = [];
  const [began, requests] = [performance.now(), (await load.totals()).requests];
  for (let [last, at] = [before, began]; performance.now() - began < (seconds - 2) * 1000; ) {
    await sleep(2000);
    const [sent, now] = [await sentBy(gateway.controlPlane), performance.now()];
    // One may fall on the edge.
    rates.push((sent.byType.endpoint - last.byType.endpoint - 1) / ((now - at) / 1000));
    [last, at] = [sent, now];
  }
  const [after, tookMs] = [await sentBy(gateway.controlPlane), performance.now() - began];
  const { changes, late } = await running.stop();
  const applied = (await took).sort((a, b) => a - b);
  const totals = await load.stop();
  const p99 = applied[Math.floor(applied.length * 0.99)] ?? Number.NaN;
  const rate = (after.byType.endpoint - before.byType.endpoint - 1) / (tookMs / 1000);
  const told = `${changes} changes, ${rate.toFixed(1)} pushes/s (${Math.max(...rates).toFixed(1)} at worst)`;
  console.log(
    `fault 13: ${told}; applied after ${median(applied)} ms, p99 ${p99.toFixed(0)} ms of ${applied.length}; ${tellTotals(totals)}`,
  );

  // Ten are spare after a calm time, such as a machine that stands still makes: once, however long it goes on.
  expect(rate * (tookMs / 1000)).toBeLessThanOrEqual(10 * (tookMs / 1000) + 10);
  expect(rates.filter((each) => each > 10).length).toBeLessThanOrEqual(1);
  expect(Math.max(...rates)).toBeLessThanOrEqual(15);
  expect(othersThanEndpoints(after)).toEqual(othersThanEndpoints(before));
  expect(p99).toBeLessThanOrEqual(1000);
  expect(applied.length).toBeGreaterThan(seconds);
  expect(late).toEqual([]);
  expect(totals.failures).toEqual([]);
  expect([...gateway.oddities]).toEqual([]);
  expect(changes).toBeGreaterThan(seconds * 40);
  expect(totals.requests - requests).toBeGreaterThan((seconds - 2) * 250);
});

/** Moves a Service of one endpoint again and again, and measures how long each move takes to be served. */
async function probeOnAndOn(milliseconds: number): Promise<number[]> {
  const took: number[] = [];
  const connection = await openHttp1(target());
  const end = performance.now() + milliseconds;
  for (let turn = 1; performance.now() < end; turn += 1) {
    const [started, at] = [performance.now(), probeAt(gateway.backends, turn)];
    await gateway.manifests.write(
      "probe.yaml",
      route("probe", { host: "probe.example.com", rules: [{ path: "/", backend: "probe" }] }),
      ...service("probe", at),
    );
    await eventually("the move is served", async () => {
      const { headers } = await connection.send({ host: "probe.example.com" });
      return headers.get("x-backend")?.[0] === at.addresses[0];
    });
    took.push(performance.now() - started);
    await sleep(150 + (turn % 7) * 20);
  }
  connection.close();
  return took;
}

function probeAt({ addresses, port }: Pick<RealGateway["backends"], "addresses" | "port">, turn: number) {
  return { addresses: [addresses[turn % addresses.length] ?? ""], port };
}

function othersThanEndpoints({ byType: { endpoint: _, ...others } }: Sent) {
  return others;
}

function median(sorted: readonly number[]): string {
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0);
}

function target() {
  return { address: gateway.address, port: 8080 };
}
