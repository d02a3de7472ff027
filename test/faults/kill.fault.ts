import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { sentBy } from "./support/control-plane.ts";
import { type LoadTarget, startLoad, tellTotals } from "./support/load.ts";
import { namespace, platform, route, service } from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

const downSeconds = scaled({ short: 10, long: 300 });
const routes = 800;
let gateway: RealGateway;

beforeAll(async () => {
  gateway = await startRealGateway(4, async (manifests, { addresses, port }) => {
    await manifests.write("platform.yaml", ...platform("shared", { name: "http", port: 8080 }), namespace("shop"));
    for (let index = 0; index < routes; index += 1) {
      const backend = `backend-${index}`;
      await manifests.write(
        `route-${index}.yaml`,
        route(`route-${index}`, { host: hostOf(index), rules: [{ path: "/", backend }] }),
        ...service(backend, { addresses: [addresses[index % 3] ?? ""], port }),
      );
    }
  });
  for (const index of [0, routes - 1]) await eventually("it is served", async () => (await backendOf(index)) !== "");
});

afterAll(() => gateway?.end());

it(`fault 3: the control plane killed for ${downSeconds} s under 500 requests a second: 0 failures, and 1 % is sent again at most`, async () => {
  const [full, held] = [await sentBy(gateway.controlPlane), await acknowledged()];
  expect(held).toBeGreaterThan(3 * routes);
  const load = await startLoad({ targets: targets() });
  await gateway.kill();
  await sleep(downSeconds * 1000);
  await gateway.restart();
  await eventually("the proxy is back with all it had", async () => (await acknowledged()) === held, 60);
  const again = await sentBy(gateway.controlPlane);
  // It is followed again, and not only connected.
  await moveBackend(5);
  const totals = await load.stop();
  const told = `${held} resources in ${full.bytes} bytes to begin with, ${again.bytes} bytes in ${again.responses} responses after the return`;
  console.log(`fault 3: down ${downSeconds} s; ${told}; ${tellTotals(totals)}`);

  expect(totals.failures).toEqual([]);
  expect(totals.requests).toBeGreaterThan(downSeconds * 250);
  expect([...gateway.oddities]).toEqual([]);
  expect(again.bytes).toBeLessThan(full.bytes / 100);
  // One in a hundred resources at most, however small: an answer without any is forty bytes.
  expect(again.responses).toBeLessThan(held / 100);
});

it("fault 3: what was changed while the control plane was down is served after it, and nothing else is sent", async () => {
  const load = await startLoad({ targets: targets() });
  await gateway.kill();
  await gateway.manifests.write("route-7.yaml", ...routeTo(7, "moved"), ...moved("moved", 3));
  await gateway.manifests.write("new.yaml", ...routeTo(routes, "new"), ...moved("new", 3));
  await gateway.manifests.remove("route-9.yaml");
  await sleep(1000);
  await gateway.restart();
  await eventually("the moved route is served", async () => (await backendOf(7)) === addressAt(3), 60);
  await eventually("the new route is served", async () => (await backendOf(routes)) === addressAt(3));
  await eventually("the removed route is gone", async () => (await statusOf(9)) === 404);
  const again = await sentBy(gateway.controlPlane);
  const totals = await load.stop();
  console.log(
    `fault 3: changed meanwhile; ${again.bytes} bytes, ${JSON.stringify(again.byType)}; ${tellTotals(totals)}`,
  );

  expect(totals.failures).toEqual([]);
  // Three routes of eight hundred.
  expect(again.bytes).toBeLessThan(12_000);
});

/** The routes that are asked are not those that are edited while there may be two answers. */
function targets(): readonly LoadTarget[] {
  return [0, 1, 2, 100, 400, routes - 1].flatMap((index) =>
    (["http1", "http2"] as const).map((protocol) => {
      return {
        id: `${index} ${protocol}`,
        address: gateway.address,
        port: 8080,
        host: hostOf(index),
        path: "/",
        protocol,
      };
    }),
  );
}

/** How many resources the proxy holds by what the control plane knows, once that is at rest. */
async function acknowledged(): Promise<number> {
  const { streams } = (await (await fetch(`http://${gateway.controlPlane.debug}/debug/streams`)).json()) as {
    readonly streams: readonly { readonly types: readonly { acknowledged: number; inFlight: boolean }[] }[];
  };
  const types = streams.flatMap((stream) => stream.types);
  return types.some(({ inFlight }) => inFlight) ? 0 : types.reduce((sum, type) => sum + type.acknowledged, 0);
}

async function moveBackend(index: number): Promise<void> {
  await gateway.manifests.write(`route-${index}.yaml`, ...routeTo(index, "other"), ...moved("other", 3));
  await eventually("an edit is served", async () => (await backendOf(index)) === addressAt(3));
}

function routeTo(index: number, backend: string) {
  return [route(`route-${index}`, { host: hostOf(index), rules: [{ path: "/", backend }] })];
}

function moved(name: string, index: number) {
  return service(name, { addresses: [addressAt(index)], port: gateway.backends.port });
}

function addressAt(index: number): string {
  return gateway.backends.addresses[index] ?? "";
}

function hostOf(index: number): string {
  return `app-${index}.example.com`;
}

async function backendOf(index: number): Promise<string> {
  const { headers } = await send({ address: gateway.address, port: 8080 }, { host: hostOf(index) });
  return headers.get("x-backend")?.[0] ?? "";
}

async function statusOf(index: number): Promise<number> {
  return (await send({ address: gateway.address, port: 8080 }, { host: hostOf(index) })).status;
}
