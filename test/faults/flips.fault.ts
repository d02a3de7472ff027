import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { sentBy } from "./support/control-plane.ts";
import { type LoadTarget, startLoad, tellTotals } from "./support/load.ts";
import { type Manifest, namespace, platform, route, service } from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

const flips = scaled({ short: 150, long: 1000 });
const flipsPerSecond = scaled({ short: 10, long: 5 });
const host = "web.example.com";
let gateway: RealGateway;

beforeAll(async () => {
  gateway = await startRealGateway(8, async (manifests, { addresses, port }) => {
    await manifests.write("platform.yaml", ...platform("shared", { name: "http", port: 8080 }), namespace("shop"));
    const backends = ["x", "y"].flatMap((name, index) => service(name, { addresses: [addresses[index] ?? ""], port }));
    await manifests.write("services.yaml", ...backends);
    await manifests.write("web.yaml", webRoute("x"));
  });
  await eventually("it is served", async () => (await answeringBackend()) !== "");
});

afterAll(() => gateway?.end());

it(`fault 1: ${flips} changes of a route's backend under 500 requests a second, to Services old and new: 0 failures, 0 NC, 0 NR`, async () => {
  const targets: readonly LoadTarget[] = (["http1", "http2"] as const).map((protocol) => {
    return { id: protocol, address: gateway.address, port: 8080, host, path: "/", protocol };
  });
  const before = await sentBy(gateway.controlPlane);
  const load = await startLoad({ targets });
  for (let flip = 1; flip <= flips; flip += 1) {
    await Promise.all([flipTo(flip), sleep(1000 / flipsPerSecond)]);
  }
  const totals = await load.stop();
  const { byType } = await sentBy(gateway.controlPlane);
  const [routes, clusters] = [byType.route - before.byType.route, byType.cluster - before.byType.cluster];
  const told = `${flips} flips, ${routes} responses with routes, ${clusters} with clusters`;
  console.log(`fault 1: ${told}; ${tellTotals(totals)}; flags ${JSON.stringify([...gateway.oddities])}`);

  expect(totals.failures).toEqual([]);
  expect([...gateway.oddities]).toEqual([]);
  expect(
    [...(await gateway.envoy.stats("\\.no_(cluster|route)$|update_rejected$|rq_5xx$")).values()].filter(Boolean),
  ).toEqual([]);
  // Otherwise nothing was flipped: every edit reached the proxy by itself, and every backend answered.
  expect(routes).toBeGreaterThanOrEqual(flips);
  expect(Object.keys(totals.backends).sort()).toEqual([...gateway.backends.addresses].sort());
  expect(totals.requests).toBeGreaterThan(flips * 20);
});

/** Writes it and waits until it is served: each flip is one of its own, however busy the machine. */
async function flipTo(flip: number): Promise<void> {
  await gateway.manifests.write("web.yaml", ...flipped(flip));
  await eventually("the flip is served", async () => (await answeringBackend()) === addressOf(flip));
}

/** Two of four flips go to and fro between old Services; the others bring a new one, which goes with the next flip. */
function flipped(flip: number): readonly Manifest[] {
  if (flip % 4 < 2) return [webRoute(flip % 4 === 0 ? "x" : "y")];
  return [webRoute(`v${flip}`), ...service(`v${flip}`, { addresses: [addressOf(flip)], port: gateway.backends.port })];
}

function addressOf(flip: number): string {
  const index = flip % 4 < 2 ? flip % 4 : 2 + (Math.floor(flip / 4 + flip) % 6);
  return gateway.backends.addresses[index] ?? "";
}

function webRoute(backend: string): Manifest {
  return route("web", { host, rules: [{ path: "/", backend }] });
}

async function answeringBackend(): Promise<string> {
  const { headers } = await send({ address: gateway.address, port: 8080 }, { host });
  return headers.get("x-backend")?.[0] ?? "";
}
