import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom, type Random } from "../decide/random.ts";
import { freeLoopbackAddress } from "../support/envoy.ts";
import { type Coverage, cover, missedBy } from "./coverage.ts";
import { type SeededFault, summary } from "./fault-summary.ts";
import { differencesFromScratch } from "./from-scratch.ts";
import { createFuzzWorld, type FuzzWorld } from "./fuzz-world.ts";
import { toldOfHidden } from "./hidden.ts";
import { type LiveProxy, startLiveProxy } from "./live-proxy.ts";
import { type Material, makeMaterial } from "./material.ts";
import type { WrittenObject } from "./random-object.ts";
import { furniture, randomObjects } from "./random-world.ts";
import { lostDocuments, type TakenObject, takeServed, takeWritten } from "./take.ts";

/** How many objects, from which seed on; FUZZ=20000 for the long form, SEED=7 FUZZ=1 to see one world again. */
const objectsAsked = Number(process.env["FUZZ"] ?? 2000);
const firstSeed = Number(process.env["SEED"] ?? 1);
const objectsPerWorld = 60;
/** Some of the objects of a world come later, as edits. */
const editsPerWorld = 15;
const seeds = Array.from({ length: Math.ceil(objectsAsked / objectsPerWorld) }, (_, index) => firstSeed + index);

let material: Material;
let address: string;

beforeAll(async () => {
  material = await makeMaterial();
  address = await freeLoopbackAddress();
});

/** A random world, and edits of it. */
interface World {
  readonly random: Random;
  readonly first: readonly WrittenObject[];
  readonly later: readonly WrittenObject[];
}

function world(seed: number): World {
  const random = createRandom(seed);
  const first = randomObjects(objectsPerWorld - editsPerWorld, random, material);
  return { random, first: [...furniture(material), ...first], later: randomObjects(editsPerWorld, random, material) };
}

function taken(written: readonly WrittenObject[]): readonly TakenObject[] {
  return written.flatMap((object) => takeWritten(object) ?? []);
}

/** Asks a question of every world, and gathers what is wrong. */
async function ask(question: (world: World) => readonly string[] | Promise<readonly string[]>) {
  const faults: SeededFault[] = [];
  for (const seed of seeds) faults.push(...(await question(world(seed))).map((fault) => ({ seed, fault })));
  return summary(faults).slice(0, 30);
}

describe(`${objectsAsked} random objects of every kind`, { timeout: 60_000 + objectsAsked * 200 }, () => {
  it("are taken or refused with a reason, from a file and from an API server", async () => {
    const counts = { taken: 0, refused: 0 };
    const faults = await ask(({ first, later }) => {
      for (const object of [...first, ...later]) {
        takeServed(object);
        counts[takeWritten(object) === undefined ? "refused" : "taken"] += 1;
      }
      return lostDocuments(first).map((document) => `document ${document} is lost`);
    });
    expect(faults).toEqual([]);
    expect(counts.taken).toBeGreaterThan(objectsAsked / 2);
    expect(counts.refused).toBeGreaterThan(objectsAsked / 20);
  });

  it("get their statuses and break no transform, whoever has taken them", async () => {
    const faults = await ask(({ first, later }) => {
      const made = createFuzzWorld(address);
      made.set(first.flatMap((object) => takeServed(object) ?? []));
      const before = made.flush();
      made.set(later.flatMap((object) => takeServed(object) ?? []));
      return [...before, ...made.flush()];
    });
    expect(faults).toEqual([]);
  });

  it("come to the same after edits as from scratch, byte for byte", async () => {
    const faults = await ask(({ first, later, random }) => {
      const start = taken(first);
      const deleted = random.some(start, 3, 12);
      return differencesFromScratch([
        { set: start, deleted: [] },
        { set: taken(later), deleted },
        { set: deleted.slice(0, 2), deleted: [] },
      ]);
    });
    expect(faults).toEqual([]);
  });

  it("tell nobody what a namespace has that grants nothing", async () => {
    expect(await ask(({ first, later }) => toldOfHidden(taken([...first, ...later])))).toEqual([]);
  });
});

describe(`a real proxy of the worlds of ${objectsAsked} random objects`, {
  timeout: 60_000 + objectsAsked * 500,
}, () => {
  let proxy: LiveProxy | undefined;
  afterAll(() => proxy?.stop());

  /** What a proxy refuses is narrowed down, which takes time: the next world gets a new one. */
  async function push(made: FuzzWorld): Promise<readonly string[]> {
    const faults: string[] = [];
    for (const resources of made.resources().values()) {
      proxy ??= await startLiveProxy();
      const found = await proxy.push(resources);
      faults.push(...found);
      if (found.length === 0) continue;
      await proxy.stop();
      proxy = undefined;
    }
    return faults;
  }

  it("takes everything, also after edits", async () => {
    let pushes = 0;
    const coverage: Coverage = new Map();
    const faults = await ask(async ({ first, later, random }) => {
      const made = createFuzzWorld(address);
      const start = taken(first);
      made.set(start);
      const before = [...made.flush(), ...(await push(made))];
      made.set(taken(later));
      made.delete(random.some(start, 3, 12));
      const after = [...made.flush(), ...(await push(made))];
      pushes += 2 * made.resources().size;
      cover(coverage, made.statuses);
      return [...before, ...after];
    });
    expect(faults).toEqual([]);
    if (process.env["COVERAGE"] !== undefined) console.log([...coverage].sort());
    if (objectsAsked < 2000) return;
    expect(pushes).toBeGreaterThan(2 * seeds.length);
    expect(missedBy(coverage)).toEqual([]);
  });
});
