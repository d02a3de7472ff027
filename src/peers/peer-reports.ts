import { isDeepStrictEqual } from "node:util";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";
import { mergeDataPlane } from "./merge.ts";

export interface PeerReportsOptions {
  /** Told what all replicas together have heard of a Gateway's proxies, whenever that changes. */
  readonly onMerged: (gateway: NamespacedName, state: DataPlaneState | undefined) => void;
  readonly scheduler: { readonly after: (milliseconds: number, task: () => void) => () => void };
  /** How long the word of a replica stands after its connection has ended; 30 s by default. */
  readonly graceMs?: number;
}

/** Gathers what the replicas have heard from the proxies, the own one among them, and joins it per Gateway. */
export class PeerReports {
  readonly #options: PeerReportsOptions;
  /** By Gateway, then by replica. */
  readonly #states = new Map<NamespacedName, Map<string, DataPlaneState>>();
  readonly #told = new Map<NamespacedName, DataPlaneState>();
  readonly #farewells = new Map<string, () => void>();

  constructor(options: PeerReportsOptions) {
    this.#options = options;
  }

  /** Takes what a replica has heard of one Gateway's proxies; undefined when that is nothing any more. */
  set(replica: string, gateway: NamespacedName, state: DataPlaneState | undefined): void {
    const states = this.#states.get(gateway) ?? new Map<string, DataPlaneState>();
    if (state === undefined) states.delete(replica);
    else states.set(replica, state);
    if (states.size === 0) this.#states.delete(gateway);
    else this.#states.set(gateway, states);
    this.#tell(gateway);
  }

  /** Notes that a replica is there: what it said before stands until it says otherwise. */
  replicaConnected(replica: string): void {
    this.#farewells.get(replica)?.();
    this.#farewells.delete(replica);
  }

  /** Notes that a replica has told all that it knows: of other Gateways it knows nothing. */
  replicaComplete(replica: string, gateways: ReadonlySet<NamespacedName>): void {
    for (const gateway of [...this.#states.keys()]) if (!gateways.has(gateway)) this.#drop(replica, gateway);
  }

  /** Notes that the connection of a replica has ended. Its word stands for a while: its proxies may still be served. */
  replicaGone(replica: string): void {
    this.replicaConnected(replica);
    const forget = () => {
      this.#farewells.delete(replica);
      this.replicaComplete(replica, new Set());
    };
    this.#farewells.set(replica, this.#options.scheduler.after(this.#options.graceMs ?? 30_000, forget));
  }

  /** Forgets everything without a word, as one who stops. */
  clear(): void {
    for (const cancel of this.#farewells.values()) cancel();
    this.#farewells.clear();
    this.#states.clear();
    this.#told.clear();
  }

  #drop(replica: string, gateway: NamespacedName): void {
    if (this.#states.get(gateway)?.has(replica) === true) this.set(replica, gateway, undefined);
  }

  #tell(gateway: NamespacedName): void {
    const states = this.#states.get(gateway);
    const merged = states === undefined ? undefined : mergeDataPlane([...states.values()]);
    if (isDeepStrictEqual(merged, this.#told.get(gateway))) return;
    if (merged === undefined) this.#told.delete(gateway);
    else this.#told.set(gateway, merged);
    this.#options.onMerged(gateway, merged);
  }
}
