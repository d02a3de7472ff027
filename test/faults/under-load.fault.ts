import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { BusyWorld, hosts, ports } from "./support/busy-world.ts";
import { sentBy } from "./support/control-plane.ts";
import { type Load, type LoadTarget, startLoad, tellTotals } from "./support/load.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

const flips = scaled({ short: 200, long: 1000 });
const reorders = scaled({ short: 40, long: 200 });
const listeners = scaled({ short: 6, long: 20 });
const rotations = scaled({ short: 10, long: 40 });
const downSeconds = scaled({ short: 10, long: 300 });
const editingSeconds = scaled({ short: 24, long: 240 });

let gateway: RealGateway;
let world: BusyWorld;

beforeAll(async () => {
  gateway = await startRealGateway(60, async (manifests, backends) => {
    world = await BusyWorld.create(manifests, backends);
  });
  for (const target of world.targets(gateway.address)) await served(target);
});

afterAll(() => gateway?.end());

it("nothing breaks a request: backend flips, rule reorders, endpoint churn, listener additions, and the control plane killed, under 500 requests a second", async () => {
  const load = await startLoad({ targets: world.targets(gateway.address) });
  const fresh = askOnNewConnections();
  const churn = world.churn.start(10);
  const first = await editInEveryWay(load, 0);
  await gateway.kill();
  const unseen = await editWhileNobodyLooks();
  await gateway.restart();
  await eventually("the proxy is back", isConnected, 60);
  const second = await editInEveryWay(load, 1);
  const { changes } = await churn.stop();
  const anew = await fresh.stop();
  const totals = await load.stop();
  const certificates = first.certificates + second.certificates;
  console.log(
    [
      `${flips} backend flips, ${reorders} rule reorders, ${changes} endpoint changes, ${listeners} listeners added and removed,`,
      `${certificates} certificates, control plane killed for ${downSeconds} s (${unseen} edits meanwhile):`,
      `${tellTotals(totals)}; ${anew.asked} on new connections, ${anew.failures.length} failed`,
    ].join(" "),
  );

  expect(totals.failures).toEqual([]);
  expect(anew.failures).toEqual([]);
  // Listeners to come are asked before they are there.
  expect([...gateway.oddities].filter(([oddity]) => !oddity.includes(" more-"))).toEqual([]);
  expect([...(await gateway.envoy.stats("\\.no_cluster$|update_rejected$")).values()].filter(Boolean)).toEqual([]);
  expect(totals.requests).toBeGreaterThan((editingSeconds + downSeconds) * 250);
  expect(certificates).toBe(rotations);
  // Otherwise nothing was changed: what was written last is what is served.
  expect((await sentBy(gateway.controlPlane)).byType.route).toBeGreaterThan(flips / 4);
  expect(Object.keys(totals.backends).length).toBeGreaterThan(20);
});

/** Half of all edits, each kind at its own pace; ends when what was written last is served. */
async function editInEveryWay(load: Load, half: 0 | 1): Promise<{ readonly certificates: number }> {
  const seconds = editingSeconds / 2;
  await Promise.all([
    evenly(flips / 2, seconds, () => world.flip()),
    evenly(reorders / 2, seconds, () => world.reorder()),
    evenly(rotations / 2, seconds, () => world.rotate()),
    evenly(listeners / 2, seconds, (index) => addAndRemove(load, (half * listeners) / 2 + index)),
  ]);
  return { certificates: rotations / 2 };
}

async function isConnected(): Promise<boolean> {
  return (await gateway.controlPlane.metrics()).get("gatehouse_xds_streams") === 1;
}

/** Edits that wait for a control plane. */
async function editWhileNobodyLooks(): Promise<number> {
  const edits = downSeconds / 2;
  await evenly(edits, downSeconds, async () => {
    await world.flip();
    await world.reorder();
  });
  return edits * 2;
}

async function addAndRemove(load: Load, index: number): Promise<void> {
  const target = await world.addListener(index, gateway.address);
  await served(target);
  load.add(target);
  await sleep(700);
  // Who goes on asking a listener that is gone is refused, and rightly so.
  load.remove(target.id);
  await sleep(100);
  await world.removeListener(index);
}

/** Does something so often within a time, one after the other. */
async function evenly(times: number, seconds: number, work: (index: number) => Promise<void>): Promise<void> {
  const started = performance.now();
  for (let index = 0; index < times; index += 1) {
    const due = started + ((index * seconds) / times) * 1000;
    await sleep(Math.max(0, due - performance.now()));
    await work(index);
  }
}

/** Clients that come for one request: connection, handshake and all. */
function askOnNewConnections() {
  const failures: string[] = [];
  let asked = 0;
  let isOver = false;
  const asking = (async () => {
    for (; !isOver; asked += 1) {
      const tls = asked % 2 === 1;
      const host = tls ? hosts.tls : hosts.flipped;
      const to = { id: tls ? "TLS" : "plain", host, path: "/", port: tls ? ports.https : ports.http };
      const problem = await problemOf({ ...to, address: gateway.address, ...(tls && { authority: world.authority }) });
      if (problem !== undefined) failures.push(`${to.id}: ${problem}`);
      await sleep(40);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await asking;
      return { asked, failures };
    },
  };
}

async function served(target: LoadTarget): Promise<void> {
  await eventually(`${target.id} is served`, async () => (await problemOf(target)) === undefined, 60);
}

async function problemOf({ address, port, host, path, authority }: LoadTarget): Promise<string | undefined> {
  const tls = authority === undefined ? {} : { tls: { serverName: host, authority } };
  try {
    const { status } = await send({ address, port, ...tls }, { host, path });
    return status === 200 ? undefined : String(status);
  } catch (error) {
    return String(error);
  }
}
