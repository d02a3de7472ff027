import type { DataPlaneState } from "../core/data-plane.ts";
import type { ClusterFacts, FleetSpec, FleetState } from "../core/fleet.ts";
import type { NamespacedName } from "../core/keys.ts";
import { kindNames } from "../core/keys.ts";
import { systemScheduler } from "../core/scheduler.ts";
import { resourceTypes } from "../core/xds-resource.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { StatusWriter } from "../status/writer.ts";
import type { ObjectSink, ObjectSource } from "../watch/object-source.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import { ChangeGate } from "./change-gate.ts";
import { Debounce } from "./debounce.ts";
import { FormerCuts } from "./former-cuts.ts";
import type { TranslationChanges, Translator } from "./translator.ts";

/** What a control plane is put together from. */
export interface ControlPlaneParts {
  readonly source: ObjectSource;
  readonly translator: Translator;
  /** What the source delivers to, where something stands between it and the translator. */
  readonly sink?: ObjectSink;
  readonly table: ResourceTable;
  readonly statusWriter: StatusWriter;
  /** Told how proxies should be run, whenever that changes for a Gateway; absent where users run them. */
  readonly onFleetSpecs?: (specs: ReadonlyMap<NamespacedName, FleetSpec | undefined>) => void;
  /** Told whether Gateways use a class of ours (undefined: it is not ours any more), whenever that changes. */
  readonly onClassUse?: (use: ReadonlyMap<string, boolean | undefined>) => void;
  /** Told what a flush has changed, once proxies can see it. */
  readonly onPublished?: (changes: TranslationChanges) => void;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Drives the flow of changes: objects of the source are translated, resources go to the table that proxies are served
 * from, statuses to their writer, and what proxies say comes back as one more input.
 */
export class ControlPlane {
  readonly #parts: ControlPlaneParts;
  readonly #objectChanges: Debounce;
  /** Apart from the objects' own, so that a proxy's answer to one edit does not make the next edit wait. */
  readonly #proxyChanges: Debounce;
  readonly #gate: ChangeGate;
  readonly #formerCuts: FormerCuts;
  readonly #reported = new Set<string>();
  #ready = false;
  #stopped = false;

  constructor(parts: ControlPlaneParts) {
    this.#parts = parts;
    this.#objectChanges = new Debounce(() => this.#flush(), systemScheduler);
    this.#proxyChanges = new Debounce(() => this.#flush(), systemScheduler);
    this.#gate = this.#createGate();
    this.#formerCuts = new FormerCuts(systemScheduler, (table) => {
      parts.translator.forgetFormerCut(table);
      this.#objectsChanged();
    });
  }

  /** Whether everything that the source holds is translated and may be served. */
  get ready(): boolean {
    return this.#ready && !this.#stopped;
  }

  /** Reads the source, translates all of it at once, and lets proxies be served; resolves when that is done. */
  async start(): Promise<void> {
    const { source, translator, table, logger } = this.#parts;
    const started = performance.now();
    await source.start(this.#gate, () => this.#objectsChanged());
    // Stopped while it was starting: what it has opened since is still open.
    if (this.#stopped) return source.stop();
    const synced = performance.now();
    const changes = await translator.flushInSlices();
    if (this.#stopped) return;
    this.#publish(changes);
    this.#observe(synced);
    this.#ready = true;
    table.markReady();
    logger.info({ readMs: Math.round(synced - started), translateMs: Math.round(performance.now() - synced) }, "ready");
    // What arrived during the slices was kept for the next flush.
    if (translator.graph.dirty) this.#objectsChanged();
  }

  /** Takes what the proxies of a Gateway have said. It changes statuses only. */
  proxiesChanged(gateway: NamespacedName, state: DataPlaneState | undefined): void {
    // A stranger may name any Gateway: what nobody has said anything about needs no memory.
    const silent = state === undefined || (state.proxies === 0 && state.refusals.size === 0);
    this.#parts.translator.setDataPlane(gateway, silent ? undefined : state);
    if (this.ready) this.#proxyChanges.changed();
  }

  /** Takes how the fleet of a Gateway is. */
  fleetChanged(gateway: NamespacedName, state: FleetState | undefined): void {
    this.#parts.translator.setFleet(gateway, state);
    if (this.ready) this.#proxyChanges.changed();
  }

  /** Takes what is known about the cluster. */
  factsChanged(facts: ClusterFacts): void {
    this.#parts.translator.setFacts(facts);
    if (this.ready) this.#proxyChanges.changed();
  }

  /** Something is held, or could not be recorded, that was not so before. */
  claimsChanged(): void {
    this.#objectsChanged();
  }

  /** Something is not sent again, or gets another try. */
  quarantinesChanged(): void {
    this.#objectsChanged();
  }

  /** Brings the metrics that tell how things stand up to date, for whoever is about to read them. */
  measure(): void {
    const { translator, source, metrics } = this.#parts;
    metrics.ready.set(this.ready ? 1 : 0);
    metrics.sourceProblems.set(source.problems().length);
    metrics.transformFailures.set(translator.graph.failures.size);
    for (const kind of kindNames) metrics.objects.set({ kind }, translator.objectCount(kind));
    for (const type of resourceTypes) metrics.resources.set({ type }, translator.resourceCount(type));
    metrics.delayedChanges.reset();
    for (const [namespace, count] of this.#gate.waiting) metrics.delayedChanges.set({ namespace }, count);
  }

  /** Follows no change any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#gate.stop();
    this.#formerCuts.stop();
    this.#objectChanges.stop();
    this.#proxyChanges.stop();
    await this.#parts.source.stop();
    await this.#parts.statusWriter.stop();
  }

  #createGate(): ChangeGate {
    const { translator, sink = translator, logger } = this.#parts;
    return new ChangeGate({
      sink,
      limitOf: (namespace) => translator.changeLimit(namespace),
      onHeld: ({ key, object }) => translator.setDelayed(key, { object }),
      onLet: ({ key }) => translator.setDelayed(key, undefined),
      onBatch: () => this.#objectsChanged(),
      log: logger,
      scheduler: systemScheduler,
    });
  }

  /** The first delivery is flushed by `start`. What waits for its turn, and so changes nothing, makes nobody else wait. */
  #objectsChanged(): void {
    if (this.ready && this.#parts.translator.graph.dirty) this.#objectChanges.changed();
  }

  #flush(): void {
    const { translator } = this.#parts;
    if (!this.ready || !translator.graph.dirty) return;
    const started = performance.now();
    this.#publish(translator.flush());
    this.#observe(started);
    // What waits for others to be held takes more passes than a flush has.
    if (translator.graph.dirty) this.#objectChanges.changed();
  }

  #publish(published: TranslationChanges): void {
    const { fleetsAdded, fleetsRemoved, fleetSpecs, classUse, resources, statuses } = published;
    const { table, statusWriter, metrics, onFleetSpecs, onClassUse, onPublished } = this.#parts;
    for (const gateway of fleetsAdded) table.addFleet(gateway);
    for (const [gateway, changes] of resources) {
      table.update(gateway, changes);
      for (const { type } of changes) metrics.resourceChanges.inc({ type });
    }
    for (const gateway of fleetsRemoved) table.removeFleet(gateway);
    this.#formerCuts.keep(published.recut);
    if (fleetSpecs.size > 0) onFleetSpecs?.(fleetSpecs);
    if (classUse.size > 0) onClassUse?.(classUse);
    for (const [object, desired] of statuses) statusWriter.update(object, desired);
    onPublished?.(published);
  }

  #observe(started: number): void {
    this.#parts.metrics.flushSeconds.observe((performance.now() - started) / 1000);
    this.#reportFailures();
  }

  /** A transform that fails is a fault of ours: told once, until it works again. */
  #reportFailures(): void {
    const { failures } = this.#parts.translator.graph;
    for (const [id, { collection, key, error }] of failures) {
      if (this.#reported.has(id)) continue;
      this.#parts.logger.error({ collection, key, err: error }, "a transform failed: its last good output stays");
    }
    this.#reported.clear();
    for (const id of failures.keys()) this.#reported.add(id);
  }
}
