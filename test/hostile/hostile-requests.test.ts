import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { freeLoopbackAddress } from "../support/loopback.ts";
import { type AskedProxy, startAskedProxy } from "./asked-proxy.ts";
import { allFamilies } from "./attacks/all.ts";
import { type HostileControlPlane, startHostileControlPlane } from "./control-plane.ts";
import { exposedRequests, meanwhileRequests, plainRequests, spelledRequests } from "./requests.ts";
import { playAttack } from "./run-attack.ts";
import { type AddressOf, attacker, tenants, tenantWorld } from "./tenants.ts";

const backends = new Map<string, Backend>();
const addressOf: AddressOf = (namespace) => {
  const backend = backends.get(namespace);
  if (backend === undefined) throw new Error(`no backend of ${namespace}`);
  return backend;
};
for (const namespace of [...tenants, attacker]) {
  backends.set(namespace, await startBackend({ name: namespace, address: await freeLoopbackAddress() }));
}
const families = allFamilies(addressOf);
let controlPlane: HostileControlPlane;
let proxy: AskedProxy;

const names = ["*.example.com", "*.teams.example.com", "*.apps.example.com", "*.example.net", "*.wild.example.com"];
const material = createCertificateAuthority().then(async (authority) => ({
  authority: authority.certificatePem,
  certificate: await issueCertificate(authority, { names: [...names, "*.er.wild.example.com", "*.techresolve.com"] }),
}));

async function start(): Promise<void> {
  const { authority, certificate } = await material;
  const address = await freeLoopbackAddress();
  const placement = { kind: "standalone", bindAddresses: [address] } as const;
  controlPlane = await startHostileControlPlane(placement, tenantWorld(addressOf, certificate));
  proxy = await startAskedProxy(controlPlane, { address, authority });
  await proxy.settle();
}

async function stop(): Promise<void> {
  await proxy.stop();
  await controlPlane.stop();
}

beforeAll(start);
afterAll(async () => {
  await stop();
  for (const backend of backends.values()) await backend.stop();
});

it("answers every tenant's requests before anybody attacks, in every spelling", async () => {
  expect(await proxy.ask([...plainRequests, ...spelledRequests])).toEqual([]);
});

describe.each(families)("$name", ({ attacks }) => {
  // What the attacker had for itself stays its own for an hour: each kind of attack begins with what was there before.
  beforeAll(() => stop().then(start));

  it("take no request of any other tenant", async () => {
    const harm: string[] = [];
    for (const attack of attacks) {
      const known = harm.length;
      await playAttack(controlPlane, attack, async ({ what, cost }) => {
        // What changes nothing for the proxy changes no answer.
        if (cost.resources === 0) return;
        const [meanwhile] = await Promise.all([proxy.ask(meanwhileRequests), proxy.settle()]);
        const found = [...meanwhile, ...(await proxy.ask(exposedRequests)), ...proxy.refusals()];
        if (found.length > 0) harm.push(`${what}: ${[...new Set(found)].slice(0, 3).join("; ")}`);
      });
      if (harm.length > known) await stop().then(start);
    }
    expect(harm).toEqual([]);
    expect(await proxy.ask([...plainRequests, ...spelledRequests])).toEqual([]);
  }, 120_000);
});
