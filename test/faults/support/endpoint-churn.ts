import { setTimeout as sleep } from "node:timers/promises";
import type { Backends } from "./backends.ts";
import { endpointSlice, type Manifests, route, service } from "./manifests.ts";

/** How long after it is gone an endpoint may still be asked. */
const patienceMs = 2000;

/** A request that an endpoint got long after it was gone. */
export interface LateRequest {
  readonly endpoint: string;
  readonly afterMs: number;
}

export interface ChurnOptions {
  readonly manifests: Manifests;
  /** More than an endpoint each: those that are not in use are the next to be used. */
  readonly backends: Backends;
  readonly services: number;
  readonly endpointsEach: number;
}

/** Services whose endpoints come and go, one at a time, as pods do; each has a route of its own. */
export class EndpointChurn {
  readonly #options: ChurnOptions;
  /** The first address of each Service in the ring of all addresses; the others follow it. */
  readonly #first: number[];
  /** When an endpoint went, by `host address`. */
  readonly #gone = new Map<string, number>();
  readonly #late = new Map<string, number>();
  #changes = 0;
  #isOver = false;

  constructor(options: ChurnOptions) {
    this.#options = options;
    this.#first = Array.from({ length: options.services }, (_, index) => index);
  }

  get hosts(): readonly string[] {
    return this.#first.map((_, index) => hostOf(index));
  }

  /** Writes all routes and Services. */
  async writeAll(): Promise<void> {
    const { manifests, backends } = this.#options;
    for (const index of this.#first.keys()) {
      const rules = [{ path: "/", backend: nameOf(index) }];
      const [object] = service(nameOf(index), { addresses: [], port: backends.port });
      await manifests.write(`${nameOf(index)}.yaml`, route(nameOf(index), { host: hostOf(index), rules }), object);
      await this.#writeEndpoints(index);
    }
  }

  /** Replaces endpoints at a steady pace, until it is stopped. */
  start(perSecond: number): { stop(): Promise<{ readonly changes: number; readonly late: readonly LateRequest[] }> } {
    const [began, before] = [performance.now(), this.#changes];
    this.#isOver = false;
    const changing = (async () => {
      while (!this.#isOver) {
        const due = before + ((performance.now() - began) * perSecond) / 1000;
        if (this.#changes < due) await this.#change();
        else await sleep(5);
      }
    })();
    const watching = this.#watch();
    return {
      stop: async () => {
        this.#isOver = true;
        await Promise.all([changing, watching]);
        const late = [...this.#late].map(([endpoint, afterMs]) => ({ endpoint, afterMs }));
        return { changes: this.#changes - before, late };
      },
    };
  }

  /** One endpoint goes and another one comes. */
  async #change(): Promise<void> {
    const { services, endpointsEach } = this.#options;
    const index = (this.#changes * 7) % services;
    this.#changes += 1;
    const first = this.#first[index] ?? 0;
    this.#first[index] = first + 1;
    this.#gone.delete(`${hostOf(index)} ${this.#address(first + endpointsEach)}`);
    await this.#writeEndpoints(index);
    this.#gone.set(`${hostOf(index)} ${this.#address(first)}`, Date.now());
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      await sleep(500);
      for (const [endpoint, seen] of await this.#options.backends.lastSeen()) {
        const gone = this.#gone.get(endpoint);
        if (gone !== undefined && seen > gone + patienceMs) this.#late.set(endpoint, seen - gone);
      }
    }
  }

  async #writeEndpoints(index: number): Promise<void> {
    const { manifests, backends, endpointsEach } = this.#options;
    const first = this.#first[index] ?? 0;
    const addresses = Array.from({ length: endpointsEach }, (_, offset) => this.#address(first + offset));
    await manifests.write(
      `${nameOf(index)}-endpoints.yaml`,
      endpointSlice(nameOf(index), { addresses, port: backends.port }),
    );
  }

  #address(position: number): string {
    const { addresses } = this.#options.backends;
    return addresses[position % addresses.length] ?? "";
  }
}

function nameOf(index: number): string {
  return `churn-${index}`;
}

function hostOf(index: number): string {
  return `churn-${index}.example.com`;
}
