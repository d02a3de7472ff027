import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** One thing that is asked, over and over. */
export interface LoadTarget {
  /** Distinguishes it from the others; failures are told by it. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly path: string;
  /** HTTP/1.1 unless told; HTTP/2 is with prior knowledge, or by ALPN. */
  readonly protocol?: "http1" | "http2";
  /** Speaks TLS and trusts this authority, for the host's name. */
  readonly authority?: string;
  /** Who may answer; anybody else's 200 is a failure too. */
  readonly backends?: readonly string[];
}

/** A request that was not answered with 200 by one that may. */
export interface LoadFailure {
  readonly at: number;
  readonly target: string;
  readonly reason: string;
}

/** What became of all requests so far. */
export interface LoadTotals {
  readonly requests: number;
  readonly failed: number;
  /** The first hundred of those. */
  readonly failures: readonly LoadFailure[];
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers by the backend that gave them. */
  readonly backends: Readonly<Record<string, number>>;
  /** Connections that were opened: what a proxy closes is opened anew. */
  readonly connections: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Requests at a steady pace, sent by a process of its own. */
export interface Load {
  /** Asks these too from now on, in turn with the others. */
  add(...targets: readonly LoadTarget[]): void;
  /** Asks them no more. */
  remove(...ids: readonly string[]): void;
  totals(): Promise<LoadTotals>;
  /** Lets what is under way end, and tells how all went. */
  stop(): Promise<LoadTotals>;
}

export interface LoadOptions {
  readonly targets: readonly LoadTarget[];
  readonly perSecond?: number;
  /** Kept connections to each address, port and protocol. */
  readonly connections?: number;
}

/** What the process of a load is told. */
export type LoadOrder =
  | { readonly kind: "start"; readonly perSecond: number; readonly connections: number }
  | { readonly kind: "add"; readonly targets: readonly LoadTarget[] }
  | { readonly kind: "remove"; readonly ids: readonly string[] }
  | { readonly kind: "totals" }
  | { readonly kind: "stop" };

const program = fileURLToPath(new URL("./load-process.ts", import.meta.url));

/** Starts a load; it waits until the first requests were answered. */
export async function startLoad({ targets, perSecond = 500, connections = 8 }: LoadOptions): Promise<Load> {
  const child = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const tell = (order: LoadOrder) => child.send(order);
  const totals = (): Promise<LoadTotals> => ask(child, { kind: "totals" });
  await once(child, "message");
  tell({ kind: "add", targets });
  tell({ kind: "start", perSecond, connections });
  while ((await totals()).requests < Math.min(20, perSecond)) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    add: (...more) => tell({ kind: "add", targets: more }),
    remove: (...ids) => tell({ kind: "remove", ids }),
    totals,
    stop: async () => {
      const ended = once(child, "exit");
      const result = await ask(child, { kind: "stop" });
      await ended;
      process.removeListener("exit", endWithUs);
      return result;
    },
  };
}

/** One line that a reader wants to see. */
export function tellTotals({ requests, failed, connections, p50Ms, p99Ms, maxMs }: LoadTotals): string {
  const latency = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, worst ${maxMs.toFixed(0)} ms`;
  return `${requests} requests, ${failed} failed, ${latency}, ${connections} connections`;
}

/** Answers come in the order of the questions. */
async function ask(child: ChildProcess, order: LoadOrder): Promise<LoadTotals> {
  const answer = once(child, "message");
  child.send(order);
  const [totals] = await answer;
  return totals as LoadTotals; // sent by our own program
}
