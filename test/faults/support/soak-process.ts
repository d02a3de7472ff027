/** The program of a soak: edits, proxies in trouble, clocks that jump, and a look at everything now and then. */
import { setTimeout as sleep } from "node:timers/promises";
import { resourceTypes } from "../../../src/core/xds-resource.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { FollowingEnvoy, type HeldResource, SharedResources } from "./following-envoy.ts";
import { createManifests } from "./manifests.ts";
import { isNotMore, type Measure, type ProbeQuestion } from "./measure.ts";
import type { SoakCheck, SoakPlan, SoakReport } from "./soak.ts";
import { poison, SoakWorld } from "./soak-world.ts";
import { Troubles } from "./troubles.ts";

const plan = JSON.parse(process.argv[2] ?? "") as SoakPlan; // written by our own launcher
const hour = 3_600_000;
const xds = { address: "127.0.0.1", port: 18_000 };
const proof = { address: "127.0.0.1", port: 18_001 };
const probe = new URL("./control-plane-probe.ts", import.meta.url);

/** The same numbers in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class Soak {
  readonly #random = createRandom(7);
  readonly #world: SoakWorld;
  readonly #controlPlane: ControlPlane;
  readonly #folder: string;
  readonly #shared = new SharedResources();
  readonly #proxies: readonly (readonly [gateway: string, proxy: FollowingEnvoy])[];
  readonly #troubles: Troubles;
  readonly #differences: string[] = [];
  readonly #checks: SoakCheck[] = [];
  #edits = 0;
  #clockSteps = 0;

  constructor(parts: { world: SoakWorld; controlPlane: ControlPlane; folder: string }) {
    this.#world = parts.world;
    this.#controlPlane = parts.controlPlane;
    this.#folder = parts.folder;
    this.#proxies = Array.from({ length: plan.proxies }, (_, index) => {
      const { gateways } = this.#world;
      // Half of all are of the biggest Gateway.
      const gateway = gateways[index % 2 === 0 ? 0 : 1 + (Math.floor(index / 2) % (gateways.length - 1))] ?? "";
      return [gateway, this.#proxy(gateway, `proxy-${index}`)] as const;
    });
    this.#troubles = new Troubles(
      this.#proxies.map(([, proxy]) => proxy),
      this.#random,
    );
  }

  async run(): Promise<Omit<SoakReport, "empty" | "losesPackets">> {
    // All of them come at once, for everything.
    await this.#converge(await this.#world.settle(), performance.now());
    await this.#check(0);
    for (let next = plan.checkSeconds; next <= plan.seconds; next += plan.checkSeconds) {
      await this.#stir(performance.now() + plan.checkSeconds * 1000);
      await this.#check(next);
    }
    const refusals = this.#proxies.reduce((sum, [, one]) => sum + one.refusals, 0);
    const ends = this.#proxies.flatMap(([, proxy]) => proxy.ends);
    if (ends.length > 0) console.log(`soak: streams that the server ended: ${[...new Set(ends)].join("; ")}`);
    return {
      checks: this.#checks,
      edits: this.#edits,
      troubles: { ...this.#troubles.counts, refusals, ended: ends.length, clockSteps: this.#clockSteps },
      differences: [...this.#differences, ...this.#shared.differing],
      isRunning: this.#controlPlane.isRunning(),
    };
  }

  end(): void {
    for (const [, proxy] of this.#proxies) proxy.close();
  }

  /** Edits and troubles at their pace, and the clock turned once in a while. */
  async #stir(until: number): Promise<void> {
    const started = performance.now();
    const clockEvery = ((until - started) / 3) | 0;
    let [edits, nextClock] = [0, started + clockEvery];
    while (performance.now() < until) {
      if (performance.now() >= started + (edits * 1000) / plan.editsPerSecond) {
        await this.#world.edit();
        edits += 1;
      }
      if (performance.now() >= nextClock) {
        nextClock += clockEvery;
        this.#clockSteps += 1;
        await this.#ask({ kind: "clock", offsetMs: [hour, 0, -hour][this.#clockSteps % 3] ?? 0 });
      }
      this.#troubles.maybeCause(plan.proxies);
      await sleep(20);
    }
    this.#edits += edits;
  }

  /** Lets everything come to rest, and compares every proxy with a translation of the same folder by another process. */
  async #check(atSeconds: number): Promise<void> {
    this.#troubles.end();
    const marks = await this.#world.settle();
    const started = performance.now();
    const convergedMs = await this.#converge(marks, started);
    if (atSeconds > 0) await this.#compare();
    const measure = await this.#measureAtRest();
    const streams = (await this.#controlPlane.metrics()).get("gatehouse_xds_streams") ?? 0;
    this.#checks.push({ atSeconds, convergedMs, measure, streams });
    const { heapMiB, rssMiB, files, timers } = measure;
    console.log(
      `${new Date().toISOString()} soak: ${atSeconds} s, ${this.#edits} edits, converged in ${convergedMs.toFixed(0)} ms, heap ${heapMiB.toFixed(1)} MiB, ` +
        `RSS ${rssMiB.toFixed(0)} MiB, ${files} files, ${timers} timers, ${streams} streams`,
    );
  }

  /** What is open for a moment only is waited for; what stays open is not let pass. */
  async #measureAtRest(): Promise<Measure> {
    const baseline = this.#checks[0]?.measure;
    for (let attempt = 0; ; attempt += 1) {
      await sleep(300);
      const measure = (await this.#ask({ kind: "measure" })) as Measure;
      const isCalm = baseline === undefined ? attempt === 5 : isNotMore(measure, baseline);
      if (isCalm || attempt === 30) return measure;
    }
  }

  async #converge(marks: ReadonlyMap<string, string>, started: number): Promise<number> {
    const limit = started + 60_000;
    const marked = new Map([...marks].map(([gateway, mark]) => [gateway, markedBy(mark)]));
    let waiting = this.#proxies;
    while (waiting.length > 0 && performance.now() < limit) {
      waiting = waiting.filter(
        ([gateway, proxy]) => ![...proxy.held("route").values()].some(marked.get(gateway) ?? never),
      );
      if (waiting.length > 0) await sleep(20);
    }
    for (const [gateway] of waiting) this.#differences.push(`a proxy of ${gateway} never heard of the last edit`);
    return performance.now() - started;
  }

  async #compare(): Promise<void> {
    const options = { manifests: this.#folder, bindAddress: "0.0.0.0", xds: proof };
    const fresh = await startControlPlane(options);
    const proofs = this.#world.gateways.map((gateway) => [gateway, this.#proof(gateway)] as const);
    await Promise.all(proofs.map(([, wanted]) => atRest(wanted)));
    const differences = () =>
      proofs.flatMap(([gateway, wanted]) => {
        const proxies = this.#proxies.filter(([of]) => of === gateway);
        return proxies.flatMap(([, proxy]) => differencesOf(gateway, proxy, wanted));
      });
    // Clusters stay with proxies for some seconds when nothing names them any more.
    for (let attempt = 0; attempt < 10 && differences().length > 0; attempt += 1) await sleep(1000);
    this.#differences.push(...differences());
    for (const [, wanted] of proofs) wanted.close();
    await fresh.stop("SIGKILL");
  }

  /** A proxy of the other process. */
  #proof(gateway: string): FollowingEnvoy {
    const address = `${proof.address}:${proof.port}`;
    return new FollowingEnvoy({ address, cluster: `infra/${gateway}`, nodeId: "proof", shared: this.#shared });
  }

  #proxy(gateway: string, nodeId: string): FollowingEnvoy {
    return new FollowingEnvoy({
      ...{ address: `${xds.address}:${xds.port}`, cluster: `infra/${gateway}`, nodeId, shared: this.#shared },
      refuse: (type, { bytes }) => (type === "route" && Buffer.from(bytes).includes(poison) ? "not taken" : undefined),
    });
  }

  #ask(question: ProbeQuestion): Promise<unknown> {
    return this.#controlPlane.ask(question);
  }
}

function differencesOf(gateway: string, proxy: FollowingEnvoy, wanted: FollowingEnvoy): readonly string[] {
  return resourceTypes.flatMap((type) => {
    const [present, expected] = [proxy.held(type), wanted.held(type)];
    const names = [...new Set([...present.keys(), ...expected.keys()])];
    return names.flatMap((name) => {
      const [one, other] = [present.get(name), expected.get(name)];
      if (one === other || (one && other && Buffer.compare(one.bytes, other.bytes) === 0)) return [];
      const how = one === undefined ? "is missing" : other === undefined ? "should not be there" : "differs";
      return [`${gateway}: ${type} ${name} ${how}`];
    });
  });
}

/** Proxies share what they hold: each resource is looked through once. */
function markedBy(mark: string): (resource: HeldResource) => boolean {
  const known = new WeakMap<HeldResource, boolean>();
  return (resource) => {
    const isMarked = known.get(resource) ?? Buffer.from(resource.bytes).includes(mark);
    known.set(resource, isMarked);
    return isMarked;
  };
}

function never(): boolean {
  return false;
}

/** Holds everything: nothing more has come for a while. */
async function atRest(proxy: FollowingEnvoy): Promise<void> {
  const size = () => resourceTypes.map((type) => proxy.held(type).size).join();
  for (let [before, calm] = ["", 0]; calm < 5; ) {
    await sleep(200);
    calm = before === size() && proxy.held("route").size > 0 ? calm + 1 : 0;
    before = size();
  }
}

async function main(): Promise<void> {
  const manifests = await createManifests();
  const world = new SoakWorld(manifests, { routes: plan.routes, random: createRandom(3) });
  await world.writeAll();
  // A run of minutes must have its fill of what is remembered early on, or that would look like growth.
  const ledger = plan.seconds < 7200 ? { arguments: ["--ledger-entries", "100"] } : {};
  const options = { manifests: manifests.path, bindAddress: "0.0.0.0", xds, preload: probe, ...ledger };
  const controlPlane = await startControlPlane(options);
  // What is away at every look is away here too: who has left a hostname holds it for hours.
  await world.settle();
  await sleep(3000);
  const measure = async () => (await controlPlane.ask({ kind: "measure" })) as Measure;
  const before = await measure();
  const soak = new Soak({ world, controlPlane, folder: manifests.path });
  const report = await soak.run();
  soak.end();
  await sleep(3000);
  const streams = (await controlPlane.metrics()).get("gatehouse_xds_streams") ?? 0;
  const empty = { before, after: await measure(), streams };
  await controlPlane.stop();
  await manifests.end();
  process.send?.({ ...report, empty }, () => process.exit());
}

process.on("disconnect", () => process.exit(1));
process.on("unhandledRejection", (error) => {
  console.error(error);
  process.exit(1);
});
await main();
