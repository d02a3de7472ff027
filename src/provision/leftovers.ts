import { namespacedName } from "../core/keys.ts";
import type { KubeClient } from "../core/kube-client.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { removeObject } from "./apply/apply-object.ts";
import { owningGateway } from "./apply/ownership.ts";
import { judgeLeftover } from "./leftover.ts";
import { fleetObjectKindNames } from "./render/fleet-object.ts";
import type { FleetReport } from "./report.ts";
import type { ObservedFleets } from "./state/observed-fleets.ts";

interface LeftoversOptions {
  readonly client: KubeClient;
  readonly controllerName: string;
  readonly observed: ObservedFleets;
  readonly scheduler: Scheduler;
  readonly isLeading: () => boolean;
  /** Whether a fleet of that name is wanted. */
  readonly isWanted: (name: string) => boolean;
  readonly report: (report: FleetReport) => void;
  readonly onError: (name: string, error: unknown) => void;
}

/** The garbage collector takes what belongs to a Gateway that is gone: only what is left after that is looked at. */
const firstLookMs = 30_000;
const retryMs = 60_000;
const nextLookMs = 600_000;

/** Looks after objects of fleets that nobody wants any more, and removes those of Gateways that have left us. */
export class Leftovers {
  readonly #options: LeftoversOptions;
  readonly #timers = new Map<string, () => void>();
  readonly #looking = new Map<string, Promise<void>>();

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  /** Tells that there may be objects under that name without a fleet that wants them. */
  noticed(name: string): void {
    if (!this.#options.isLeading() || this.#options.observed.get(name).size === 0) return;
    if (!this.#timers.has(name) && !this.#looking.has(name)) this.#lookAfter(name, firstLookMs);
  }

  /** Looks no more; another leads. */
  forget(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#looking.values());
  }

  #lookAfter(name: string, milliseconds: number): void {
    const cancel = this.#options.scheduler.after(milliseconds, () => {
      this.#timers.delete(name);
      this.#looking.set(name, this.#look(name));
    });
    this.#timers.set(name, cancel);
  }

  async #look(name: string): Promise<void> {
    let next: number | undefined;
    try {
      next = await this.#judge(name);
    } catch (error) {
      this.#options.onError(name, error);
    }
    this.#looking.delete(name);
    if (next !== undefined && this.#isLeftover(name)) this.#lookAfter(name, next);
  }

  #isLeftover(name: string): boolean {
    const { isLeading, isWanted, observed } = this.#options;
    return isLeading() && !isWanted(name) && observed.get(name).size > 0;
  }

  async #judge(name: string): Promise<number | undefined> {
    if (!this.#isLeftover(name)) return undefined;
    const { client, controllerName, observed } = this.#options;
    const [object] = [...observed.get(name).values()].filter((one) => owningGateway(one) !== undefined);
    const owner = object && owningGateway(object);
    if (object === undefined || owner === undefined) return nextLookMs;
    const { namespace = "" } = object.metadata;
    const verdict = await judgeLeftover(client, { namespace, owner, controllerName });
    if (verdict.kind === "failed") return retryMs;
    if (verdict.kind === "leave") return nextLookMs;
    const failed = await this.#remove(name, owner.uid);
    const gateway = namespacedName(namespace, owner.name);
    const message = "The Gateway has gone over to another controller's class: its proxies are removed";
    if (failed) return retryMs;
    this.#options.report({ gateway, type: "Normal", reason: "ProxiesRemoved", message });
    return nextLookMs;
  }

  async #remove(name: string, uid: string): Promise<boolean> {
    let failed = false;
    for (const kind of fleetObjectKindNames) {
      const object = this.#options.observed.get(name).get(kind);
      if (object === undefined || owningGateway(object)?.uid !== uid || !this.#isLeftover(name)) continue;
      if (object.metadata.deletionTimestamp !== undefined) continue;
      failed = (await removeObject(this.#options.client, kind, object)) !== undefined || failed;
    }
    return failed;
  }
}
