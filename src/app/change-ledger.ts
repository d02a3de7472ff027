import type { AnswerChange, HistoryQuestion, HistoryReport } from "../core/history.ts";
import { normalizeHostname } from "../core/hostname.ts";
import { gatewayResourceKey, type NamespacedName, type ObjectKey, parseGatewayResourceKey } from "../core/keys.ts";
import { JsonLines } from "../ledger/json-lines.ts";
import { type AskedPlace, type HostChange, Ledger, type Publication } from "../ledger/ledger.ts";
import { VersionTrail } from "../ledger/version-trail.ts";
import type { Logger } from "../logger.ts";
import { findShadowed } from "../translate/overlap.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import { ForwardedPlaces } from "./forwarded-places.ts";
import { type HostPlace, placeOfHost } from "./host-place.ts";
import type { TranslationChanges, Translator } from "./translator.ts";

export interface ChangeLedgerOptions {
  readonly translator: Pick<Translator, "routing" | "metadata">;
  readonly table: Pick<ResourceTable, "entry">;
  /** What each connected proxy of a Gateway has acknowledged of a route table or listener: undefined where it has none. */
  readonly held: (gateway: NamespacedName, type: TellingType, name: string) => readonly (string | undefined)[];
  readonly config: { readonly ledgerEntries: number; readonly ledgerFile?: string };
  readonly now: () => Date;
  readonly logger: Logger;
  /** Told what each publication has changed. */
  readonly onChanges?: (changes: readonly AnswerChange[]) => void;
}

/** The Envoy resources that tell proxies who answers what. */
type TellingType = "route" | "listener";

/** Follows what is published, and keeps who answers what: in memory, in a file where one is wanted, and for whoever asks. */
export class ChangeLedger {
  readonly #options: ChangeLedgerOptions;
  readonly #ledger: Ledger;
  readonly #versions: Readonly<Record<TellingType, VersionTrail>>;
  readonly #forwarded: ForwardedPlaces;
  readonly #file: JsonLines | undefined;

  constructor(options: ChangeLedgerOptions) {
    const { now, logger, config } = options;
    this.#options = options;
    this.#ledger = new Ledger({ most: config.ledgerEntries, now });
    const mostTrails = Math.max(config.ledgerEntries, 1);
    this.#versions = { route: new VersionTrail(mostTrails), listener: new VersionTrail(mostTrails) };
    this.#forwarded = new ForwardedPlaces(options);
    const path = config.ledgerFile;
    if (path === undefined) return;
    this.#file = new JsonLines({
      path,
      onProblem: (error) => logger.error({ file: path, err: error }, "changes of who answers what cannot be written"),
      onRecovered: () => logger.info({ file: path }, "changes of who answers what are written again"),
    });
  }

  /** Takes what a flush has changed, after proxies can see it. */
  published(changes: TranslationChanges): void {
    for (const [gateway, list] of changes.resources) {
      for (const { type, name, resource } of list) {
        if (type === "route" || type === "listener") this.#versions[type].note(gateway, name, resource?.version);
      }
    }
    const found = this.#ledger.record(this.#publication(changes));
    if (found.length === 0) return;
    for (const change of found) {
      const { name, version } = change.resource;
      this.#versions[tellingType(change)].follow(change.gateway, name, version);
    }
    this.#file?.append(found);
    this.#options.onChanges?.(found);
  }

  /** What is known about a place. */
  history(question: HistoryQuestion): HistoryReport {
    const place = askedPlace(question);
    const current = this.#ledger.current(place);
    const changes = this.#ledger.changes(place).map((change) => ({ ...change, proxies: this.#reached(change) }));
    return { ...question, current, changes };
  }

  /** Resolves when everything is in the file. */
  async stop(): Promise<void> {
    await this.#file?.flush();
  }

  #reached(change: AnswerChange) {
    const { gateway, resource } = change;
    const { name, version } = resource;
    const type = tellingType(change);
    const held = this.#options.held(gateway, type, name);
    const acknowledged = held.filter((each) => this.#versions[type].hasReached({ gateway, name }, version, each));
    return { connected: held.length, acknowledged: acknowledged.length };
  }

  #publication({ hosts, forwarding, routes, objects }: TranslationChanges): Publication {
    const { translator } = this.#options;
    const described = (object: ObjectKey) => {
      const generation = translator.metadata(object)?.generation;
      return { object, ...(generation !== undefined && { generation }) };
    };
    const changed = [
      ...Array.from(hosts, (key) => this.#hostChange(key)),
      ...[...forwarding].flatMap((key) => this.#forwarded.changes(key)),
    ];
    return {
      hosts: changed,
      routes: new Map([...routes].map((route) => [route, translator.routing.routes.get(route)?.generation])),
      // Endpoints come and go all the time, and decide nothing here.
      objects: changed.length === 0 ? [] : [...objects].map(described),
    };
  }

  #hostChange(key: string): HostChange {
    const { routing } = this.#options.translator;
    const { gateway, name } = parseGatewayResourceKey(key);
    const slash = name.indexOf("/");
    const [table, host] = [name.slice(0, slash), name.slice(slash + 1)];
    const port = routing.tables.get(gatewayResourceKey(gateway, table))?.port;
    const virtualHost = routing.virtualHosts.get(key);
    return {
      ...{
        gateway,
        table,
        hostname: host === "*" ? "" : host,
        resource: resourceOf(placeOfHost(this.#options.table, key)),
      },
      ...(port !== undefined && { port }),
      ...(virtualHost !== undefined && { matches: reached(virtualHost.entries) }),
    };
  }
}

function tellingType({ protocol }: Pick<AnswerChange, "protocol">): TellingType {
  return protocol === undefined ? "route" : "listener";
}

function askedPlace(question: HistoryQuestion): AskedPlace {
  if ("port" in question) return question;
  const { host, path } = question;
  return { host: host === "*" ? "" : normalizeHostname(host), path };
}

function resourceOf({ name, version }: HostPlace): { readonly name: string; readonly version?: string } {
  return { name, ...(version !== undefined && { version }) };
}

type Entries = Parameters<typeof findShadowed>[0];

function reached(entries: Entries): Entries {
  const shadowed = new Set(findShadowed(entries).map(({ entry }) => entry));
  return shadowed.size === 0 ? entries : entries.filter((entry) => !shadowed.has(entry));
}
