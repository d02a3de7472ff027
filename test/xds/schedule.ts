import { expect, vi } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type ResourceType, resourceTypes } from "../../src/core/xds-resource.ts";
import { AdsStream } from "../../src/xds/ads-stream.ts";
import { type Culprit, splitOnce } from "../../src/xds/culprit.ts";
import { deltaVariant } from "../../src/xds/delta-stream.ts";
import { sotwVariant } from "../../src/xds/sotw-stream.ts";
import type { Outlet, StreamOptions, StreamRequest } from "../../src/xds/stream-options.ts";
import { CountedMemory, CountedTable } from "./counted.ts";
import { EnvoyModel } from "./envoy-model.ts";
import { contentOf, ModelConfig, splitModel } from "./model-config.ts";
import type { ModelContent } from "./model-content.ts";
import type { Setting } from "./schedule-settings.ts";

const gateway = namespacedName("infra", "gateway");

const patienceMs = 1_000_000;
const stuckMs = 1_000_000_000;

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
  vanished: number;
}

export function noTotals(): Totals {
  const none = { schedules: 0, steps: 0, edits: 0, pushes: 0, refusals: 0, culprits: 0, reconnects: 0 };
  return { ...none, restarts: 0, cut: 0, vanished: 0 };
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
  await run.empty();
  expect(run.kept()).toEqual([]);
  run.close();
  expect(run.left()).toEqual({ timers: 0, ofTable: 1, ofMemory: 0 });
}

/** A message, with the clusters that were known to be refused when it was sent. */
interface Sent {
  readonly message: Uint8Array;
  readonly refusedClusters: ReadonlySet<string>;
}

/** One proxy with its connection. */
interface Proxy {
  client: EnvoyModel;
  stream: Pick<AdsStream<StreamRequest>, "receive" | "close" | "report"> | undefined;
  /** Messages on their way to the client, and the writes that wait to be reported done. */
  inbox: Sent[];
  writes: (() => void)[];
  /** What is to be called when a message may be made that had to wait for its turn. */
  turn: (() => void) | undefined;
  hasTurn: boolean;
}

class Schedule {
  readonly #setting: Setting;
  readonly #numbers: readonly number[];
  readonly #totals: Totals;
  readonly #table = new CountedTable();
  readonly #memory = new CountedMemory();
  readonly #split = splitOnce(splitModel);
  readonly #proxies: readonly Proxy[];
  readonly #config: ModelConfig;
  /** Whether the Gateway is there; one that is not may have lost its resources too, as it has in the end. */
  #presence: "there" | "gone" | "bare" | "empty" = "there";
  #culprits: Culprit[] = [];
  #position = 0;
  #streams = 0;

  constructor(setting: Setting, numbers: readonly number[], totals: Totals) {
    this.#setting = setting;
    this.#numbers = numbers;
    this.#totals = totals;
    this.#config = new ModelConfig({ ...setting, choose: (below) => this.#choose(below) });
    this.#publish();
    this.#table.markReady();
    this.#table.onChange(gateway, (changed) => {
      for (const [type, names] of changed) for (const name of names) this.#forgetGone(type, name);
    });
    this.#proxies = Array.from({ length: setting.proxies }, (_, index) => {
      return { client: this.#client(index), stream: undefined, inbox: [], writes: [], turn: undefined, hasTurn: false };
    });
    for (const proxy of this.#proxies) this.#connect(proxy);
  }

  get isOver(): boolean {
    return this.#position >= this.#numbers.length;
  }

  /** Lets one thing happen. */
  step(): void {
    this.#totals.steps += 1;
    const { reconnects, recurs, vanishes } = this.#setting;
    const proxy = this.#proxies[this.#choose(this.#proxies.length)];
    const what = this.#choose(reconnects ? 22 : 21);
    if (proxy === undefined) return;
    if (what === 21) this.#disconnect(proxy);
    else if (what < 5) {
      this.#edit(vanishes && this.#choose(7) === 0);
      // Another edit in the same turn may undo the first.
      if (recurs && this.#choose(4) === 0) this.#edit(false);
    } else if (what < 10) this.#deliver(proxy);
    else if (what < 15) this.#hear(proxy);
    else if (what < 20) this.#progress(proxy);
    else if (recurs && this.#choose(3) === 0) this.#release();
    else this.#quarantine();
  }

  /** Lets everything that is on its way happen, until the user has mended what no part is to blame for. */
  async settle(): Promise<void> {
    if (this.#presence !== "empty") this.#presence = "there";
    this.#publish();
    for (let round = 0; round < 200; round += 1) {
      await this.#drain();
      if (!this.#quarantine() && !this.#mend()) return;
    }
    throw new Error("there is no end to what is refused");
  }

  /** Takes everything away from the Gateway, and lets its proxies hear of that. */
  async empty(): Promise<void> {
    this.#presence = "empty";
    this.#config.clear();
    await this.settle();
    this.#memory.standing(() => undefined);
  }

  held(): readonly object[] {
    return this.#proxies.map(({ client }) => describeAll((type) => client.applied(type)));
  }

  wanted(): object {
    const snapshot = this.#table.snapshot(gateway);
    return describeAll((type) => new Map([...snapshot[type]].map(([name, one]) => [name, contentOf(one)])));
  }

  /** What is kept of names that are all gone, but for what is in doubt or lost of a type that a proxy asks for no more. */
  kept(): readonly object[] {
    const types = this.#proxies.flatMap(({ stream }) => stream?.report().types ?? []);
    const { size } = this.#memory;
    const ofTypes = types.filter(({ acknowledged, kept }) => acknowledged + kept > 0);
    const ofProxies = this.#setting.reconnects ? 2 * this.#proxies.length : 0;
    return size > ofProxies ? [...ofTypes, { memory: size }] : ofTypes;
  }

  close(): void {
    for (const { stream } of this.#proxies) stream?.close();
  }

  /** What outlives the streams. */
  left(): object {
    return { timers: vi.getTimerCount(), ofTable: this.#table.listeners, ofMemory: this.#memory.listeners };
  }

  async #drain(): Promise<void> {
    for (let round = 0; round < 5_000; round += 1) {
      await Promise.resolve();
      if (this.#proxies.every((proxy) => this.#isQuiet(proxy)) && !this.#passTime()) return;
      for (const proxy of this.#proxies) {
        this.#progress(proxy);
        this.#deliver(proxy);
        this.#hear(proxy);
      }
    }
    throw new Error("it never comes to rest");
  }

  #isQuiet({ inbox, writes, turn, client }: Proxy): boolean {
    if (inbox.length + writes.length + client.outbox.length > 0 || turn !== undefined) return false;
    // State of the world cannot say that the endpoints of a cluster that is gone do not exist.
    return !client.timeOut(this.#setting.transport === "sotw" ? ["endpoint", "secret"] : ["secret"]);
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
    const lost = proxy.inbox.map(({ message }) => message);
    proxy.inbox = [];
    proxy.writes = [];
    proxy.turn = undefined;
    proxy.hasTurn = false;
    const { inbox, writes } = proxy;
    const outlet: Outlet = {
      write: (message, done) => {
        this.#totals.pushes += 1;
        inbox.push({ message, refusedClusters: this.#findRefusedClusters() });
        writes.push(done);
      },
      admits: (_, retry) => this.#admits(proxy, retry),
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
    proxy.client.connect(lost);
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

  /** Whether a message may be made now, as if it were a large one, of which few may be under way. */
  #admits(proxy: Proxy, retry: () => void): boolean {
    const mayWrite = !this.#setting.turns || proxy.hasTurn || this.#choose(3) > 0;
    proxy.hasTurn = false;
    if (!mayWrite) proxy.turn = retry;
    return mayWrite;
  }

  /** A write is done, or it is the turn of what waits for that. */
  #progress(proxy: Proxy): void {
    const { turn } = proxy;
    if (turn === undefined) {
      proxy.writes.shift()?.();
      return;
    }
    proxy.turn = undefined;
    proxy.hasTurn = true;
    turn();
  }

  #deliver({ inbox, client }: Proxy): void {
    const sent = inbox.shift();
    if (sent === undefined) return;
    const before = client.refusals;
    client.receive(sent.message, sent.refusedClusters);
    this.#totals.refusals += client.refusals - before;
    // State of the world cannot know which clusters are still used by what a client had before it connected again.
    const knowsOfOthers = this.#setting.transport === "delta" || !this.#setting.reconnects;
    expect(client.dangling(knowsOfOthers ? "all" : "of this stream")).toEqual([]);
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

  #edit(isOfGateway: boolean): void {
    this.#totals.edits += 1;
    if (isOfGateway) this.#toggleGateway();
    else this.#config.edit();
    this.#publish();
  }

  #toggleGateway(): void {
    this.#totals.vanished += 1;
    if (this.#presence !== "there") this.#presence = "there";
    else this.#presence = this.#choose(2) === 0 ? "gone" : "bare";
  }

  /** Prints what was found to be bad as something that is good; returns whether there was anything. */
  #quarantine(): boolean {
    const culprits = this.#culprits.splice(0);
    for (const { resource, part } of culprits) if (part !== undefined) this.#config.quarantine(resource.name, part);
    if (culprits.length > 0) this.#publish();
    return culprits.length > 0;
  }

  #release(): void {
    this.#config.release();
    this.#publish();
  }

  #mend(): boolean {
    const isMended = this.#config.mend();
    if (isMended) this.#publish();
    return isMended;
  }

  #publish(): void {
    if (this.#presence === "there" || this.#presence === "empty") this.#table.addFleet(gateway);
    else this.#table.removeFleet(gateway);
    const isBare = this.#presence === "bare" || this.#presence === "empty";
    const resources = isBare ? [] : this.#config.print();
    const present = new Set(resources.map(({ type, name }) => `${type} ${name}`));
    const snapshot = this.#table.snapshot(gateway);
    const gone = resourceTypes.flatMap((type) =>
      [...snapshot[type].keys()]
        .filter((name) => !present.has(`${type} ${name}`))
        .map((name) => ({ type, name, resource: undefined })),
    );
    const changes = resources.map((resource) => ({ type: resource.type, name: resource.name, resource }));
    this.#table.update(gateway, [...changes, ...gone]);
  }

  /** As the registry of streams does for every Gateway. */
  #forgetGone(type: ResourceType, name: string): void {
    if (this.#table.entry(gateway, type, name) === undefined) this.#memory.forget(type, name);
  }

  #choose(below: number): number {
    const number = this.#numbers[this.#position % this.#numbers.length] ?? 0;
    this.#position += 1;
    return number % below;
  }
}

function describeAll(of: (type: ResourceType) => ReadonlyMap<string, ModelContent>): object {
  return Object.fromEntries(
    resourceTypes.map((type) => [type, [...of(type).values()].map((one) => JSON.stringify(one)).sort()]),
  );
}
