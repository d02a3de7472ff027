import type { ControllerConfig } from "../controller-config.ts";
import type { ConvergenceQuestion, ReplicaCounts } from "../core/convergence.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";
import { systemScheduler } from "../core/scheduler.ts";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import type { Logger } from "../logger.ts";
import { ConvergenceClient } from "../peers/convergence-client.ts";
import { PeerClient } from "../peers/peer-client.ts";
import { PeerReports } from "../peers/peer-reports.ts";
import { createPeerServer, type PeerServer } from "../peers/peer-server.ts";
import { formatListenAddress, type ListenAddress } from "../settings.ts";

export interface ReplicasOptions {
  readonly config: ControllerConfig;
  readonly material: TlsMaterialSource;
  readonly logger: Logger;
  /** Told what all replicas that are heard of know about the proxies of a Gateway. */
  readonly onDataPlane: (gateway: NamespacedName, state: DataPlaneState | undefined) => void;
  /** Answers what other replicas ask about the proxies that are connected here. */
  readonly onConvergence: (question: ConvergenceQuestion) => ReplicaCounts;
}

/** This replica among the others: what its proxies say goes to the leader, and if it leads, it hears what theirs say. */
export class Replicas {
  readonly #name: string;
  readonly #reports: PeerReports;
  readonly #server: PeerServer;
  readonly #client: PeerClient;
  readonly #questions: ConvergenceClient;
  readonly #address: ListenAddress;
  readonly #own: string;
  #leader: string | undefined;

  constructor({ config, material, logger, onDataPlane, onConvergence }: ReplicasOptions) {
    this.#name = config.podName;
    this.#address = config.peersAddress;
    const { trustDomain, podAddress } = config;
    this.#own = formatListenAddress({ host: podAddress, port: config.peersAddress.port });
    const shared = { material, trustDomain, log: logger };
    this.#reports = new PeerReports({ onMerged: onDataPlane, scheduler: systemScheduler });
    this.#server = createPeerServer({
      ...shared,
      ...config.peersAddress,
      reports: this.#reports,
      onConvergence,
      clock: () => Date.now(),
    });
    this.#client = new PeerClient({ ...shared, replica: config.podName, scheduler: systemScheduler });
    this.#questions = new ConvergenceClient({ material, trustDomain });
  }

  async start(): Promise<ListenAddress> {
    const result = await this.#server.start();
    if (result.kind === "listening") return { host: this.#address.host, port: result.port };
    throw new Error(`cannot listen to other replicas on ${formatListenAddress(this.#address)}: ${result.message}`);
  }

  /** Takes what the proxies that are connected here have said. */
  told(gateway: NamespacedName, state: DataPlaneState): void {
    const news = state.proxies === 0 && state.refusals.size === 0 ? undefined : state;
    this.#reports.set(this.#name, gateway, news);
    this.#client.set(gateway, news);
  }

  /** Says where the leader is; undefined while this replica leads, or nobody. */
  follow(leader: string | undefined): void {
    this.#leader = leader;
    this.#client.setLeader(leader);
  }

  /**
   * Asks the other replicas, by the addresses at which they are said to be; the leader is asked wherever it is. An answer for
   * each of them, undefined where there is none.
   */
  ask(
    addresses: readonly string[],
    questions: readonly ConvergenceQuestion[],
  ): Promise<readonly (readonly ReplicaCounts[] | undefined)[]> {
    const known = new Set([...addresses, ...(this.#leader === undefined ? [] : [this.#leader])]);
    known.delete(this.#own);
    return this.#questions.ask([...known].sort(), questions);
  }

  async stop(): Promise<void> {
    this.#client.stop();
    this.#questions.stop();
    await this.#server.stop();
    // What the others said would be remembered for a while, and keep this process for as long.
    this.#reports.clear();
  }
}
