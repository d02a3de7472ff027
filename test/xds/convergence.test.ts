import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import type { ResourceType, XdsResource } from "../../src/core/xds-resource.ts";
import { AdsStream } from "../../src/xds/ads-stream.ts";
import { deltaVariant } from "../../src/xds/delta-stream.ts";
import { FleetMemory } from "../../src/xds/fleet-memory.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { sotwVariant } from "../../src/xds/sotw-stream.ts";
import type { Outlet, StreamOptions } from "../../src/xds/stream-options.ts";
import { EnvoyModel, type ModelContent } from "./envoy-model.ts";
import type { Transport } from "./fake-envoy.ts";
import { resourceOf } from "./resources.ts";

const gateway = namespacedName("infra", "gateway");

const patienceMs = 1_000_000;

/** What a schedule may contain. Each adds a trouble to the one before. */
const settings = [
  { transport: "delta", warms: true, refusals: false, reconnects: false },
  { transport: "delta", warms: false, refusals: false, reconnects: false },
  { transport: "delta", warms: true, refusals: true, reconnects: false },
  { transport: "delta", warms: true, refusals: false, reconnects: true },
  { transport: "delta", warms: true, refusals: true, reconnects: true },
  { transport: "sotw", warms: true, refusals: false, reconnects: false },
  { transport: "sotw", warms: false, refusals: false, reconnects: false },
  { transport: "sotw", warms: true, refusals: true, reconnects: true },
] as const satisfies readonly Setting[];

interface Setting {
  readonly transport: Transport;
  readonly warms: boolean;
  readonly refusals: boolean;
  readonly reconnects: boolean;
}

describe.each(settings)(
  "any schedule of $transport (warms: $warms, refusals: $refusals, reconnects: $reconnects)",
  (setting) => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it("ends with the client holding the table, and no table ever names a cluster that cannot be used", async () => {
      const decisions = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 50, maxLength: 400, size: "max" });
      await fc.assert(
        fc.asyncProperty(decisions, (numbers) => runSchedule(setting, numbers)),
        { numRuns: 150, endOnFailure: process.env["SHRINK"] === undefined },
      );
    });
  },
);

async function runSchedule(setting: Setting, numbers: readonly number[]): Promise<void> {
  const run = new Schedule(setting, numbers);
  while (!run.isOver) {
    run.step();
    await Promise.resolve();
  }
  await run.drain();
  expect(run.held()).toEqual(run.wanted());
  run.close();
}

/** The Gateway's configuration as a user edits it; it is consistent after every edit. */
interface Config {
  readonly clusters: Map<string, number>;
  readonly endpoints: Map<string, number>;
  readonly routes: Map<string, ModelContent>;
  scoped: boolean;
}

class Schedule {
  readonly #setting: Setting;
  readonly #numbers: readonly number[];
  readonly #table = new ResourceTable();
  readonly #memory = new FleetMemory(substitute);
  readonly #client: EnvoyModel;
  readonly #config: Config = { clusters: new Map(), endpoints: new Map(), routes: new Map(), scoped: false };
  #position = 0;
  #tags = 0;
  #streams = 0;
  #stream: { receive(bytes: Uint8Array): void; close(): void } | undefined;
  /** Messages on their way to the client, and the writes that wait to be reported done. */
  #inbox: Uint8Array[] = [];
  #writes: (() => void)[] = [];

  constructor(setting: Setting, numbers: readonly number[]) {
    this.#setting = setting;
    this.#numbers = numbers;
    const { transport, warms } = setting;
    this.#client = new EnvoyModel({ transport, warms, choose: (below) => this.#choose(below) });
    this.#table.addFleet(gateway);
    this.#publish();
    this.#table.markReady();
    this.#connect();
  }

  get isOver(): boolean {
    return this.#position >= this.#numbers.length;
  }

  /** Lets one thing happen. */
  step(): void {
    const what = this.#choose(this.#setting.reconnects ? 21 : 20);
    if (what === 20) this.#connect();
    else if (what < 5) this.#edit();
    else if (what < 10) this.#deliver();
    else if (what < 15) this.#hear();
    else this.#writes.shift()?.();
  }

  /** Lets everything that is on its way happen. */
  async drain(): Promise<void> {
    for (let round = 0; round < 5_000; round += 1) {
      await Promise.resolve();
      const isQuiet = this.#inbox.length + this.#writes.length + this.#client.outbox.length === 0;
      // State of the world cannot say that the endpoints of a cluster that is gone do not exist.
      if (isQuiet && !(this.#setting.transport === "sotw" && this.#client.timeOut()) && !this.#passTime()) return;
      this.#writes.shift()?.();
      this.#deliver();
      this.#hear();
    }
    throw new Error("it never comes to rest");
  }

  /** Only a client that connects again may leave the server waiting in vain: for scopes, which it need not have. */
  #passTime(): boolean {
    if (!this.#setting.reconnects || vi.getTimerCount() === 0) return false;
    vi.advanceTimersByTime(patienceMs);
    return true;
  }

  held(): object {
    return describeAll((type) => this.#client.applied(type));
  }

  wanted(): object {
    const snapshot = this.#table.snapshot(gateway);
    const content = ({ bytes }: XdsResource): ModelContent => JSON.parse(Buffer.from(bytes).toString());
    return describeAll((type) => {
      const entries = [...snapshot[type]].map(([name, one]) => {
        const wanted = content(one).bad === true ? (substitute(one) ?? one) : one;
        return [name, content(wanted)] as const;
      });
      return new Map(entries);
    });
  }

  close(): void {
    this.#stream?.close();
  }

  #connect(): void {
    this.#stream?.close();
    this.#inbox = [];
    this.#writes = [];
    const [inbox, writes] = [this.#inbox, this.#writes];
    const outlet: Outlet = {
      write: (message, done) => {
        inbox.push(message);
        writes.push(done);
      },
      end: (reason, message) => {
        throw new Error(`${reason}: ${message}`);
      },
    };
    this.#streams += 1;
    const options: StreamOptions = {
      id: String(this.#streams),
      table: this.#table,
      log: {
        info: () => {},
        warn: () => {},
        error: (fields) => {
          throw new Error("a stream failed", { cause: fields });
        },
      },
      metrics: { responseSent: () => {}, nack: () => {}, streamOpened: () => {}, streamClosed: () => {} },
      clock: () => 0,
      patienceMs,
      admit: () => ({ kind: "admitted", gateway }),
      memoryOf: () => this.#memory,
      onProgress: () => {},
    };
    this.#stream =
      this.#setting.transport === "delta"
        ? new AdsStream(deltaVariant, outlet, options)
        : new AdsStream(sotwVariant, outlet, options);
    this.#client.connect();
  }

  #deliver(): void {
    const message = this.#inbox.shift();
    if (message === undefined) return;
    this.#client.receive(message);
    // State of the world cannot know which clusters a client that connects again still uses.
    if (this.#setting.transport === "sotw" && this.#setting.reconnects) return;
    expect(this.#client.dangling()).toEqual([]);
  }

  #hear(): void {
    const request = this.#client.outbox.shift();
    if (request !== undefined) this.#stream?.receive(request);
  }

  #edit(): void {
    const { clusters, endpoints, routes } = this.#config;
    const cluster = `c${this.#choose(5)}`;
    const route = `r${this.#choose(6)}`;
    const isUsed = [...routes.values()].some((one) => one.cluster === cluster);
    this.#tags += 1;
    switch (this.#choose(7)) {
      case 0:
        clusters.set(cluster, this.#tags);
        endpoints.set(cluster, endpoints.get(cluster) ?? this.#tags);
        break;
      case 1:
        if (!isUsed) {
          clusters.delete(cluster);
          endpoints.delete(cluster);
        }
        break;
      case 2:
        if (endpoints.has(cluster)) endpoints.set(cluster, this.#tags);
        break;
      case 3:
        routes.delete(route);
        break;
      case 4:
        this.#config.scoped = !this.#config.scoped;
        break;
      default:
        this.#move(route, cluster);
    }
    this.#publish();
  }

  /** Points a table to a cluster, which is made if it is not there; the one that it leaves may go in the same edit. */
  #move(route: string, cluster: string): void {
    const { clusters, endpoints, routes } = this.#config;
    const left = routes.get(route)?.cluster;
    const bad = this.#setting.refusals && this.#choose(4) === 0;
    routes.set(route, { name: route, tag: this.#tags, cluster, ...(bad && { bad }) });
    if (!clusters.has(cluster)) clusters.set(cluster, this.#tags);
    if (!endpoints.has(cluster)) endpoints.set(cluster, this.#tags);
    if (left === undefined || [...routes.values()].some((one) => one.cluster === left)) return;
    clusters.delete(left);
    endpoints.delete(left);
  }

  /** Prints the configuration: one listener that names every table, or one scope for each. */
  #publish(): void {
    const { clusters, endpoints, routes, scoped } = this.#config;
    const names = [...routes.keys()].sort();
    const contents: readonly (readonly [ResourceType, ModelContent])[] = [
      ...[...clusters].map(([name, tag]) => ["cluster", { name, tag }] as const),
      ...[...endpoints].map(([name, tag]) => ["endpoint", { name, tag }] as const),
      ["listener", { name: "l", tag: 0, scoped, routes: scoped ? [] : names }],
      ...(scoped ? names.map((name) => ["scope", { name: `s/${name}`, tag: 0, routes: [name] }] as const) : []),
      ...[...routes.values()].map((route) => ["route", route] as const),
    ];
    const present = new Set(contents.map(([type, { name }]) => `${type} ${name}`));
    const snapshot = this.#table.snapshot(gateway);
    const gone = (Object.keys(snapshot) as ResourceType[]).flatMap((type) =>
      [...snapshot[type].keys()]
        .filter((name) => !present.has(`${type} ${name}`))
        .map((name) => ({ type, name, resource: undefined })),
    );
    const changes = contents.map(([type, content]) => ({ type, name: content.name, resource: print(type, content) }));
    this.#table.update(gateway, [...changes, ...gone]);
  }

  #choose(below: number): number {
    const number = this.#numbers[this.#position % this.#numbers.length] ?? 0;
    this.#position += 1;
    return number % below;
  }
}

function print(type: ResourceType, content: ModelContent): XdsResource {
  return resourceOf(type, content.name, Buffer.from(JSON.stringify(content)));
}

function substitute(refused: XdsResource): XdsResource | undefined {
  return refused.type === "route" ? print("route", { name: refused.name, tag: -1 }) : undefined;
}

function describeAll(of: (type: ResourceType) => ReadonlyMap<string, ModelContent>): object {
  const types = ["cluster", "endpoint", "listener", "scope", "route"] as const;
  return Object.fromEntries(
    types.map((type) => [type, [...of(type).values()].map((one) => JSON.stringify(one)).sort()]),
  );
}
