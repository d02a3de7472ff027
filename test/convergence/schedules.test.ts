import { expect, it } from "vitest";
import { createRandom, type Random } from "../decide/random.ts";
import { edge, ModelWorld, markedRoute, openGateway, routeKey, second } from "./model-world.ts";

const names = ["a", "b", "c", "d", "e"];
const hosts = ["one.example.com", "two.example.com", "three.example.com", "*.example.com"];

/** What may happen, one thing after the other, without anybody waiting for anybody. */
class Schedule {
  readonly world: ModelWorld;
  readonly #random: Random;
  readonly #generations = new Map<string, number>();

  constructor(random: Random, mostFollowed: number, crowd: number) {
    this.world = new ModelWorld({ mostFollowed });
    this.#random = random;
    this.world.apply([openGateway("edge", [80]), openGateway("second", [80])].join("\n---\n"));
    for (let index = 0; index < crowd; index += 16) this.#crowd(index);
    for (const name of names) this.#edit(name);
    this.world.flush();
    for (const gateway of [edge, edge, second]) this.world.connect(gateway);
  }

  step(): void {
    const { world } = this;
    const random = this.#random;
    const deed = random.below(10);
    if (deed < 3) {
      this.#edit(random.pick(names));
      // Several changes may be one publication.
      if (random.chance(80)) world.flush();
    } else if (deed === 3) {
      world.translator.delete("HTTPRoute", routeName(random.pick(names)));
      world.flush();
    } else if (deed === 4) {
      this.#edit("edge");
      world.flush();
    } else if (deed < 9 && world.proxies.length > 0) {
      const percent = random.pick([10, 50, 100]);
      random.pick(world.proxies).acknowledge(world.table, () => random.chance(percent));
    } else this.#reconnect();
  }

  /** What is said has to be true, at every moment. */
  check(): void {
    for (const name of names) {
      const route = routeKey(name);
      for (const { gateway, connected, acknowledged } of this.world.counts(route).gateways) {
        const proxies = this.world.proxies.filter((proxy) => proxy.gateway === gateway);
        expect(connected).toBe(proxies.length);
        const true_ = proxies.filter((proxy) => this.world.hasRoute(proxy, route)).length;
        expect(acknowledged, `${name} on ${gateway}`).toBeLessThanOrEqual(true_);
        claims += 1;
        said += acknowledged;
        have += true_;
      }
    }
  }

  #reconnect(): void {
    const { world } = this;
    const [proxy, gateway] = [world.proxies[this.#random.below(4)], this.#random.pick([edge, second])];
    if (proxy !== undefined) world.disconnect(proxy);
    // With the versions of before, or with nothing.
    world.connect(proxy?.gateway ?? gateway, this.#random.chance(50) ? proxy?.held : undefined);
  }

  #edit(name: string): void {
    const random = this.#random;
    const generation = (this.#generations.get(name) ?? 0) + 1;
    this.#generations.set(name, generation);
    const gateways = random.some(["edge", "second"], 0, 2);
    const own = { hosts: random.some(hosts, 1, 3), gateways: gateways.length === 0 ? ["nobody"] : gateways };
    // Half of the edits come to what was there before.
    const mark = random.chance(50) ? "same" : `${name}${generation}`;
    if (name === "edge") this.world.apply(openGateway("edge", [80, ...random.some([8080, 8081], 0, 2)]), generation);
    else this.world.apply(markedRoute(name, { ...own, mark }), generation);
  }

  #crowd(first: number): void {
    const many = Array.from({ length: 16 }, (_, index) => `host-${first + index}.example.org`);
    this.world.apply(markedRoute(`crowd-${first}`, { hosts: many, gateways: ["edge"], mark: "crowd" }));
  }
}

let claims = 0;
let said = 0;
let have = 0;

function routeName(name: string) {
  return routeKey(name).slice("HTTPRoute/".length) as ReturnType<typeof routeKey> & typeof edge;
}

it.each([
  { what: "with all objects followed", mostFollowed: 1_000, crowd: 0, seeds: 40 },
  { what: "with few objects followed", mostFollowed: 2, crowd: 0, seeds: 40 },
  { what: "with tables cut by hostname", mostFollowed: 1_000, crowd: 528, seeds: 4 },
])(
  "never says that a proxy has what it has not, and ends with all, $what",
  ({ mostFollowed, crowd, seeds }) => {
    [claims, said, have] = [0, 0, 0];
    for (let seed = 1; seed <= seeds; seed += 1) {
      const schedule = new Schedule(createRandom(seed), mostFollowed, crowd);
      for (let step = 0; step < 60; step += 1) {
        schedule.step();
        schedule.check();
      }
      schedule.world.flush();
      schedule.world.settle();
      for (const name of names) {
        for (const { connected, acknowledged } of schedule.world.counts(routeKey(name)).gateways) {
          expect(acknowledged, `${name}, seed ${seed}`).toBe(connected);
        }
      }
    }
    // Silence would be true too.
    expect(said).toBeGreaterThan(claims / 4);
    expect(said).toBeGreaterThan(have * 0.6);
  },
  120_000,
);
