import { afterAll, beforeAll, expect, it } from "vitest";
import { openHttp1, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { type LoadTarget, startLoad, tellTotals } from "./support/load.ts";
import { namespace, platform, route, service } from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

/** A table is cut by hostname when it has more than 500 of them, and put together again when it has less than 300. */
const [before, beyond] = [480, 540] as const;
let gateway: RealGateway;

beforeAll(async () => {
  gateway = await startRealGateway(2, async (manifests, { addresses, port }) => {
    await manifests.write("platform.yaml", ...platform("shared", { name: "http", port: 8080 }), namespace("shop"));
    await manifests.write("old.yaml", ...service("old", { addresses: [addresses[0] ?? ""], port }));
    await manifests.write("new.yaml", ...service("new", { addresses: [addresses[1] ?? ""], port }));
    for (let index = 0; index < before; index += 1) await manifests.write(`route-${index}.yaml`, routeOf(index, "old"));
  });
  await eventually("it is served", async () => (await statusOf(before - 1)) === 200);
});

afterAll(() => gateway?.end());

it("nothing breaks a request: a table passes 500 hostnames and comes back, under 500 requests a second", async () => {
  const kept = (["http1", "http2"] as const).flatMap((protocol) =>
    [0, 100, 200].map((index) => targetOf(index, protocol)),
  );
  const load = await startLoad({ targets: kept });
  const early = await connectBefore();
  for (let index = before; index < beyond; index += 1)
    await gateway.manifests.write(`route-${index}.yaml`, routeOf(index, "new"));
  await eventually("the last new route is served", async () => (await statusOf(beyond - 1)) === 200);
  await eventually("the table is cut", isCut);
  await addLater(beyond);
  const afterCut = await early(beyond);
  load.add(targetOf(beyond - 1, "http1"), targetOf(before, "http2"));
  // What was there before is edited after: connections from before see that too.
  await gateway.manifests.write("route-0.yaml", routeOf(0, "new"));
  await eventually("the edit is served", async () => (await backendOf(0)) === gateway.backends.addresses[1]);
  const late = await connectBefore();
  for (let index = 250; index < beyond - 1; index += 1) {
    if (index !== before) await gateway.manifests.remove(`route-${index}.yaml`);
  }
  await eventually("the table is whole again", async () => !(await isCut()), 60);
  await eventually("a removed route is gone", async () => (await statusOf(250)) === 404);
  await addLater(beyond + 1);
  const afterReturn = await late(beyond + 1);
  const totals = await load.stop();
  const told = `connections from before answer ${afterCut} and ${afterReturn} for hostnames made after`;
  console.log(`${before} to ${beyond} hostnames and back: ${tellTotals(totals)}; ${told}`);

  expect(totals.failures).toEqual([]);
  expect([afterCut, afterReturn]).not.toContain(404);
});

/** A connection that is of the table as it is cut now, whenever it asks next. */
async function connectBefore(): Promise<(index: number) => Promise<number | "closed">> {
  const connection = await openHttp1({ address: gateway.address, port: 8080 });
  await connection.send({ host: hostOf(0) });
  return async (index) => {
    // Whoever asks nothing for long loses the connection, and knows it.
    if (connection.socket.readableEnded || connection.socket.destroyed) return "closed";
    const { status } = await connection.send({ host: hostOf(index) });
    connection.close();
    return status;
  };
}

/** A route that is made when the table is cut otherwise already. */
async function addLater(index: number): Promise<void> {
  await gateway.manifests.write(`route-${index}.yaml`, routeOf(index, "new"));
  await eventually("the later route is served", async () => (await statusOf(index)) === 200);
  // The two cuts are different tables: both have it, unless nobody uses the former any more.
  await eventually("it is in every table", async () => {
    const dump = await gateway.envoy.get("/config_dump?resource=dynamic_route_configs");
    const { configs = [] } = JSON.parse(dump) as { readonly configs?: readonly object[] };
    const having = (host: string) => configs.filter((config) => JSON.stringify(config).includes(`"${host}"`)).length;
    return having(hostOf(index)) >= having(hostOf(0));
  });
}

async function isCut(): Promise<boolean> {
  return (await gateway.envoy.get("/config_dump?resource=dynamic_listeners")).includes("scoped_routes");
}

function routeOf(index: number, backend: string) {
  return route(`route-${index}`, { host: hostOf(index), rules: [{ path: "/", backend }] });
}

function targetOf(index: number, protocol: "http1" | "http2"): LoadTarget {
  return {
    id: `${hostOf(index)} ${protocol}`,
    address: gateway.address,
    port: 8080,
    host: hostOf(index),
    path: "/",
    protocol,
  };
}

function hostOf(index: number): string {
  return `app-${index}.example.com`;
}

async function statusOf(index: number): Promise<number> {
  return (await send({ address: gateway.address, port: 8080 }, { host: hostOf(index) })).status;
}

async function backendOf(index: number): Promise<string> {
  const { headers } = await send({ address: gateway.address, port: 8080 }, { host: hostOf(index) });
  return headers.get("x-backend")?.[0] ?? "";
}
