import { afterAll, beforeAll, expect, it } from "vitest";
import { type Http1Connection, openHttp1, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { type Load, startLoad, tellTotals } from "./support/load.ts";
import { namespace, platform, route, service } from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

const present = 1000;
const added = scaled({ short: 60, long: 500 });
let gateway: RealGateway;

beforeAll(async () => {
  gateway = await startRealGateway(8, async (manifests, { addresses, port }) => {
    await manifests.write("platform.yaml", ...platform("shared", { name: "http", port: 8080 }), namespace("shop"));
    for (let index = 0; index < 50; index += 1) {
      await manifests.write(
        `service-${index}.yaml`,
        ...service(`old-${index}`, { addresses: [addresses[0] ?? ""], port }),
      );
    }
    for (let index = 0; index < present; index += 1) {
      const rules = [{ path: "/", backend: `old-${index % 50}` }];
      await manifests.write(
        `route-${index}.yaml`,
        route(`route-${index}`, { host: `app-${index}.example.com`, rules }),
      );
    }
  });
  const last = { host: `app-${present - 1}.example.com` };
  await eventually("it is served", async () => (await send(target(), last)).status === 200);
});

afterAll(() => gateway?.end());

it(`fault 2: ${added} new routes with new Services beside ${present}: each 200 within 1 s (p99), and no error after the first`, async () => {
  const load = await startLoad({ targets: [loadTarget("app-0.example.com")] });
  const took: number[] = [];
  const connection = await openHttp1(target());
  for (let index = 0; index < added; index += 1) took.push(await addRoute(index, { load, connection }));
  connection.close();
  const totals = await load.stop();
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN;
  const told = `from the edit to the first 200: median ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`;
  console.log(`fault 2: ${added} new routes; ${told}; then ${tellTotals(totals)}`);

  expect(totals.failures).toEqual([]);
  expect(at(0.99)).toBeLessThanOrEqual(1000);
  // Before a route is there its hostname answers 404; anything else would be a route without its backend.
  expect([...gateway.oddities.keys()].filter((oddity) => !/^(404|NR) new-/.test(oddity))).toEqual([]);
  expect(Object.keys(totals.backends)).toHaveLength(gateway.backends.addresses.length);
});

/** Asks without pause until it is answered by the new Service; from then on the load asks too. */
async function addRoute(
  index: number,
  { load, connection }: { readonly load: Load; readonly connection: Http1Connection },
): Promise<number> {
  const host = `new-${index}.example.com`;
  const { addresses, port } = gateway.backends;
  const objects = [
    route(`new-${index}`, { host, rules: [{ path: "/", backend: `new-${index}` }] }),
    ...service(`new-${index}`, { addresses: [addresses[1 + (index % 7)] ?? ""], port }),
  ];
  const started = performance.now();
  await gateway.manifests.write(`new-${index}.yaml`, ...objects);
  for (;;) {
    const { status } = await connection.send({ host });
    if (status === 200) break;
    if (status !== 404 || performance.now() - started > 10_000) throw new Error(`${host} answers ${status}`);
  }
  const took = performance.now() - started;
  load.add(loadTarget(host));
  return took;
}

function target() {
  return { address: gateway.address, port: 8080 };
}

function loadTarget(host: string) {
  return { id: host, ...target(), host, path: "/" };
}
