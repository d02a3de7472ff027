import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { KeyPair } from "../../../src/identity/authority.ts";
import { type FleetIdentities, fingerprintOf } from "../../xds/fleet-identities.ts";

/** What an ADS server in a process of its own serves, and to whom. */
export interface AdsStart {
  /** 0 takes any free port. */
  readonly port: number;
  readonly tls: {
    readonly server: { readonly ca: string; readonly cert: string; readonly key: string };
    /** Fingerprints of certificates of proxies. */
    readonly accepted: readonly string[];
  };
  /** Clusters, each with so many bytes of content. */
  readonly resources: { readonly count: number; readonly bytes: number };
  readonly writeDeadlineMs?: number;
}

/** What the process is told. */
export type AdsOrder =
  | ({ readonly kind: "start" } & AdsStart)
  | { readonly kind: "set"; readonly name: string; readonly content: string; readonly bytes: number }
  | { readonly kind: "report"; readonly collect: boolean };

/** How the process is. Counts are since it began, stalls since the last report. */
export interface AdsReport {
  readonly rss: number;
  /** Bytes of heap and of buffers that are in use. */
  readonly alive: number;
  /** Streams. */
  readonly opened: number;
  readonly open: number;
  /** Responses. */
  readonly sent: number;
  readonly sentBytes: number;
  /** Protobuf messages that were begun to be decoded. */
  readonly decodes: number;
  /** Streams that were ended, by the words of why. */
  readonly ends: Readonly<Record<string, number>>;
  readonly stallP99Ms: number;
  readonly stallMaxMs: number;
}

/** An ADS server in a process of its own. */
export interface Ads {
  readonly port: number;
  readonly pid: number;
  /** Sets a cluster; tells its version and when it was set. */
  set(name: string, content: string, bytes: number): Promise<{ readonly at: number; readonly version: string }>;
  report(options?: { readonly collect?: boolean }): Promise<AdsReport>;
  /** Whether it is still the process that was started. */
  alive(): boolean;
  kill(): Promise<void>;
}

export interface AdsOptions extends Omit<AdsStart, "tls" | "port"> {
  readonly identities: FleetIdentities;
  readonly proxies: readonly KeyPair[];
  readonly port?: number;
}

const program = fileURLToPath(new URL("./ads-process.ts", import.meta.url));

/** Starts a server for the default fleet. */
export async function startAds({ identities, proxies, port = 0, ...rest }: AdsOptions): Promise<Ads> {
  const material = identities.material.current();
  if (material === undefined) throw new Error("the server has no certificate");
  const { ca, cert, key } = material;
  const child = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const tls = {
    server: { ca: String(ca), cert: String(cert), key: String(key) },
    accepted: proxies.map(fingerprintOf),
  };
  const bound = await ask<number>(child, { kind: "start", port, tls, ...rest });
  return {
    port: bound,
    pid: child.pid ?? 0,
    set: (name, content, bytes) => ask(child, { kind: "set", name, content, bytes }),
    report: ({ collect = false } = {}) => ask(child, { kind: "report", collect }),
    alive: () => child.exitCode === null && child.signalCode === null,
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      process.removeListener("exit", endWithUs);
    },
  };
}

/** Answers come in the order of the questions. */
async function ask<T>(child: ChildProcess, order: AdsOrder): Promise<T> {
  const patience = new AbortController();
  const { signal } = patience;
  const answer = Promise.race([
    once(child, "message", { signal }).then(([message]) => message as T), // sent by our own program
    once(child, "exit", { signal }).then(() => Promise.reject(new Error("the server has ended"))),
  ]);
  child.send(order);
  try {
    return await answer;
  } finally {
    patience.abort();
  }
}
