import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ResourceType } from "../../../src/core/xds-resource.ts";
import { eventually } from "../../support/envoy.ts";

/** A `gatehouse serve` that tests end as they like. */
export interface ControlPlane {
  readonly pid: number;
  /** As `host:port`. */
  readonly debug: string;
  /** Everything that it tells of itself, by name and labels as they are written. */
  metrics(): Promise<ReadonlyMap<string, number>>;
  /** Whether it still runs. */
  isRunning(): boolean;
  /** Asks the preloaded module, if there is one, and gives its answer. */
  ask(question: unknown): Promise<unknown>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ControlPlaneOptions {
  readonly manifests: string;
  /** What proxies bind for a Gateway that asks for no address. */
  readonly bindAddress: string;
  /** Fixed, so that proxies find it again after a restart. */
  readonly xds: { readonly address: string; readonly port: number };
  readonly arguments?: readonly string[];
  /** A module that is loaded before it, for clocks and measurements. */
  readonly preload?: URL;
}

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

/** Starts it and waits until everything is read and served. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-fault-"));
  const portsFile = join(folder, "ports.json");
  const child = spawn(process.execPath, commandLine(options, portsFile), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, GATEHOUSE_LOG_LEVEL: "error" },
  });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const told = await eventually(
    "its ports are known",
    async () => {
      if (!isRunning()) throw new Error("the control plane has ended");
      return JSON.parse(await readFile(portsFile, "utf8")) as { readonly health: string; readonly debug: string };
    },
    120,
  );
  await rm(folder, { recursive: true });
  const ask = async (path: string) => fetch(`http://${told.health}${path}`);
  await eventually("it is ready", async () => (await ask("/readyz")).ok, 120);
  return {
    pid: child.pid ?? 0,
    debug: told.debug,
    metrics: async () => parseMetrics(await (await ask("/metrics")).text()),
    isRunning,
    ask: async (question) => {
      const answer = once(child, "message");
      child.send(question as object);
      return (await answer)[0];
    },
    stop: async (signal = "SIGTERM") => {
      process.removeListener("exit", endWithUs);
      if (!isRunning()) return;
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
  };
}

/** What it has sent so far. */
export interface Sent {
  readonly responses: number;
  readonly bytes: number;
  readonly byType: Readonly<Record<ResourceType, number>>;
}

/** Reads from its metrics what it has sent since it started. */
export async function sentBy(controlPlane: ControlPlane): Promise<Sent> {
  const metrics = await controlPlane.metrics();
  const of = (name: string, type: ResourceType) => metrics.get(`${name}{type="${type}"}`) ?? 0;
  const byType = {
    cluster: of("gatehouse_xds_responses_total", "cluster"),
    endpoint: of("gatehouse_xds_responses_total", "endpoint"),
    secret: of("gatehouse_xds_responses_total", "secret"),
    listener: of("gatehouse_xds_responses_total", "listener"),
    scope: of("gatehouse_xds_responses_total", "scope"),
    route: of("gatehouse_xds_responses_total", "route"),
  };
  const types = Object.keys(byType) as ResourceType[];
  return {
    byType,
    responses: types.reduce((sum, type) => sum + byType[type], 0),
    bytes: types.reduce((sum, type) => sum + of("gatehouse_xds_response_bytes_total", type), 0),
  };
}

function commandLine({ preload, manifests, bindAddress, xds, ...rest }: ControlPlaneOptions, portsFile: string) {
  return [
    ...(preload === undefined ? [] : ["--expose-gc", "--import", preload.href]),
    ...[main, "serve", "--manifests", manifests, "--ports-file", portsFile, "--bind-address", bindAddress],
    ...["--xds-address", `${xds.address}:${xds.port}`],
    ...["--health-address", "127.0.0.1:0", "--debug-address", "127.0.0.1:0", ...(rest.arguments ?? [])],
  ];
}

function parseMetrics(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}
