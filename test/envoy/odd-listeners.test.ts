import { afterAll, beforeAll, expect, it } from "vitest";
import { createRandom, type Random } from "../decide/random.ts";
import { createFuzzWorld, type FuzzWorld } from "../fuzz/fuzz-world.ts";
import { type LiveProxy, startLiveProxy } from "../fuzz/live-proxy.ts";
import type { WrittenObject } from "../fuzz/random-object.ts";
import { type TakenObject, takeWritten } from "../fuzz/take.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { freeLoopbackAddress } from "../support/envoy.ts";
import { base64 } from "../support/gateway-objects.ts";
import { frameOf, oddListeners } from "../support/odd-listeners.ts";
import { wrongConnections } from "../support/server-name-answers.ts";

/** How many worlds, from which seed on; WORLDS=100 for the long form, SEED=7 WORLDS=1 for one, ENVOY=path for another Envoy. */
const worlds = Number(process.env["WORLDS"] ?? 4);
const firstSeed = Number(process.env["SEED"] ?? 1);
const binary = process.env["ENVOY"];
const steps = 3;

let frame: readonly WrittenObject[];
let address: string;
let proxy: LiveProxy | undefined;

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  const { certificatePem, keyPem } = await issueCertificate(authority, { names: ["*.example.com"] });
  frame = frameOf({ "tls.crt": base64(certificatePem), "tls.key": base64(keyPem) }, authority.certificatePem);
  address = await freeLoopbackAddress();
});
afterAll(() => proxy?.stop());

it("odd listeners are taken, edit by edit, and connections go where it is decided", {
  timeout: 120_000 + worlds * 20_000,
}, async () => {
  const faults: string[] = [];
  let asked = 0;
  for (let seed = firstSeed; seed < firstSeed + worlds; seed += 1) {
    const random = createRandom(seed);
    const world = createFuzzWorld(address);
    world.set(taken(frame));
    for (let step = 0; step < steps; step += 1) {
      edit(world, random, step);
      const found = [...world.flush(), ...(await push(world))];
      const wrong = await wrongConnections((await running()).envoy, { address, view: world.routing, random });
      asked += wrong.asked;
      faults.push(...[...found, ...wrong.faults].map((fault) => `seed ${seed}, step ${step}: ${fault}`));
    }
  }
  expect(faults.slice(0, 20)).toEqual([]);
  expect(asked).toBeGreaterThan(worlds * 10);
});

/** At last some objects go. */
function edit(world: FuzzWorld, random: Random, step: number): void {
  const all = taken(oddListeners(random));
  world.set(step === 0 ? all : random.some(all, 3, 20));
  if (step === steps - 1) world.delete(random.some(all, 3, 8));
}

/** What is refused for its form alone proves nothing about proxies. */
function taken(objects: readonly WrittenObject[]): readonly TakenObject[] {
  return objects.map((object) => {
    const read = takeWritten(object);
    if (read === undefined) throw new Error(`refused: ${JSON.stringify(object)}`);
    return read;
  });
}

async function running(): Promise<LiveProxy> {
  proxy ??= await startLiveProxy(binary);
  return proxy;
}

async function push(world: FuzzWorld): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const resources of world.resources().values()) faults.push(...(await (await running()).push(resources)));
  return faults;
}
