import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { ClaimTarget, ObjectTaker } from "../../src/claims/claim-target.ts";
import { RecordKeeper, type RecordKeeperOptions } from "../../src/claims/record-keeper.ts";
import { recordOfAnswer, versionOfAnswer } from "../../src/claims/record-requests.ts";
import type { OverriddenRecord } from "../../src/claims/record-writer.ts";
import { equal } from "../../src/collection/equal.ts";
import { covers } from "../../src/core/hostname.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import {
  type ClaimCandidate,
  type ClaimKeeper,
  type ClaimWant,
  type Holding,
  holdingOf,
  hostnameRecordKey,
  type RecordKey,
  recordName,
} from "../../src/core/ownership.ts";
import { CountingClient } from "../status/counting-client.ts";
import type { FakeApiServer, LoggedRequest } from "../support/fake-api-server.ts";
import { ManualScheduler } from "../support/manual-scheduler.ts";

/** A translation that knows no more than who wants and who holds which hostname: the nearest holding decides. */
export class ClaimsTranslation implements ClaimTarget {
  readonly #routes = new Map<string, ClaimCandidate & { readonly hostname: string }>();
  readonly #granted = new Map<string, string>();
  readonly #holdings = new Map<RecordKey, Holding>();
  readonly #names = new Map<string, RecordKey>();
  readonly problems = new Map<RecordKey, string>();
  #told = new Map<RecordKey, ClaimWant>();

  /** A route `namespace/name` that wants one hostname. */
  route(name: string, hostname: string, createdAt = "2026-01-01T00:00:00Z"): void {
    const [namespace = ""] = name.split("/");
    const object = objectKey("HTTPRoute", namespacedName(namespace, name.slice(namespace.length + 1)));
    this.#routes.set(name, { namespace, object, createdAt, hostname });
  }

  remove(name: string): void {
    this.#routes.delete(name);
  }

  /** A HostnameClaim for one hostname. */
  grant(hostname: string, namespace: string): void {
    this.#granted.set(hostname, namespace);
  }

  holder(hostname: string): string | undefined {
    return this.#holdings.get(hostnameRecordKey(hostname))?.namespace;
  }

  since(hostname: string): string | undefined {
    return this.#holdings.get(hostnameRecordKey(hostname))?.since;
  }

  problem(hostname: string): string | undefined {
    return this.problems.get(hostnameRecordKey(hostname));
  }

  flush(keeper: ClaimKeeper): void {
    for (let pass = 0; pass < 10; pass += 1) {
      const wants = this.#wants();
      const keys = [...wants.keys(), ...this.#told.keys()].filter((key) => !equal(wants.get(key), this.#told.get(key)));
      const held = keeper.wantsChanged(new Map(keys.map((key) => [key, wants.get(key)])));
      this.#told = wants;
      for (const holding of held) this.hold(holding);
      if (held.length === 0) break;
    }
    keeper.settled?.();
  }

  hold(holding: Holding): void {
    this.#names.set(recordName(holding.key), holding.key);
    this.#holdings.set(holding.key, holding);
  }

  setClaimProblem(key: RecordKey, problem: string | undefined): void {
    if (problem === undefined) this.problems.delete(key);
    else this.problems.set(key, problem);
  }

  set: ObjectTaker["set"] = (_kind, name, object) => {
    if (object.kind !== "HostnameRecord") return;
    const holding = holdingOf(object);
    this.#names.set(name, holding.key);
    this.#holdings.set(holding.key, holding);
  };

  delete: ObjectTaker["delete"] = (_kind, name) => {
    const key = this.#names.get(name);
    this.#names.delete(name);
    if (key !== undefined) this.#holdings.delete(key);
  };

  #wants(): Map<RecordKey, ClaimWant> {
    const wants = new Map<RecordKey, ClaimWant>();
    const routes = [...this.#routes.values()].filter((route) => this.#mayHave(route));
    routes.sort((a, b) => (`${a.createdAt} ${a.object}` < `${b.createdAt} ${b.object}` ? -1 : 1));
    for (const { hostname, namespace, object, createdAt } of routes) {
      const key = hostnameRecordKey(hostname);
      const candidates = [...(wants.get(key)?.candidates ?? []), { namespace, object, createdAt }];
      wants.set(key, { key, hostname, candidates });
    }
    return wants;
  }

  #mayHave({ hostname, namespace }: { readonly hostname: string; readonly namespace: string }): boolean {
    const granted = this.#granted.get(hostname);
    if (granted !== undefined) return granted === namespace;
    const above = [...this.#holdings.values()].filter((held) => covers(held.hostname, hostname));
    const nearest = above.sort((a, b) => b.hostname.length - a.hostname.length)[0];
    return nearest === undefined || nearest.namespace === namespace;
  }
}

/** One replica's keeper against a fake API server, with time that the test turns. */
export class KeeperWorld {
  readonly server: FakeApiServer;
  readonly translation = new ClaimsTranslation();
  readonly scheduler = new ManualScheduler();
  readonly keeper: RecordKeeper;
  readonly served = new Set<string>();
  readonly overridden: OverriddenRecord[] = [];
  readonly log: string[] = [];
  readonly writes: string[] = [];
  absent = false;
  readonly #client: CountingClient;
  readonly #sink: ObjectTaker;
  readonly #seen = new Map<string, string>();
  readonly #start = Date.parse("2026-02-02T02:02:02Z");
  #isDue = false;

  constructor(server: FakeApiServer, options: Partial<RecordKeeperOptions> = {}) {
    this.server = server;
    this.#client = new CountingClient(server.clientOf("gatehouse"));
    const write = (_fields: object, message: string) => void this.log.push(message);
    this.keeper = new RecordKeeper({
      client: this.#client,
      now: () => new Date(this.#start + this.scheduler.now()),
      scheduler: this.scheduler,
      random: () => 0,
      log: { warn: write },
      retentionMs: 3_600_000,
      wasServed: ({ object }) => this.served.has(object),
      isAbsent: () => this.absent,
      changed: () => {
        this.#isDue = true;
      },
      onWrite: ({ action, outcome }) => this.writes.push(`${action} ${outcome}`),
      onOverridden: (overridden) => this.overridden.push(overridden),
      ...options,
    });
    this.#sink = this.keeper.sink(this.translation);
  }

  /** Tells what the server holds now, as the watch does. */
  watch(): void {
    const found = new Set<string>();
    for (const raw of this.server.list("HostnameRecord")) {
      const name = namespacedName(undefined, raw.metadata.name);
      found.add(name);
      this.keeper.observe(name, versionOfAnswer(raw));
      const record = recordOfAnswer(raw);
      const digest = createHash("sha1")
        .update(JSON.stringify([raw["spec"], raw.metadata.uid]))
        .digest("hex");
      if (record === undefined || this.#seen.get(name) === digest) continue;
      this.#seen.set(name, digest);
      this.#sink.set("HostnameRecord", name, record);
    }
    for (const name of [...this.#seen.keys()].filter((each) => !found.has(each))) {
      this.#seen.delete(name);
      this.keeper.observe(namespacedName(undefined, name), undefined);
      this.#sink.delete("HostnameRecord", namespacedName(undefined, name));
    }
  }

  flush(): void {
    this.#isDue = false;
    this.translation.flush(this.keeper);
  }

  /** Lets everything happen that needs no time: answers, echoes of the watch, flushes. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet += 1) {
      this.scheduler.runDue();
      await this.#client.idle();
      this.watch();
      if (this.#isDue) quiet = 0;
      this.flush();
      await setImmediate();
    }
  }

  /** Reads what there is, translates it, and begins to lead. */
  async start({ leads = true } = {}): Promise<void> {
    this.watch();
    this.flush();
    if (leads) this.keeper.lead(true);
    await this.settle();
  }

  async pass(milliseconds: number): Promise<void> {
    this.scheduler.pass(milliseconds);
    await this.settle();
  }

  /** Requests that change something. */
  sent(method?: string): readonly LoggedRequest[] {
    return this.server.requests.filter(
      (request) => request.method !== "GET" && (method === undefined || request.method === method),
    );
  }

  /** What the server stores, as `hostname namespace`. */
  stored(): readonly string[] {
    return this.server
      .list("HostnameRecord")
      .flatMap((raw) => recordOfAnswer(raw) ?? [])
      .map(({ spec }) => `${spec.hostname} ${spec.namespace}`)
      .sort();
  }
}
