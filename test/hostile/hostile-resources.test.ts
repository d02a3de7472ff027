import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StatusUpdate } from "../../src/core/conditions.ts";
import { parseObjectKey } from "../../src/core/keys.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { allFamilies } from "./attacks/all.ts";
import { type HostileControlPlane, startHostileControlPlane } from "./control-plane.ts";
import { type Move, pastSchemas, playAttack } from "./run-attack.ts";
import { differences, type TenantView } from "./tenant-view.ts";
import { attacker, podAddressOf, secretWord, tenants, tenantWorld } from "./tenants.ts";
import { type WatchedProxy, watchProxy } from "./watched-proxy.ts";

const families = allFamilies(podAddressOf);
const moves: (Move & { readonly family: string })[] = [];
let controlPlane: HostileControlPlane;
let proxy: WatchedProxy;
let before: TenantView;
let statuses: ReadonlyMap<string, string>;

const certificate = createCertificateAuthority().then((authority) =>
  issueCertificate(authority, { names: ["store.example.net", "*.example.com"] }),
);

async function start(): Promise<void> {
  const placement = { kind: "cluster", bindAddresses: ["0.0.0.0"] } as const;
  controlPlane = await startHostileControlPlane(placement, tenantWorld(podAddressOf, await certificate));
  proxy = watchProxy(controlPlane);
  before = await proxy.look();
  statuses = tenantStatuses(controlPlane);
}

async function stop(): Promise<void> {
  await proxy.stop();
  await controlPlane.stop();
}

beforeAll(start);
afterAll(stop);

it("serves every tenant before anybody attacks", () => {
  for (const namespace of tenants) {
    if (namespace === "ns-web") continue;
    const clusters = [...before.keys()].filter((part) => part.startsWith("cluster ") && part.includes(`${namespace}/`));
    expect(clusters.length > 0 ? "served" : namespace).toBe("served");
  }
  const unhappy = [...statuses].filter(
    ([object, status]) => /^(\w+Route|BackendTLSPolicy)\//.test(object) && status.includes('"False"'),
  );
  expect(unhappy).toEqual([]);
});

describe.each(families)("$name", ({ name: family, attacks }) => {
  // What the attacker had for itself stays its own for an hour: each kind of attack begins with what was there before.
  beforeAll(() => stop().then(start));

  it(`changes nothing of any other tenant`, async () => {
    const harm: string[] = [];
    for (const attack of attacks) {
      const known = harm.length;
      await playAttack(controlPlane, attack, async (move) => {
        moves.push({ ...move, family });
        const found = [
          ...differences(before, await proxy.look()),
          ...differences(statuses, tenantStatuses(controlPlane)).map((what) => `status ${what}`),
          ...leaks(controlPlane),
          ...controlPlane.failures(),
        ];
        if (found.length > 0) harm.push(`${move.what}: ${found.slice(0, 4).join("; ")}`);
      });
      // What was taken may stay taken: the next attack is judged by itself.
      if (harm.length > known) await stop().then(start);
    }
    expect(harm).toEqual([]);
  }, 120_000);
});

it("was attacked with hundreds of objects, at a bearable cost each", () => {
  const objects = moves.reduce((sum, move) => sum + move.objects, 0);
  const refused = moves.reduce((sum, move) => sum + move.refused, 0);
  const worst = moves.toSorted((a, b) => b.cost.cpuMs - a.cost.cpuMs).slice(0, 5);
  console.info(`${objects} objects, ${refused} refused by the schemas, ${proxy.received} resources received`);
  for (const { family, what, cost } of worst) {
    console.info(`${cost.cpuMs.toFixed(0)} ms of CPU, ${cost.transforms} transforms: ${family}: ${what}`);
  }
  expect(objects).toBeGreaterThanOrEqual(300);
  // What the schemas refuse never comes to anybody's turn: past them an object may have any number of parts.
  const taken = moves.filter(({ what }) => !what.endsWith(pastSchemas));
  expect(taken.filter(({ cost }) => cost.transforms > 2500).map(({ what }) => what)).toEqual([]);
  // Machines differ: the figure is held to only where it is asked for.
  const limit = process.env["HOSTILE_CPU"] === "1" ? 250 : Number.POSITIVE_INFINITY;
  expect(taken.filter(({ cost }) => cost.cpuMs > limit).map(({ what }) => what)).toEqual([]);
});

/**
 * What tenants are told, by object: how many routes and sets are attached to the shared Gateway is for all to grow, and that a
 * listener's hostname lies below another's of the port is told to both.
 */
function tenantStatuses({ statuses }: HostileControlPlane): ReadonlyMap<string, string> {
  const others = [...statuses].filter(([object]) => parseObjectKey(object).name.split("/")[0] !== attacker);
  return new Map(others.map(([object, status]) => [object, JSON.stringify(withoutCounts(status))]));
}

function withoutCounts(status: StatusUpdate): unknown {
  if (status.kind !== "Gateway" && status.kind !== "ListenerSet") return status;
  const listeners = status.listeners.map(({ attachedRoutes, conditions, ...listener }) => ({
    ...listener,
    conditions: conditions.filter(({ type }) => type !== "OverlappingTLSConfig"),
  }));
  return { ...status, attachedListenerSets: 0, listeners };
}

/** What the attacker is told that names an object of somebody else, where it has not named that itself. */
function leaks({ statuses }: HostileControlPlane): readonly string[] {
  const told = [...statuses].filter(([object]) => parseObjectKey(object).name.split("/")[0] === attacker);
  return told.flatMap(([object, status]) => {
    const messages = JSON.stringify(status).match(/"message":"(?:[^"\\]|\\.)*"/g) ?? [];
    return messages.filter((message) => message.includes(secretWord)).map((message) => `${object} is told ${message}`);
  });
}
