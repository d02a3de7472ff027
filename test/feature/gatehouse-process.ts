import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `gatehouse serve`. */
export interface GatehouseProcess {
  /** Real addresses, as `host:port`. */
  readonly xds: string;
  readonly health: string;
  readonly debug: string;
  /** Sends a signal, waits for the end and tells how it went. */
  stop(signal?: NodeJS.Signals): Promise<Finished>;
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Runs a verb of the command line to its end. */
export async function runGatehouse(
  args: readonly string[],
  { stdin = "", environment = {} }: { readonly stdin?: string; readonly environment?: Record<string, string> } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...environment } });
  child.stdin.end(stdin);
  return finish(child);
}

/** Starts `gatehouse serve` on a folder, with ports that the system chooses, and waits until it listens. */
export async function startGatehouse(manifests: string, args: readonly string[] = []): Promise<GatehouseProcess> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  const portsFile = join(folder, "ports.json");
  const ports = ["--xds-address", "--health-address", "--debug-address"].flatMap((flag) => [flag, "127.0.0.1:0"]);
  const child = spawn(process.execPath, [
    ...[main, "serve", "--manifests", manifests, "--ports-file", portsFile],
    ...[...ports, ...args],
  ]);
  child.stdin.end();
  const finished = finish(child);
  const addresses = await Promise.race([waitForFile(portsFile), finished]);
  await rm(folder, { recursive: true });
  if ("code" in addresses) throw new Error(`gatehouse ended with ${addresses.code}: ${addresses.stderr}`);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    return finished;
  };
  return { ...addresses, stop };
}

/** Asks again and again until an answer passes; fails with the last complaint. Never measures time. */
export async function eventually<T>(ask: () => T | Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === 400) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function finish(child: ReturnType<typeof spawn>): Promise<Finished> {
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr, code] = await Promise.all([
    child.stdout === null ? "" : text(child.stdout),
    child.stderr === null ? "" : text(child.stderr),
    ended,
  ]);
  return { code, stdout, stderr };
}

function waitForFile(path: string): Promise<Pick<GatehouseProcess, "xds" | "health" | "debug">> {
  return eventually(async () => JSON.parse(await readFile(path, "utf8")));
}
