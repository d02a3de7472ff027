import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { scaled } from "./scale.ts";
import { type LoadTotals, startLoad, tellTotals } from "./support/load.ts";
import { type NoiseOptions, startNoise } from "./support/noise.ts";
import type { Trouble } from "./support/tenants.ts";
import { startTwoTenants, type TwoTenants } from "./support/two-tenants.ts";

/**
 * One tenant's backend is in trouble while its clients ask as often as they can; another tenant of the same Gateway has to notice
 * nothing. Each of those clients asks again as soon as it was answered; they, and the noisy backend, run at the lowest priority:
 * they have machines of their own in life, and here they get all that the proxy and the quiet tenant leave.
 *
 * What is quiet is measured twice: before there is any noise, and, for the comparison, at the same time on a second proxy like
 * the first one that has no noisy tenant. So whatever else the machine does falls on both, and what is compared is the proxy.
 * The quiet tenant's backend takes 20 ms, as one that asks a database.
 */
const seconds = scaled({ short: 6, long: 120 });
const perSecond = 200;
const mostTimesSlower = 2;
/** The noise is steady: if it slowed the other tenant down, it would do so each time. A burst of other work on the machine does not. */
const mostTries = 3;

/** Files that a proxy may have open: enough for what the limits let one backend have, not for every request of the noise. */
const openFiles = 13_000;

interface Noisy {
  readonly name: string;
  readonly trouble: Trouble;
  readonly clients: Pick<NoiseOptions, "protocol" | "connections" | "streams" | "bodyBytes">;
  /** So many requests must be under way or wait, or the trouble was none. */
  readonly held: number;
}

const cases: readonly Noisy[] = [
  {
    name: "never answers 8,000 clients on connections of their own",
    trouble: "hangs",
    clients: { protocol: "http1", connections: 8000 },
    held: 7800,
  },
  {
    name: "never answers 15,000 requests on 150 connections",
    trouble: "hangs",
    clients: { protocol: "http2", connections: 150, streams: 100 },
    held: 14_800,
  },
  {
    name: "never reads the bodies that 300 requests send",
    trouble: "does not read",
    clients: { protocol: "http2", connections: 6, streams: 50, bodyBytes: 4_000_000 },
    held: 290,
  },
  {
    name: "sends its headers for ever to 2,000 clients",
    trouble: "trickles",
    clients: { protocol: "http1", connections: 2000 },
    held: 1900,
  },
];

let noisy: TwoTenants;
let quiet: TwoTenants;

beforeAll(async () => {
  // A log line for each of the noisy requests would measure how fast this process reads them.
  const parameters = { accessLog: { format: "None" } } as const;
  [noisy, quiet] = await Promise.all([startTwoTenants({ parameters }), startTwoTenants({ parameters })]);
  for (const { envoy } of [noisy, quiet]) {
    await promisify(execFile)("prlimit", ["--pid", `${envoy.pid}`, `--nofile=${openFiles}:${openFiles}`]);
  }
});

afterAll(() => Promise.all([noisy?.stop(), quiet?.stop()]));

it.each(cases)(
  "noisy neighbour: a backend that $name: 0 failed requests of another tenant, p99 at most twice its quiet one",
  async (fault) => {
    const before = await quietTenant(noisy, 2);
    await noisy.tenants.tell(fault.trouble);
    const noise = await startNoise({ ...fault.clients, address: noisy.address, port: 8080, host: "noisy.example.com" });
    try {
      const ramp = await quietTenant(noisy, 3);
      let [beside, other] = await besideAndElsewhere();
      const failures = [...ramp.failures, ...beside.failures, ...other.failures];
      for (let tries = 1; tries < mostTries && beside.p99Ms > other.p99Ms * mostTimesSlower; tries += 1) {
        console.log(
          `noisy neighbour, ${fault.name}: ${tellTotals(beside)}; on another proxy ${tellTotals(other)}; once more`,
        );
        [beside, other] = await besideAndElsewhere();
        failures.push(...beside.failures, ...other.failures);
      }
      const { asked, statuses, bytes } = await noise.totals();
      const held = await heldRequests();
      const size = bytes === 0 ? "" : `, ${Math.round(bytes / 1e6)} MB`;
      console.log(`noisy neighbour, ${fault.name}: ${asked} asked, ${held} held, answers ${JSON.stringify(statuses)}${size}
  quiet before       ${tellTotals(before)}
  as it began        ${tellTotals(ramp)}
  beside the noise   ${tellTotals(beside)}
  on another proxy   ${tellTotals(other)}`);
      expect(failures).toEqual([]);
      expect(beside.requests).toBeGreaterThan(seconds * perSecond * 0.5);
      expect(held).toBeGreaterThan(fault.held);
      expect(beside.p99Ms).toBeLessThanOrEqual(other.p99Ms * mostTimesSlower);
    } finally {
      await noise.stop();
      await noisy.tenants.tell("none");
    }
  },
);

/** At the same time with the noise, and on the proxy without it. */
function besideAndElsewhere(): Promise<readonly [LoadTotals, LoadTotals]> {
  return Promise.all([quietTenant(noisy, seconds), quietTenant(quiet, seconds)]);
}

/** Asks for the quiet tenant, on kept connections of both protocols. */
async function quietTenant({ address }: TwoTenants, forSeconds: number): Promise<LoadTotals> {
  const targets = (["http1", "http2"] as const).map((protocol) => {
    return { id: protocol, address, port: 8080, host: "quiet.example.com", path: "/", protocol };
  });
  const load = await startLoad({ targets, perSecond });
  await sleep(forSeconds * 1000);
  return load.stop();
}

/** What the noisy backend keeps of the proxy. */
async function heldRequests(): Promise<number> {
  const stats = await noisy.envoy.stats("^cluster\\.noisy/web/80\\.upstream_rq_(active|pending_active)$");
  return [...stats.values()].reduce((sum, count) => sum + count, 0);
}
