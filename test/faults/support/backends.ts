import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** When an address last got a request for a host, milliseconds since 1970, by `host address`. */
export type LastSeen = ReadonlyMap<string, number>;

/** Backends on many loopback addresses and one port, in a process of their own; each answers with its address in `x-backend`. */
export interface Backends {
  readonly addresses: readonly string[];
  readonly port: number;
  lastSeen(): Promise<LastSeen>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./backends-process.ts", import.meta.url));

/** Starts so many, on 127.x.y.1 to 127.x.y.254 and on from there; the port is one that is free on the first. */
export async function startBackends(count: number): Promise<Backends> {
  const child: ChildProcess = fork(program, [String(count)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const [started] = await once(child, "message");
  return {
    ...(started as { addresses: string[]; port: number }), // sent by our own program
    lastSeen: async () => {
      const answer = once(child, "message");
      child.send("last seen");
      const [entries] = await answer;
      return new Map(entries as [string, number][]); // sent by our own program
    },
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      process.removeListener("exit", endWithUs);
    },
  };
}
