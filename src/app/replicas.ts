import type { ControllerConfig } from "../controller-config.ts";
import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";
import { systemScheduler } from "../core/scheduler.ts";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import type { Logger } from "../logger.ts";
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
}

/** This replica among the others: what its proxies say goes to the leader, and if it leads, it hears what theirs say. */
export class Replicas {
  readonly #name: string;
  readonly #reports: PeerReports;
  readonly #server: PeerServer;
  readonly #client: PeerClient;
  readonly #address: ListenAddress;

  constructor({ config, material, logger, onDataPlane }: ReplicasOptions) {
    this.#name = config.podName;
    this.#address = config.peersAddress;
    const { trustDomain } = config;
    const shared = { material, trustDomain, log: logger };
    this.#reports = new PeerReports({ onMerged: onDataPlane, scheduler: systemScheduler });
    this.#server = createPeerServer({
      ...shared,
      ...config.peersAddress,
      reports: this.#reports,
      clock: () => Date.now(),
    });
    this.#client = new PeerClient({ ...shared, replica: config.podName, scheduler: systemScheduler });
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
    this.#client.setLeader(leader);
  }

  async stop(): Promise<void> {
    this.#client.stop();
    await this.#server.stop();
    // What the others said would be remembered for a while, and keep this process for as long.
    this.#reports.clear();
  }
}
