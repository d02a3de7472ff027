import { expect, vi } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import type { ResourceType, XdsResource } from "../../src/core/xds-resource.ts";
import { AdsStream } from "../../src/xds/ads-stream.ts";
import { type Culprit, type ResourceParts, splitOnce } from "../../src/xds/culprit.ts";
import { deltaVariant } from "../../src/xds/delta-stream.ts";
import { FleetMemory } from "../../src/xds/fleet-memory.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { sotwVariant } from "../../src/xds/sotw-stream.ts";
import type { Outlet, StreamOptions } from "../../src/xds/stream-options.ts";
import { EnvoyModel, type ModelContent, type ModelPart } from "./envoy-model.ts";
import type { Transport } from "./fake-envoy.ts";
import { resourceOf } from "./resources.ts";

const gateway = namespacedName("infra", "gateway");

const patienceMs = 1_000_000;
const stuckMs = 1_000_000_000;

/** What a schedule may contain. Each adds a trouble to the one before. */
export const settings = [
  { transport: "delta", warms: true, refusals: false, reconnects: false, proxies: 1 },
  { transport: "delta", warms: false, refusals: false, reconnects: false, proxies: 1 },
  { transport: "delta", warms: true, refusals: true, reconnects: false, proxies: 1 },
  { transport: "delta", warms: true, refusals: true, reconnects: false, proxies: 2 },
  { transport: "delta", warms: true, refusals: false, reconnects: true, proxies: 1 },
  { transport: "delta", warms: true, refusals: true, reconnects: true, proxies: 2 },
  { transport: "sotw", warms: true, refusals: false, reconnects: false, proxies: 1 },
  { transport: "sotw", warms: false, refusals: false, reconnects: false, proxies: 1 },
  { transport: "sotw", warms: true, refusals: true, reconnects: true, proxies: 1 },
] as const satisfies readonly Setting[];

export interface Setting {
  readonly transport: Transport;
  readonly warms: boolean;
  readonly refusals: boolean;
  readonly reconnects: boolean;
  readonly proxies: number;
}

/** What happened in some schedules. */
export interface Totals {
  schedules: number;
  steps: number;
  edits: number;
  pushes: number;
  refusals: number;
  culprits: number;
  reconnects: number;
  restarts: number;
  cut: number;
}

export function noTotals(): Totals {
  const none = { schedules: 0, steps: 0, edits: 0, pushes: 0, refusals: 0, culprits: 0, reconnects: 0 };
  return { ...none, restarts: 0, cut: 0 };
}

/** Runs one schedule to its end. Timers must be faked. */
export async function runSchedule(setting: Setting, numbers: readonly number[], totals: Totals): Promise<void> {
  totals.schedules += 1;
  const run = new Schedule(setting, numbers, totals);
  while (!run.isOver) {
    run.step();
    await Promise.resolve();
  }
  await run.settle();
  for (const held of run.held()) expect(held).toEqual(run.wanted());
  run.close();
}

/** The Gateway's configuration as a user edits it; it is consistent after every edit. */
interface Config {
  readonly clusters: Map<string, { readonly tag: number; readonly bad?: boolean }>;
  readonly endpoints: Map<string, number>;
  readonly routes: Map<
    string,
    { readonly tag: number; readonly parts: Map<string, ModelPart>; readonly bad?: boolean }
  >;
  /** Ports with a listener of their own: for requests, or for connections that go to a cluster. */
  readonly ports: Map<number, { readonly tag: number; readonly cluster?: string; readonly bad?: boolean }>;
  /** Parts that answer by themselves because a proxy refused them. */
  readonly quarantined: Set<string>;
  scoped: boolean;
}

/** A message, with the clusters that were known to be refused when it was sent. */
interface Sent {
  readonly message: Uint8Array;
  readonly refusedClusters: ReadonlySet<string>;
}

/** One proxy with its connection. */
interface Proxy {
  client: EnvoyModel;
  stream: { receive(bytes: Uint8Array): void; close(): void } | undefined;
  /** Messages on their way to the client, and the writes that wait to be reported done. */
  inbox: Sent[];
  writes: (() => void)[];
}

class Schedule {
  readonly #setting: Setting;
  readonly #numbers: readonly number[];
  readonly #totals: Totals;
  readonly #table = new ResourceTable();
  readonly #memory = new FleetMemory();
  readonly #split = splitOnce(splitModel);
  readonly #proxies: readonly Proxy[];
  readonly #config: Config = {
    clusters: new Map(),
    endpoints: new Map(),
    routes: new Map(),
    ports: new Map(),
    quarantined: new Set(),
    scoped: false,
  };
  #culprits: Culprit[] = [];
  #position = 0;
  #tags = 0;
  #streams = 0;

  constructor(setting: Setting, numbers: readonly number[], totals: Totals) {
    this.#setting = setting;
    this.#numbers = numbers;
    this.#totals = totals;
    this.#table.addFleet(gateway);
    this.#publish();
    this.#table.markReady();
    this.#proxies = Array.from({ length: setting.proxies }, (_, index) => {
      return { client: this.#client(index), stream: undefined, inbox: [], writes: [] };
    });
    for (const proxy of this.#proxies) this.#connect(proxy);
  }

  get isOver(): boolean {
    return this.#position >= this.#numbers.length;
  }

  /** Lets one thing happen. */
  step(): void {
    this.#totals.steps += 1;
    const proxy = this.#proxies[this.#choose(this.#proxies.length)];
    const what = this.#choose(this.#setting.reconnects ? 22 : 21);
    if (proxy === undefined) return;
    if (what === 21) this.#disconnect(proxy);
    else if (what < 5) this.#edit();
    else if (what < 10) this.#deliver(proxy);
    else if (what < 15) this.#hear(proxy);
    else if (what < 20) proxy.writes.shift()?.();
    else this.#quarantine();
  }

  /** Lets everything that is on its way happen, until the user has mended what no part is to blame for. */
  async settle(): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      await this.#drain();
      if (!this.#quarantine() && !this.#mend()) return;
    }
    throw new Error("there is no end to what is refused");
  }

  held(): readonly object[] {
    return this.#proxies.map(({ client }) => describeAll((type) => client.applied(type)));
  }

  wanted(): object {
    const snapshot = this.#table.snapshot(gateway);
    return describeAll((type) => new Map([...snapshot[type]].map(([name, one]) => [name, contentOf(one)])));
  }

  close(): void {
    for (const { stream } of this.#proxies) stream?.close();
  }

  async #drain(): Promise<void> {
    for (let round = 0; round < 5_000; round += 1) {
      await Promise.resolve();
      if (this.#proxies.every((proxy) => this.#isQuiet(proxy)) && !this.#passTime()) return;
      for (const proxy of this.#proxies) {
        proxy.writes.shift()?.();
        this.#deliver(proxy);
        this.#hear(proxy);
      }
    }
    throw new Error("it never comes to rest");
  }

  #isQuiet({ inbox, writes, client }: Proxy): boolean {
    if (inbox.length + writes.length + client.outbox.length > 0) return false;
    // State of the world cannot say that the endpoints of a cluster that is gone do not exist.
    return !(this.#setting.transport === "sotw" && client.timeOut());
  }

  /** Only a client that connects again may leave the server waiting in vain: for scopes, which it need not have. */
  #passTime(): boolean {
    if (!this.#setting.reconnects || vi.getTimerCount() === 0) return false;
    vi.advanceTimersByTime(patienceMs);
    return true;
  }

  #client(index: number): EnvoyModel {
    const { transport, warms } = this.#setting;
    return new EnvoyModel({ transport, warms, nodeId: `model-${index}`, choose: (below) => this.#choose(below) });
  }

  /** Breaks a connection; the proxy behind it may be another one by then, or the stream may be too slow to be kept. */
  #disconnect(proxy: Proxy): void {
    this.#totals.reconnects += 1;
    const how = this.#choose(6);
    if (how === 0) {
      this.#totals.restarts += 1;
      proxy.client = this.#client(this.#proxies.indexOf(proxy));
    }
    if (how === 1) this.#passLongTime(proxy);
    this.#connect(proxy);
  }

  /** What the others have asked for arrives before the server's patience ends. */
  #passLongTime(proxy: Proxy): void {
    for (const other of this.#proxies) while (other !== proxy && other.client.outbox.length > 0) this.#hear(other);
    vi.advanceTimersByTime(3 * stuckMs);
  }

  #connect(proxy: Proxy): void {
    proxy.stream?.close();
    proxy.inbox = [];
    proxy.writes = [];
    const { inbox, writes } = proxy;
    const outlet: Outlet = {
      write: (message, done) => {
        this.#totals.pushes += 1;
        inbox.push({ message, refusedClusters: this.#findRefusedClusters() });
        writes.push(done);
      },
      admits: () => true,
      answered: () => {},
      end: (reason, message) => {
        if (reason !== "unavailable") throw new Error(`${reason}: ${message}`);
        this.#totals.cut += 1;
        this.#connect(proxy);
      },
    };
    const options = this.#options();
    proxy.stream =
      this.#setting.transport === "delta"
        ? new AdsStream(deltaVariant, outlet, options)
        : new AdsStream(sotwVariant, outlet, options);
    proxy.client.connect();
  }

  #options(): StreamOptions {
    this.#streams += 1;
    const nothing = () => {};
    return {
      id: String(this.#streams),
      table: this.#table,
      log: {
        info: nothing,
        warn: nothing,
        error: (fields) => {
          throw new Error("a stream failed", { cause: fields });
        },
      },
      metrics: {
        responseSent: nothing,
        nack: nothing,
        streamOpened: nothing,
        streamClosed: nothing,
        streamStuck: nothing,
        streamFree: nothing,
      },
      clock: () => 0,
      patienceMs,
      stuckMs,
      split: this.#split,
      onCulprit: (culprit) => {
        this.#totals.culprits += 1;
        this.#culprits.push(culprit);
      },
      admit: () => ({ kind: "admitted", gateway }),
      memoryOf: () => this.#memory,
      onProgress: nothing,
    };
  }

  #deliver({ inbox, client }: Proxy): void {
    const sent = inbox.shift();
    if (sent === undefined) return;
    const before = client.refusals;
    client.receive(sent.message, sent.refusedClusters);
    this.#totals.refusals += client.refusals - before;
    // State of the world cannot know which clusters a client that connects again still uses.
    if (this.#setting.transport === "sotw" && this.#setting.reconnects) return;
    expect(client.dangling()).toEqual([]);
  }

  #findRefusedClusters(): ReadonlySet<string> {
    const { cluster: clusters } = this.#table.snapshot(gateway);
    const refused = [...clusters.values()].filter((one) => this.#memory.isRefused(one));
    return new Set(refused.map(({ name }) => name));
  }

  #hear({ client, stream }: Proxy): void {
    const request = client.outbox.shift();
    if (request !== undefined) stream?.receive(request);
  }

  /** Prints what was found to be bad as something that is good; returns whether there was anything. */
  #quarantine(): boolean {
    const culprits = this.#culprits.splice(0);
    for (const { resource, part } of culprits) {
      if (part !== undefined) this.#config.quarantined.add(`${resource.name} ${part.id} ${part.hashes.join()}`);
    }
    if (culprits.length > 0) this.#publish();
    return culprits.length > 0;
  }

  #mend(): boolean {
    const { clusters, routes, ports } = this.#config;
    const bad = [...clusters, ...routes, ...ports].filter(([, one]) => one.bad === true);
    for (const maps of [clusters, routes, ports] as Map<unknown, object>[]) {
      for (const [name, one] of maps) if ("bad" in one) maps.set(name, { ...one, bad: undefined });
    }
    if (bad.length > 0) this.#publish();
    return bad.length > 0;
  }

  #edit(): void {
    this.#totals.edits += 1;
    const { clusters, endpoints, routes } = this.#config;
    const cluster = `c${this.#choose(5)}`;
    const route = `r${this.#choose(5)}`;
    this.#tags += 1;
    switch (this.#choose(12)) {
      case 0:
        clusters.set(cluster, { tag: this.#tags, ...this.#fault(6) });
        endpoints.set(cluster, endpoints.get(cluster) ?? this.#tags);
        break;
      case 1:
        this.#dropUnused(cluster);
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
      case 5:
        routes.set(route, { tag: this.#tags, parts: routes.get(route)?.parts ?? new Map(), ...this.#fault(3) });
        break;
      case 6:
      case 7:
        this.#editPort(this.#choose(3), cluster);
        break;
      default:
        for (let count = this.#choose(3); count >= 0; count -= 1) this.#editPart(route, `c${this.#choose(5)}`);
    }
    this.#publish();
  }

  /** Makes a port one for connections, which go to a cluster, or one for requests, or takes it away. */
  #editPort(port: number, cluster: string): void {
    const { clusters, endpoints, ports } = this.#config;
    const left = ports.get(port)?.cluster;
    switch (this.#choose(4)) {
      case 0:
        ports.delete(port);
        break;
      case 1:
        ports.set(port, { tag: this.#tags, ...this.#fault(6) });
        break;
      default:
        ports.set(port, { tag: this.#tags, cluster, ...this.#fault(6) });
        if (!clusters.has(cluster)) clusters.set(cluster, { tag: this.#tags });
        if (!endpoints.has(cluster)) endpoints.set(cluster, this.#tags);
    }
    if (left !== undefined && this.#choose(2) === 0) this.#dropUnused(left);
  }

  /** Points a part of a table to a cluster, which is made if it is not there; the one that it leaves may go in the same edit. */
  #editPart(name: string, cluster: string): void {
    const { clusters, endpoints, routes } = this.#config;
    const route = routes.get(name) ?? { tag: 0, parts: new Map<string, ModelPart>() };
    routes.set(name, route);
    const id = `p${this.#choose(4)}`;
    const left = route.parts.get(id)?.cluster;
    if (this.#choose(5) === 0) route.parts.delete(id);
    else {
      route.parts.set(id, { tag: this.#tags, cluster, ...this.#fault(3) });
      if (!clusters.has(cluster)) clusters.set(cluster, { tag: this.#tags });
      if (!endpoints.has(cluster)) endpoints.set(cluster, this.#tags);
    }
    if (left !== undefined && this.#choose(2) === 0) this.#dropUnused(left);
  }

  #fault(of: number): { readonly bad?: boolean } {
    return this.#setting.refusals && this.#choose(of) === 0 ? { bad: true } : {};
  }

  #dropUnused(cluster: string): void {
    const { clusters, endpoints, routes, ports } = this.#config;
    const parts = [...routes.values()].flatMap((route) => [...route.parts.values()]);
    if ([...parts, ...ports.values()].some((one) => one.cluster === cluster)) return;
    clusters.delete(cluster);
    endpoints.delete(cluster);
  }

  /** Prints the configuration: one listener that names every table, or one scope for each. */
  #publish(): void {
    const { clusters, endpoints, routes, ports, scoped } = this.#config;
    const names = [...routes.keys()].sort();
    const contents: readonly (readonly [ResourceType, ModelContent])[] = [
      ...[...clusters].map(([name, one]) => ["cluster", { name, ...one }] as const),
      ...[...endpoints].map(([name, tag]) => ["endpoint", { name, tag }] as const),
      ["listener", { name: "l", tag: 0, scoped, routes: scoped ? [] : names }],
      ...[...ports].map(([address, port]) => ["listener", portListener(address, port)] as const),
      ...(scoped ? names.map((name) => ["scope", { name: `s/${name}`, tag: 0, routes: [name] }] as const) : []),
      ...[...routes].map(([name, { parts, ...route }]) => {
        return ["route", { name, ...route, parts: this.#printParts(name, parts) }] as const;
      }),
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

  #printParts(table: string, parts: ReadonlyMap<string, ModelPart>): Readonly<Record<string, ModelPart>> {
    const printed = [...parts].sort().map(([id, part]) => {
      const isRefused = this.#config.quarantined.has(`${table} ${id} ${JSON.stringify(part)}`);
      return [id, isRefused ? { tag: -1 } : part] as const;
    });
    return Object.fromEntries(printed);
  }

  #choose(below: number): number {
    const number = this.#numbers[this.#position % this.#numbers.length] ?? 0;
    this.#position += 1;
    return number % below;
  }
}

/** Named after what it is for, as Envoy's are: a port that changes is another listener at the same address. */
function portListener(
  address: number,
  { cluster, ...port }: { readonly tag: number; readonly cluster?: string; readonly bad?: boolean },
): ModelContent {
  if (cluster === undefined) return { name: `http-${address}`, address, routes: [], ...port };
  return { name: `tcp-${address}`, address, clusters: [cluster], ...port };
}

function print(type: ResourceType, content: ModelContent): XdsResource {
  const resource = resourceOf(type, content.name, Buffer.from(JSON.stringify(content)));
  const { clusters } = content;
  if (clusters !== undefined) return { ...resource, clusters: () => new Set(clusters), readsNoTable: true };
  if (type !== "route") return resource;
  return {
    ...resource,
    clusters: () => new Set(Object.values(content.parts ?? {}).flatMap(({ cluster }) => cluster ?? [])),
  };
}

function contentOf({ bytes }: XdsResource): ModelContent {
  return JSON.parse(Buffer.from(bytes).toString()) as ModelContent; // written above
}

/** Splits a table of the model, as the printers of real ones do. */
export function splitModel(resource: XdsResource): ResourceParts | undefined {
  if (resource.type !== "route") return undefined;
  const content = contentOf(resource);
  const parts = Object.entries(content.parts ?? {});
  return {
    parts: new Map(parts.map(([id, part]) => [id, [JSON.stringify(part)]])),
    hold: (held, base) => {
      const before = base === undefined ? {} : (contentOf(base).parts ?? {});
      const kept = parts.flatMap(([id, part]) => {
        const used = held.has(id) ? before[id] : part;
        return used === undefined ? [] : [[id, used] as const];
      });
      return print("route", { ...content, parts: Object.fromEntries(kept) });
    },
  };
}

function describeAll(of: (type: ResourceType) => ReadonlyMap<string, ModelContent>): object {
  const types = ["cluster", "endpoint", "listener", "scope", "route"] as const;
  return Object.fromEntries(
    types.map((type) => [type, [...of(type).values()].map((one) => JSON.stringify(one)).sort()]),
  );
}
