import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningProcess, startProcess } from "./child-process.ts";
import type { AdmissionReview } from "./kubectl-apply.ts";
import type { GatewayName } from "./step.ts";

/** A condition as the control plane publishes it. */
export interface PublishedCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** A status as the debug endpoint publishes it; only what the demo reads. */
export interface PublishedStatus {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly status: {
    readonly conditions?: readonly PublishedCondition[];
    readonly parents?: readonly {
      readonly parentRef: { readonly namespace?: string; readonly name: string };
      readonly conditions?: readonly PublishedCondition[];
    }[];
  };
}

export interface ControlPlaneOptions {
  readonly repository: string;
  readonly manifests: string;
  readonly folder: string;
  readonly address: string;
}

/** The addresses that the control plane listens on, `host:port`. */
export interface ControlPlanePorts {
  readonly xds: string;
  readonly health: string;
  readonly debug: string;
  readonly webhook: string;
}

/** How a command ended. */
export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

/** A running control plane, asked in the ways that its users have. */
export interface ControlPlane {
  readonly process: RunningProcess;
  readonly ports: ControlPlanePorts;
  bootstrap(gateway: GatewayName): Promise<string>;
  /** Every status; empty when the control plane does not answer. */
  statuses(): Promise<readonly PublishedStatus[]>;
  /** What `gatehouse status` prints. */
  statusTable(args: readonly string[]): Promise<string>;
  /** Runs a command of `gatehouse` that asks this control plane. */
  command(args: readonly string[]): Promise<CommandResult>;
  /** What the webhook answers. Throws when it does not. */
  review(review: AdmissionReview): Promise<unknown>;
}

const patienceMs = 20_000;

/** Starts the control plane on a folder of manifests and waits until it is ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { repository, manifests, folder, address } = options;
  const portsFile = join(folder, "ports.json");
  const main = join(repository, "src/main.ts");
  const listen = `${address}:0`;
  const process = startProcess({
    name: "control plane",
    command: globalThis.process.execPath,
    args: [
      ...[main, "serve", "--manifests", manifests, "--ports-file", portsFile, "--log-level", "warn"],
      ...["--xds-address", listen, "--health-address", listen, "--debug-address", listen],
      ...["--webhook-address", listen],
    ],
  });
  try {
    const ports = await waitForPorts(process, portsFile);
    await waitUntilReady(process, ports);
    return { process, ports, ...questions(main, ports) };
  } catch (error) {
    await process.stop();
    throw error;
  }
}

function questions(main: string, ports: ControlPlanePorts): Omit<ControlPlane, "process" | "ports"> {
  return {
    bootstrap: (gateway) => {
      const admin = ports.xds.replace(/:\d+$/, ":0");
      return run(main, ["bootstrap", "--gateway", gateway, "--xds-address", ports.xds, "--admin-address", admin]);
    },
    statuses: () => fetchStatuses(ports),
    statusTable: (args) => run(main, ["status", "--server", `http://${ports.debug}`, ...args]),
    command: (args) => runCommand(main, [...args, "--server", `http://${ports.debug}`]),
    review: (review) => postReview(ports, review),
  };
}

async function postReview(ports: ControlPlanePorts, review: AdmissionReview): Promise<unknown> {
  const response = await fetch(`http://${ports.webhook}/validate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(review),
  });
  return response.json();
}

async function fetchStatuses(ports: ControlPlanePorts): Promise<readonly PublishedStatus[]> {
  try {
    const response = await fetch(`http://${ports.debug}/debug/status`);
    // The debug endpoint is the parse boundary; a field that is missing fails the comparison that follows.
    const { statuses } = (await response.json()) as { readonly statuses: readonly PublishedStatus[] };
    return statuses;
  } catch {
    // Not answering is told as "no status", which fails every check that expects one.
    return [];
  }
}

/** Runs one command of the control plane's CLI and returns what it printed. */
async function run(main: string, args: readonly string[]): Promise<string> {
  const { exitCode, output, errors } = await runCommand(main, args);
  if (exitCode !== 0) throw new Error(`gatehouse ${args.join(" ")} ended with ${exitCode}: ${errors}`);
  return output;
}

async function runCommand(main: string, args: readonly string[]): Promise<CommandResult> {
  let output = "";
  const process = startProcess({
    name: `gatehouse ${args[0] ?? ""}`,
    command: globalThis.process.execPath,
    args: [main, ...args],
    onOutput: (text) => {
      output += text;
    },
  });
  const exitCode = await process.ended;
  return { exitCode, output, errors: process.errors().trim() };
}

async function waitForPorts(process: RunningProcess, portsFile: string): Promise<ControlPlanePorts> {
  return waitFor(process, "tell its ports", async () => parsePorts(readFileSync(portsFile, "utf8")));
}

async function waitUntilReady(process: RunningProcess, ports: ControlPlanePorts): Promise<void> {
  await waitFor(process, "be ready", async () => {
    const response = await fetch(`http://${ports.health}/readyz`);
    return response.ok ? true : undefined;
  });
}

/** Asks until there is an answer, the process has ended or time is up. An error counts as no answer yet. */
async function waitFor<T>(process: RunningProcess, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  while (process.exitCode() === undefined && Date.now() < deadline) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`the control plane did not ${what}: ${process.errors().trim()}`);
}

function parsePorts(text: string): ControlPlanePorts | undefined {
  // Written by the control plane; every field is tested.
  const ports = JSON.parse(text) as Partial<Record<keyof ControlPlanePorts, string>>;
  const { xds, health, debug, webhook } = ports;
  if (xds === undefined || health === undefined || debug === undefined || webhook === undefined) return undefined;
  return { xds, health, debug, webhook };
}
