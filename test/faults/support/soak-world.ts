import { gatewayOf, type Manifests, namespace, platform, type RuleFields, route, service } from "./manifests.ts";

/** One Gateway has most of the routes, so that its table is cut by hostname; the tables of the others are whole. */
const gateways = ["shared", "north", "east", "south", "west"] as const;
const shareOfFirst = 0.8;
const services = 100;
/** At every look so many are away: what was removed has to be gone. */
const awayAtRest = 5;

/** A header that no fake proxy takes: a route that asks for it is refused by all. */
export const poison = "x-poison";

interface RouteState {
  readonly gateway: string;
  revision: number;
  isPoisoned: boolean;
}

/** Thousands of routes, edited at random. Every edit is one that a user may make, but the poison, which is healed later. */
export class SoakWorld {
  readonly #manifests: Manifests;
  readonly #random: () => number;
  readonly #routes = new Map<number, RouteState>();
  /** Routes that are away for a while. Who held a hostname holds it on for hours: new names without end would pile up. */
  readonly #absent = new Map<number, RouteState>();
  #revisions = 0;

  constructor(manifests: Manifests, { routes, random }: { readonly routes: number; readonly random: () => number }) {
    this.#manifests = manifests;
    this.#random = random;
    for (let index = 0; index < routes; index += 1) this.#routes.set(index, this.#newRoute(index / routes));
  }

  get gateways(): readonly string[] {
    return gateways;
  }

  async writeAll(): Promise<void> {
    const port = { name: "http", port: 8080 };
    const others = gateways.slice(1).map((name) => gatewayOf(name, port));
    await this.#manifests.write("platform.yaml", ...platform(gateways[0], port), ...others, namespace("shop"));
    for (let index = 0; index < services; index += 1) await this.#writeService(index);
    for (const index of this.#routes.keys()) await this.#writeRoute(index);
  }

  /** One edit of any kind. */
  async edit(): Promise<void> {
    const [index, state] = this.#any();
    const what = this.#random();
    if (what < 0.25) return this.#writeService(Math.floor(this.#random() * services));
    if (what < 0.3) return this.#remove(index, state);
    if (what < 0.35) return this.#addAbsent();
    state.isPoisoned = what > 0.97;
    await this.#writeRoute(index);
  }

  /** Takes all poison away, brings back what is away but for a few that go now, and writes one mark for each Gateway; every proxy that is up to date holds its mark. */
  async settle(): Promise<ReadonlyMap<string, string>> {
    while (this.#absent.size > 0) await this.#addAbsent();
    for (const [index, state] of this.#routes) {
      if (!state.isPoisoned) continue;
      state.isPoisoned = false;
      await this.#writeRoute(index);
    }
    while (this.#absent.size < awayAtRest) await this.#remove(...this.#any());
    const marks = new Map<string, string>();
    for (const gateway of gateways) {
      const [index] = [...this.#routes].find(([, state]) => state.gateway === gateway) ?? [0];
      await this.#writeRoute(index);
      marks.set(gateway, this.#pathOf(index));
    }
    return marks;
  }

  async #remove(index: number, state: RouteState): Promise<void> {
    this.#routes.delete(index);
    this.#absent.set(index, state);
    await this.#manifests.remove(`route-${index}.yaml`);
  }

  async #addAbsent(): Promise<void> {
    const [first] = this.#absent;
    if (first === undefined) return;
    const [index, state] = first;
    this.#absent.delete(index);
    this.#routes.set(index, { ...state, isPoisoned: false });
    await this.#writeRoute(index);
  }

  #newRoute(position: number): RouteState {
    const rest = gateways.slice(1);
    const other = rest[Math.floor(((position - shareOfFirst) / (1 - shareOfFirst)) * rest.length)];
    return { gateway: position < shareOfFirst ? gateways[0] : (other ?? gateways[0]), revision: 0, isPoisoned: false };
  }

  #any(): readonly [number, RouteState] {
    const all = [...this.#routes];
    const found = all[Math.floor(this.#random() * all.length)];
    if (found === undefined) throw new Error("there is no route");
    return found;
  }

  async #writeRoute(index: number): Promise<void> {
    const state = this.#routes.get(index);
    if (state === undefined) return;
    this.#revisions += 1;
    state.revision = this.#revisions;
    const backend = () => `service-${Math.floor(this.#random() * services)}`;
    const rules: readonly RuleFields[] = [
      { path: this.#pathOf(index), backend: backend(), ...(state.isPoisoned && { header: poison }) },
      { path: "/other", backend: backend() },
    ];
    const host = `app-${index}.example.com`;
    await this.#manifests.write(
      `route-${index}.yaml`,
      route(`route-${index}`, { host, gateway: state.gateway, rules }),
    );
  }

  #pathOf(index: number): string {
    return `/revision-${this.#routes.get(index)?.revision ?? 0}-of-it`;
  }

  async #writeService(index: number): Promise<void> {
    const first = 1 + Math.floor(this.#random() * 200);
    const addresses = [0, 1, 2].map((offset) => `192.0.2.${first + offset}`);
    await this.#manifests.write(`service-${index}.yaml`, ...service(`service-${index}`, { addresses, port: 8080 }));
  }
}
