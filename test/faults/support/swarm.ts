import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { KeyPair } from "../../../src/identity/authority.ts";
import { defaultFleet } from "../../xds/fleet-identities.ts";

/** What the process of a swarm is told. */
export type SwarmOrder =
  | {
      readonly kind: "start";
      readonly port: number;
      readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
      readonly gateway: string;
      readonly follows: "clusters" | "everything";
      readonly count: number;
    }
  /** The first of them connect anew and read nothing from then on. */
  | { readonly kind: "stall"; readonly count: number }
  /** Those read when they connect next. */
  | { readonly kind: "recover" }
  | { readonly kind: "stop" };

/** What the process tells, some times a second. */
export interface SwarmNews {
  /** Resources that arrived. */
  readonly count: number;
  /** Those of them that came in few: by whom, which version, when. */
  readonly taken: readonly (readonly [nodeId: string, version: string, at: number])[];
  /** Streams that ended: whose, gRPC's status, the words, how long they lasted. */
  readonly ends: readonly (readonly [nodeId: string, status: string, message: string, lastedMs: number])[];
  /** Resources that the one with the fewest holds. */
  readonly fewestHeld: number;
}

/** One end of a stream. */
export interface SwarmEnd {
  readonly nodeId: string;
  readonly status: string;
  readonly message: string;
  readonly lastedMs: number;
}

/** Many fake Envoys over TLS in a process of their own. */
export interface Swarm {
  /** When each version arrived that did not come with many others, by version and then by node. */
  readonly arrivals: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly ends: readonly SwarmEnd[];
  /** Resources that arrived in all. */
  taken(): number;
  fewestHeld(): number;
  stall(count: number): void;
  recover(): void;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./swarm-process.ts", import.meta.url));

/** Starts so many Envoys, which connect within a second. */
export function startSwarm(options: {
  readonly port: number;
  readonly authority: KeyPair;
  readonly proxy: KeyPair;
  readonly count: number;
  readonly gateway?: string;
  readonly follows?: "clusters" | "everything";
}): Swarm {
  const { port, authority, proxy, count, gateway = defaultFleet.gateway, follows = "clusters" } = options;
  const child = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const arrivals = new Map<string, Map<string, number>>();
  const ends: SwarmEnd[] = [];
  let [taken, fewestHeld] = [0, 0];
  child.on("message", (message) => {
    const news = message as SwarmNews; // sent by our own program
    taken += news.count;
    fewestHeld = news.fewestHeld;
    for (const [nodeId, version, at] of news.taken) {
      const nodes = arrivals.get(version) ?? new Map<string, number>();
      nodes.set(nodeId, at);
      arrivals.set(version, nodes);
    }
    for (const [nodeId, status, words, lastedMs] of news.ends) ends.push({ nodeId, status, message: words, lastedMs });
  });
  const tell = (order: SwarmOrder) => child.send(order);
  tell({ kind: "start", port, tls: { ca: authority.cert, ...proxy }, gateway, follows, count });
  return {
    arrivals,
    ends,
    taken: () => taken,
    fewestHeld: () => fewestHeld,
    stall: (stalled) => tell({ kind: "stall", count: stalled }),
    recover: () => tell({ kind: "recover" }),
    stop: async () => {
      if (child.connected) {
        const ended = once(child, "exit");
        tell({ kind: "stop" });
        await ended;
      }
      process.removeListener("exit", endWithUs);
    },
  };
}
