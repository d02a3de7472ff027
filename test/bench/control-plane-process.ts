import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/envoy.ts";

/** A `gatehouse serve` whose costs are measured from outside. */
export interface ControlPlaneProcess {
  readonly pid: number;
  readonly xds: { readonly address: string; readonly port: number };
  /** From the start of the process until everything is read, translated and may be served, milliseconds. */
  readonly readyMs: number;
  /** The sum of a counter over its labels. */
  counter(name: string): Promise<number>;
  stop(): Promise<void>;
}

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Serves a folder of manifests to proxies that bind one address. */
export async function serveFolder(folder: string, bindAddress: string): Promise<ControlPlaneProcess> {
  const portsFile = join(folder, ".ports");
  const ports = ["--xds-address", "--health-address", "--debug-address"].flatMap((flag) => [flag, "127.0.0.1:0"]);
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [main, "serve", "--manifests", folder, "--ports-file", portsFile, "--bind-address", bindAddress, ...ports],
    { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, GATEHOUSE_LOG_LEVEL: "error" } },
  );
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const addresses = await eventually("the ports are known", async () => JSON.parse(await readFile(portsFile, "utf8")));
  const ask = async (path: string) => fetch(`http://${addresses.health}${path}`);
  await eventually("it is ready", async () => (await ask("/readyz")).ok, 120);
  const readyMs = performance.now() - started;
  const [address = "", port = ""] = String(addresses.xds).split(":");
  return {
    pid: child.pid ?? 0,
    xds: { address, port: Number(port) },
    readyMs,
    counter: async (name) => sumOf(await (await ask("/metrics")).text(), name),
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      process.removeListener("exit", endWithUs);
    },
  };
}

function sumOf(metrics: string, name: string): number {
  const lines = metrics.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
