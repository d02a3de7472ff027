import type { ResourceType, XdsResource } from "../../src/core/xds-resource.ts";
import type { ResourceParts } from "../../src/xds/culprit.ts";
import type { ModelContent, ModelPart } from "./model-content.ts";
import { resourceOf } from "./resources.ts";

export interface ModelConfigOptions {
  /** Whether edits make things that proxies refuse. */
  readonly refusals: boolean;
  /** Whether clusters and listeners name secrets. */
  readonly secrets: boolean;
  /** Whether what was there before comes back as it was. */
  readonly recurs: boolean;
  /** A decision of the test's: a number from 0 to `below` - 1. */
  choose(below: number): number;
}

interface Tagged {
  readonly tag: number;
  readonly bad?: boolean;
}

interface Named extends Tagged {
  readonly secret?: string;
}

interface Table extends Tagged {
  readonly parts: Map<string, ModelPart>;
}

/** One Gateway's configuration as a user edits it; it is consistent after every edit. */
export class ModelConfig {
  readonly #options: ModelConfigOptions;
  readonly #clusters = new Map<string, Named>();
  readonly #endpoints = new Map<string, number>();
  readonly #secrets = new Map<string, Tagged>();
  readonly #routes = new Map<string, Table>();
  /** Ports with a listener of their own: for requests, or for connections that go to a cluster. */
  readonly #ports = new Map<number, Named & { readonly cluster?: string }>();
  /** Parts that answer by themselves because a proxy refused them. */
  readonly #quarantined = new Set<string>();
  #scoped = false;
  #tags = 0;

  constructor(options: ModelConfigOptions) {
    this.#options = options;
  }

  /** Changes something. */
  edit(): void {
    const { recurs, secrets } = this.#options;
    const cluster = `c${this.#choose(5)}`;
    const route = `r${this.#choose(5)}`;
    this.#tags = recurs ? this.#choose(3) : this.#tags + 1;
    switch (this.#choose(secrets ? 14 : 12)) {
      case 0:
        this.#clusters.set(cluster, { tag: this.#tags, ...this.#secret(), ...this.#fault(6) });
        this.#endpoints.set(cluster, this.#endpoints.get(cluster) ?? this.#tags);
        break;
      case 1:
        this.#dropUnused(cluster);
        break;
      case 2:
        if (this.#endpoints.has(cluster)) this.#endpoints.set(cluster, this.#tags);
        break;
      case 3:
        this.#routes.delete(route);
        break;
      case 4:
        this.#scoped = !this.#scoped;
        break;
      case 5: {
        const parts = this.#routes.get(route)?.parts ?? new Map();
        this.#routes.set(route, { tag: this.#tags, parts, ...this.#fault(3) });
        break;
      }
      case 6:
      case 7:
        this.#editPort(this.#choose(3), cluster);
        break;
      case 12:
      case 13:
        this.#secrets.set(`s${this.#choose(3)}`, { tag: this.#tags, ...this.#fault(3) });
        break;
      default:
        for (let count = this.#choose(3); count >= 0; count -= 1) this.#editPart(route, `c${this.#choose(5)}`);
    }
  }

  /** Takes everything away. */
  clear(): void {
    for (const all of [this.#clusters, this.#endpoints, this.#secrets, this.#routes, this.#ports]) all.clear();
    this.#quarantined.clear();
  }

  /** From now on the part answers by itself. */
  quarantine(table: string, part: { readonly id: string; readonly hashes: readonly string[] }): void {
    this.#quarantined.add(`${table} ${part.id} ${part.hashes.join()}`);
  }

  /** Takes the oldest quarantine back. */
  release(): void {
    const [oldest] = this.#quarantined;
    if (oldest !== undefined) this.#quarantined.delete(oldest);
  }

  /** Mends what no part is to blame for; returns whether there was anything. */
  mend(): boolean {
    const all = [this.#clusters, this.#secrets, this.#routes, this.#ports] as Map<unknown, Tagged>[];
    let mended = 0;
    for (const map of all) {
      for (const [name, { bad, ...good }] of map) {
        if (bad !== true) continue;
        map.set(name, good);
        mended += 1;
      }
    }
    return mended > 0;
  }

  /** Prints it: one listener that names every table, or one scope for each. */
  print(): readonly XdsResource[] {
    const names = [...this.#routes.keys()].sort();
    const scoped = this.#scoped;
    const contents: readonly (readonly [ResourceType, ModelContent])[] = [
      ...[...this.#clusters].map(([name, one]) => ["cluster", { name, ...one }] as const),
      ...[...this.#endpoints].map(([name, tag]) => ["endpoint", { name, tag }] as const),
      ...[...this.#secrets]
        .filter(([name]) => this.#isUsed(name))
        .map(([name, one]) => ["secret", { name, ...one }] as const),
      ["listener", { name: "l", tag: 0, scoped, routes: scoped ? [] : names }],
      ...[...this.#ports].map(([address, port]) => ["listener", portListener(address, port)] as const),
      ...(scoped ? names.map((name) => ["scope", { name: `s/${name}`, tag: 0, routes: [name] }] as const) : []),
      ...[...this.#routes].map(([name, { parts, ...route }]) => {
        return ["route", { name, ...route, parts: this.#printParts(name, parts) }] as const;
      }),
    ];
    return contents.map(([type, content]) => printModel(type, content));
  }

  /** Makes a port one for connections, which go to a cluster, or one for requests, or takes it away. */
  #editPort(port: number, cluster: string): void {
    const left = this.#ports.get(port)?.cluster;
    switch (this.#choose(4)) {
      case 0:
        this.#ports.delete(port);
        break;
      case 1:
        this.#ports.set(port, { tag: this.#tags, ...this.#secret(), ...this.#fault(6) });
        break;
      default:
        this.#ports.set(port, { tag: this.#tags, cluster, ...this.#fault(6) });
        this.#provide(cluster);
    }
    if (left !== undefined && this.#choose(2) === 0) this.#dropUnused(left);
  }

  /** Points a part of a table to a cluster, which is made if it is not there; the one that it leaves may go in the same edit. */
  #editPart(name: string, cluster: string): void {
    const route = this.#routes.get(name) ?? { tag: 0, parts: new Map<string, ModelPart>() };
    this.#routes.set(name, route);
    const id = `p${this.#choose(4)}`;
    const left = route.parts.get(id)?.cluster;
    if (this.#choose(5) === 0) route.parts.delete(id);
    else {
      route.parts.set(id, { tag: this.#tags, cluster, ...this.#fault(3) });
      this.#provide(cluster);
    }
    if (left !== undefined && this.#choose(2) === 0) this.#dropUnused(left);
  }

  #isUsed(secret: string): boolean {
    return [...this.#clusters.values(), ...this.#ports.values()].some((one) => one.secret === secret);
  }

  #provide(cluster: string): void {
    if (!this.#clusters.has(cluster)) this.#clusters.set(cluster, { tag: this.#tags });
    if (!this.#endpoints.has(cluster)) this.#endpoints.set(cluster, this.#tags);
  }

  #dropUnused(cluster: string): void {
    const parts = [...this.#routes.values()].flatMap((route) => [...route.parts.values()]);
    if ([...parts, ...this.#ports.values()].some((one) => one.cluster === cluster)) return;
    this.#clusters.delete(cluster);
    this.#endpoints.delete(cluster);
  }

  #secret(): { readonly secret?: string } {
    if (!this.#options.secrets || this.#choose(2) === 0) return {};
    const secret = `s${this.#choose(3)}`;
    if (!this.#secrets.has(secret)) this.#secrets.set(secret, { tag: this.#tags, ...this.#fault(3) });
    return { secret };
  }

  #fault(of: number): { readonly bad?: boolean } {
    return this.#options.refusals && this.#choose(of) === 0 ? { bad: true } : {};
  }

  #printParts(table: string, parts: ReadonlyMap<string, ModelPart>): Readonly<Record<string, ModelPart>> {
    const printed = [...parts].sort().map(([id, part]) => {
      const isRefused = this.#quarantined.has(`${table} ${id} ${JSON.stringify(part)}`);
      return [id, isRefused ? { tag: -1 } : part] as const;
    });
    return Object.fromEntries(printed);
  }

  #choose(below: number): number {
    return this.#options.choose(below);
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

function printModel(type: ResourceType, content: ModelContent): XdsResource {
  const resource = resourceOf(type, content.name, Buffer.from(JSON.stringify(content)));
  const { clusters } = content;
  if (clusters !== undefined) return { ...resource, clusters: () => new Set(clusters), readsNoTable: true };
  if (type !== "route") return resource;
  return {
    ...resource,
    clusters: () => new Set(Object.values(content.parts ?? {}).flatMap(({ cluster }) => cluster ?? [])),
  };
}

/** What a resource of the model holds. */
export function contentOf({ bytes }: XdsResource): ModelContent {
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
      return printModel("route", { ...content, parts: Object.fromEntries(kept) });
    },
  };
}
