import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What clients do that send as much as the machine gives: each asks anew as soon as it was answered. */
export interface NoiseOptions {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly protocol: "http1" | "http2";
  readonly connections: number;
  /** HTTP/2: requests at the same time on each connection. */
  readonly streams?: number;
  /** Bytes of a body that each request sends. */
  readonly bodyBytes?: number;
  /** Gives a request up that has not been answered after this time, and asks anew. */
  readonly patienceMs?: number;
}

export interface NoiseTotals {
  /** Requests that were begun, also those that nobody has answered. */
  readonly asked: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly givenUp: number;
  /** Connections that were closed or refused; each is opened anew. */
  readonly closed: number;
  readonly bytes: number;
}

/** Clients in a process of their own, which gets what the machine has left over. */
export interface Noise {
  totals(): Promise<NoiseTotals>;
  /** Closes every connection. */
  stop(): Promise<NoiseTotals>;
}

const program = fileURLToPath(new URL("./noise-process.ts", import.meta.url));

/** Starts them, and waits until the first requests have been sent. */
export async function startNoise(options: NoiseOptions): Promise<Noise> {
  const child = fork(program, [JSON.stringify(options)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const totals = async (): Promise<NoiseTotals> => {
    const answer = once(child, "message");
    child.send("totals");
    const [told] = await answer;
    return told as NoiseTotals; // sent by our own program
  };
  await once(child, "message");
  while ((await totals()).asked < options.connections) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    totals,
    stop: async () => {
      const told = await totals();
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      process.removeListener("exit", endWithUs);
      return told;
    },
  };
}
