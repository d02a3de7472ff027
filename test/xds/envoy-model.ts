import { encodeMessage } from "../../proto/messages.ts";
import { type ResourceType, resourceTypes, typeUrls } from "../../src/core/xds-resource.ts";
import type { Transport } from "./fake-envoy.ts";
import { isBad, type ModelContent, type ModelResponse, readDelta, readSotw, type Upsert } from "./model-content.ts";

export interface ModelOptions {
  readonly transport: Transport;
  readonly nodeId?: string;
  /** Whether clusters are acknowledged when their endpoints are there, as Envoy does, or at once. */
  readonly warms: boolean;
  /** A decision of the test's: a number from 0 to `below` - 1. */
  choose(below: number): number;
}

/**
 * Behaves as an Envoy does: it asks for what its clusters, listeners and scopes name, refuses what is bad after applying any
 * part of the rest, and reports on a new stream the versions that it acknowledged. It runs without clock and connection.
 */
export class EnvoyModel {
  readonly #options: ModelOptions;
  readonly #applied = new Map<ResourceType, Map<string, ModelContent>>(resourceTypes.map((type) => [type, new Map()]));
  readonly #versions = new Map<ResourceType, Map<string, string>>(resourceTypes.map((type) => [type, new Map()]));
  #streams = new Map<ResourceType, { readonly names: Set<string>; nonce: string; version: string }>();
  #hasNode = false;
  #asksForScopes = false;
  /** An acknowledgement of clusters that waits for endpoints and secrets. */
  #warming: { readonly awaited: Set<string>; readonly acknowledge: () => void } | undefined;
  readonly #lastVersion = new Map<ResourceType, string>();
  /** What may come again although it is held: it was asked for on this stream, or nobody knew what is here. */
  #again = new Set<string>();
  /** Names of the latest response of each type. */
  readonly #latest = new Map<ResourceType, ReadonlySet<string>>();
  /** What came in a refused response, ever. */
  readonly #doubted = new Set<string>();
  /** What was refused while it was alone in a response of this stream. */
  #refused = new Set<string>();
  /** Names asked for on this stream. */
  #asked = new Set<string>();
  /** Clusters that were known to be refused when the message was sent that is being read. */
  #refusedClusters: ReadonlySet<string> = new Set();
  /** Listeners with clusters that they came without, because these were refused: a listener is everybody's, and waits for none. */
  readonly #excused = new Set<string>();
  /** What came on this stream. */
  #fresh = new Set<string>();
  refusals = 0;
  /** Requests that are on their way. */
  outbox: Uint8Array[] = [];

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  /** What a debugging reader wants to see. */
  get warming(): readonly string[] {
    return [...(this.#warming?.awaited ?? [])];
  }

  /** What runs, by name. */
  applied(type: ResourceType): ReadonlyMap<string, ModelContent> {
    return this.#applied.get(type) ?? new Map();
  }

  /**
   * Tables in use and listeners that name a cluster which cannot be used: requests of these would be answered 503, and
   * connections closed.
   */
  dangling(which: "all" | "of this stream"): readonly string[] {
    const isMissing = (one: string) => this.#isMissing(one);
    const isChecked = (type: ResourceType, name: string) => which === "all" || this.#fresh.has(`${type} ${name}`);
    const tables = [...this.#namedRoutes()].filter((name) => isChecked("route", name));
    const ofTables = tables.flatMap((name) => {
      const parts = Object.values(this.applied("route").get(name)?.parts ?? {});
      const missing = parts.flatMap(({ cluster }) => cluster ?? []).filter(isMissing);
      return missing.map((cluster) => `${name} → ${cluster}`);
    });
    const listeners = [...this.applied("listener").values()].filter(({ name }) => isChecked("listener", name));
    const ofListeners = listeners.flatMap(({ name, clusters: named = [] }) => {
      const missing = named.filter((one) => isMissing(one) && !this.#excused.has(`${name} ${one}`));
      return missing.map((cluster) => `${name} → ${cluster}`);
    });
    return [...ofTables, ...ofListeners];
  }

  /** Begins a stream; what was on its way on the last one, in both directions, is lost. */
  connect(lost: readonly Uint8Array[]): void {
    this.outbox = [];
    this.#streams = new Map();
    this.#hasNode = false;
    this.#warming = undefined;
    this.#refused = new Set();
    this.#asked = new Set();
    this.#fresh = new Set();
    // The last answer of each type may have been lost, and with it what the server did not know.
    for (const [type, names] of this.#latest) for (const name of names) this.#doubted.add(`${type} ${name}`);
    // The server does not know either what of the rest has arrived.
    for (const { type, upserts } of lost.map((message) => this.#read(message)))
      for (const { content } of upserts) this.#doubted.add(`${type} ${content.name}`);
    this.#again = new Set(this.#doubted);
    this.#ask("cluster", [], []);
    this.#ask("listener", [], []);
    this.#follow();
  }

  /** Stops waiting for what comes of some types, as Envoy does after its fetch timeout; returns whether it was waiting. */
  timeOut(types: readonly ResourceType[]): boolean {
    const late = [...(this.#warming?.awaited ?? [])].filter((one) => types.some((type) => one.startsWith(`${type} `)));
    this.#warm(late);
    return late.length > 0;
  }

  /** Takes a response; `refusedClusters` were known to be refused when it was sent. */
  receive(message: Uint8Array, refusedClusters: ReadonlySet<string>): void {
    this.#refusedClusters = refusedClusters;
    const response = this.#read(message);
    const { type } = response;
    const stream = this.#streams.get(type);
    if (stream === undefined) throw new Error(`a response without a request: ${type}`);
    stream.nonce = response.nonce;
    this.#inspect(response);
    const bad = response.upserts.filter(({ content }) => isBad(content));
    if (bad.length > 0) {
      this.#refuse(
        response,
        bad.map(({ content }) => content.name),
      );
      return;
    }
    const before = new Map(this.applied(type));
    const removed = response.isComplete ? this.#missing(type, response.upserts) : response.removed;
    // As Envoy does, which would find an address taken otherwise.
    if (type === "listener") for (const name of removed) this.#drop(type, name);
    for (const { content, version } of response.upserts) {
      this.#apply(type, content);
      if (this.applied(type).get(content.name) === content) this.#versions.get(type)?.set(content.name, version);
    }
    if (type !== "listener") for (const name of removed) this.#drop(type, name);
    stream.version = response.version;
    this.#lastVersion.set(type, response.version);
    this.#acknowledge(
      type,
      response.upserts.map(({ content }) => content).filter((one) => before.get(one.name)?.tag !== one.tag),
    );
    this.#follow();
    const arrived = response.upserts.map(({ content }) => content.name);
    // Envoy does not hear that a secret is gone.
    if (type === "endpoint") this.#warm([...arrived, ...response.removed].map((name) => `endpoint ${name}`));
    if (type === "secret") this.#warm(arrived.map((name) => `secret ${name}`));
  }

  #read(message: Uint8Array): ModelResponse {
    return this.#options.transport === "delta" ? readDelta(message) : readSotw(message);
  }

  /** Refuses a response after applying any part of what is good in it. */
  #refuse({ type, upserts, isComplete }: ModelResponse, bad: readonly string[]): void {
    this.refusals += 1;
    if (type === "listener" && isComplete) for (const name of this.#missing(type, upserts)) this.#drop(type, name);
    if (upserts.length === 1 && !isComplete) this.#refused.add(`${type} ${JSON.stringify(upserts[0]?.content)}`);
    for (const { content } of upserts) {
      this.#again.add(`${type} ${content.name}`);
      this.#doubted.add(`${type} ${content.name}`);
    }
    const isInvalid = this.#options.choose(4) === 0;
    const applies = isInvalid ? 0 : this.#options.choose(3);
    for (const { content } of upserts) {
      if (!isBad(content) && (applies === 2 || (applies === 1 && this.#options.choose(2) === 0)))
        this.#apply(type, content);
    }
    this.#follow();
    this.#answer(
      type,
      isInvalid
        ? `goo.gle/debugstr\nname: "${bad[0]}"\n: Proto constraint validation failed (it)`
        : this.#words(type, bad),
    );
  }

  /** As Envoy puts it: of clusters and listeners it names the bad ones. */
  #words(type: ResourceType, bad: readonly string[]): string {
    const names = type === "cluster" || type === "listener";
    if (!names || this.#options.choose(3) === 0) return `bad: ${bad.join()}`;
    const named = bad.filter((_, index) => index === 0 || this.#options.choose(3) > 0);
    const [separator, list] = type === "cluster" ? [", ", "cluster(s)"] : ["\n", "listener(s)"];
    return `Error adding/updating ${list} ${named.map((name) => `${name}: it is bad`).join(separator)}`;
  }

  /** What no response may hold, whatever the schedule. */
  #inspect({ type, upserts, isComplete }: ModelResponse): void {
    const names = new Set(upserts.map(({ content }) => content.name));
    this.#latest.set(type, names);
    if (names.size !== upserts.length) throw new Error(`a name comes twice: ${type} ${[...names].join()}`);
    for (const { content, version } of upserts) {
      if (isNamed(type) && !this.#asked.has(`${type} ${content.name}`))
        throw new Error(`nobody asked for ${type} ${content.name}`);
      if (isComplete) continue;
      if (upserts.length === 1 && this.#refused.has(`${type} ${JSON.stringify(content)}`)) {
        throw new Error(`what was refused comes again: ${type} ${JSON.stringify(content)}`);
      }
      const isHeld = this.#versions.get(type)?.get(content.name) === version;
      const mayRepeat =
        type === "endpoint" || this.#options.transport === "sotw" || this.#again.has(`${type} ${content.name}`);
      if (isHeld && !mayRepeat) throw new Error(`what is held comes again: ${type} ${JSON.stringify(content)}`);
    }
  }

  #acknowledge(type: ResourceType, changed: readonly ModelContent[]): void {
    if (type !== "cluster" || !this.#options.warms || changed.length === 0) {
      this.#answer(type, undefined);
      return;
    }
    const secrets = changed.flatMap(({ secret }) => secret ?? []).filter((name) => !this.applied("secret").has(name));
    const awaited = [...changed.map(({ name }) => `endpoint ${name}`), ...secrets.map((name) => `secret ${name}`)];
    this.#warming = { awaited: new Set(awaited), acknowledge: () => this.#answer("cluster", undefined) };
  }

  #warm(arrived: readonly string[]): void {
    for (const one of arrived) this.#warming?.awaited.delete(one);
    if (this.#warming?.awaited.size !== 0) return;
    const { acknowledge } = this.#warming;
    this.#warming = undefined;
    acknowledge();
  }

  /** Asks for what is named now, and no longer for the rest. */
  #follow(): void {
    this.#want("endpoint", new Set(this.applied("cluster").keys()));
    const naming = [...this.applied("cluster").values(), ...this.applied("listener").values()];
    this.#want("secret", new Set(naming.flatMap(({ secret }) => secret ?? [])));
    this.#asksForScopes ||= [...this.applied("listener").values()].some((listener) => listener.scoped === true);
    if (this.#asksForScopes && !this.#streams.has("scope")) this.#ask("scope", [], []);
    this.#want("route", this.#namedRoutes());
  }

  #namedRoutes(): Set<string> {
    const naming = [...this.applied("listener").values(), ...this.applied("scope").values()];
    return new Set(naming.flatMap(({ routes }) => routes ?? []));
  }

  #want(type: ResourceType, names: ReadonlySet<string>): void {
    const current = this.#streams.get(type)?.names ?? new Set();
    const added = [...names].filter((name) => !current.has(name));
    const dropped = [...current].filter((name) => !names.has(name));
    if (added.length + dropped.length > 0) this.#ask(type, added, dropped);
    for (const name of dropped) this.#drop(type, name);
  }

  #ask(type: ResourceType, added: readonly string[], dropped: readonly string[]): void {
    const isFirst = !this.#streams.has(type);
    const stream = this.#streams.get(type) ?? { names: new Set<string>(), nonce: "", version: "" };
    if (isFirst) stream.version = this.#lastVersion.get(type) ?? "";
    this.#streams.set(type, stream);
    for (const name of added) {
      stream.names.add(name);
      this.#asked.add(`${type} ${name}`);
      // Who asks is answered, be it with what was on its way already.
      if (!isFirst) this.#again.add(`${type} ${name}`);
    }
    for (const name of dropped) stream.names.delete(name);
    if (this.#options.transport === "sotw") {
      this.#sendSotw(type, undefined);
      return;
    }
    this.#sendDelta(type, {
      resourceNamesSubscribe: added,
      resourceNamesUnsubscribe: dropped,
      ...(isFirst && { initialResourceVersions: Object.fromEntries(this.#versions.get(type) ?? []) }),
    });
  }

  #answer(type: ResourceType, refusal: string | undefined): void {
    const errorDetail = refusal === undefined ? undefined : { code: 13, message: refusal };
    if (this.#options.transport === "sotw") this.#sendSotw(type, errorDetail);
    else this.#sendDelta(type, { responseNonce: this.#streams.get(type)?.nonce ?? "", errorDetail });
  }

  #sendDelta(type: ResourceType, fields: object): void {
    const request = { ...this.#node(), typeUrl: typeUrls[type], ...fields };
    this.outbox.push(encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", request));
  }

  #sendSotw(type: ResourceType, errorDetail: { readonly code: number; readonly message: string } | undefined): void {
    const { names, nonce, version } = this.#streams.get(type) ?? { names: [], nonce: "", version: "" };
    const request = { typeUrl: typeUrls[type], resourceNames: [...names], responseNonce: nonce, versionInfo: version };
    this.outbox.push(
      encodeMessage("envoy.service.discovery.v3.DiscoveryRequest", { ...this.#node(), ...request, errorDetail }),
    );
  }

  #node(): object {
    if (this.#hasNode) return {};
    this.#hasNode = true;
    return { node: { id: this.#options.nodeId ?? "model", cluster: "infra/gateway" } };
  }

  /** What came after the client stopped asking for it is ignored. */
  #apply(type: ResourceType, content: ModelContent): void {
    if (isNamed(type) && this.#streams.get(type)?.names.has(content.name) !== true) return;
    if (type === "listener") this.#findAddress(content);
    const isKept = JSON.stringify(this.applied(type).get(content.name)) === JSON.stringify(content);
    this.#applied.get(type)?.set(content.name, content);
    this.#fresh.add(`${type} ${content.name}`);
    for (const cluster of content.clusters ?? []) {
      const isExcused = this.#isMissing(cluster) && this.#refusedClusters.has(cluster);
      if (isExcused) this.#excused.add(`${content.name} ${cluster}`);
      // What a complete response repeats is as it was.
      else if (!isKept) this.#excused.delete(`${content.name} ${cluster}`);
    }
  }

  #isMissing(cluster: string): boolean {
    return !this.applied("cluster").has(cluster) || !this.applied("endpoint").has(cluster);
  }

  #findAddress({ name, address }: ModelContent): void {
    const others = [...this.applied("listener").values()].filter((one) => one.name !== name);
    const holder = address === undefined ? undefined : others.find((one) => one.address === address);
    if (holder !== undefined) throw new Error(`${name} comes where ${holder.name} still listens`);
  }

  #drop(type: ResourceType, name: string): void {
    this.#versions.get(type)?.delete(name);
    // Envoy keeps what it uses of these, whoever says that it is gone; the rest it has dropped itself.
    if (isNamed(type) && this.#streams.get(type)?.names.has(name) === true) return;
    this.#applied.get(type)?.delete(name);
    if (type === "cluster") this.#warm([`endpoint ${name}`]);
  }

  #missing(type: ResourceType, upserts: readonly Upsert[]): readonly string[] {
    const present = new Set(upserts.map(({ content }) => content.name));
    return [...this.applied(type).keys()].filter((name) => !present.has(name));
  }
}

/** Whether it is asked for by name. */
function isNamed(type: ResourceType): boolean {
  return type === "endpoint" || type === "secret" || type === "route";
}
