import { readFile } from "node:fs/promises";
import { afterEach, expect, it } from "vitest";
import { eventually } from "../support/envoy.ts";
import { FleetIdentities } from "../xds/fleet-identities.ts";
import { scaled } from "./scale.ts";
import { type Ads, startAds } from "./support/ads.ts";
import { percentile } from "./support/percentile.ts";
import { type Swarm, startSwarm } from "./support/swarm.ts";

let ads: Ads | undefined;
let swarm: Swarm | undefined;
afterEach(async () => {
  await swarm?.stop();
  await ads?.kill();
});

const count = scaled({ short: 200, long: 1_000 });
const names = scaled({ short: 5_000, long: 20_000 });

it(`fault 19: ${count} proxies that hold ${names} resources connect again within 1 s: all are served within 60 s`, async () => {
  const identities = await FleetIdentities.create();
  const proxy = await identities.proxy();
  const options = { identities, proxies: [proxy], resources: { count: names, bytes: 20 } };
  const first = await startAds(options);
  ads = first;
  const { port } = first;
  const proxies = startSwarm({ port, authority: identities.authority, proxy, count });
  swarm = proxies;
  // The clients have to take all of it in, on the same machine.
  await eventually("all have everything", () => proxies.fewestHeld() === names, scaled({ short: 120, long: 1_200 }));
  const steady = (await first.report({ collect: true })).rss;
  const held = proxies.taken();

  await first.kill();
  const second = await startAds({ ...options, port });
  ads = second;
  const started = performance.now();
  const { at, version } = await second.set("news", "of the day", 20);
  const served = () => proxies.arrivals.get(version)?.size ?? 0;
  await eventually("all are served", () => served() === count, 120);
  const tookMs = performance.now() - started;
  const delays = [...(proxies.arrivals.get(version) ?? new Map<string, number>()).values()].map((time) => time - at);
  const { open, sent, stallP99Ms, stallMaxMs } = await second.report();
  const settled = (await second.report({ collect: true })).rss;
  const peak = await peakOf(second.pid);
  const refused = proxies.ends.filter(({ status }) => status !== "connection" && status !== "stream");
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  console.log(
    `${count} proxies with ${names} names each, half of them after ${percentile(delays, 50).toFixed(0)} ms, all in ` +
      `${tookMs.toFixed(0)} ms; ${sent} responses, ${proxies.taken() - held - count} resources sent again; ` +
      `${refused.length} streams refused; memory ${mib(steady)} MiB before, ${mib(settled)} after, ${mib(peak)} at most; ` +
      `event loop held for ${stallP99Ms.toFixed(0)} ms (p99), ${stallMaxMs.toFixed(0)} ms (longest)`,
  );
  expect(tookMs).toBeLessThanOrEqual(60_000);
  expect(proxies.taken() - held).toBe(count);
  expect(open).toBe(count);
  // Refused by number or for a time is UNAVAILABLE (14); by size it would be RESOURCE_EXHAUSTED (8).
  expect(refused.filter(({ status }) => status !== "14")).toEqual([]);
  expect(peak).toBeLessThanOrEqual(2 * Math.max(steady, settled));
});

/** The most memory that a process has had. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}
