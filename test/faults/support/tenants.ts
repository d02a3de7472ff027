import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What is wrong with the backend of the noisy tenant. */
export type Trouble = "none" | "hangs" | "does not read" | "resets" | "trickles";

/** The backends of two tenants, each on a port of 127.0.0.1 and in a process of its own. */
export interface Tenants {
  readonly quiet: number;
  readonly noisy: number;
  /** Closes the noisy one's connections, and treats new ones like that. */
  tell(trouble: Trouble): Promise<void>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./tenants-process.ts", import.meta.url));

/** Starts both. */
export async function startTenants(): Promise<Tenants> {
  const [quiet, noisy] = await Promise.all([startBackend("quiet"), startBackend("noisy")]);
  return {
    quiet: quiet.port,
    noisy: noisy.port,
    tell: async (trouble) => {
      const told = once(noisy.child, "message");
      noisy.child.send(trouble);
      await told;
    },
    stop: async () => {
      await Promise.all([quiet.stop(), noisy.stop()]);
    },
  };
}

async function startBackend(tenant: "quiet" | "noisy") {
  const child: ChildProcess = fork(program, [tenant], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const [port] = await once(child, "message");
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
    process.removeListener("exit", endWithUs);
  };
  return { child, port: Number(port), stop };
}
