import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { kubeconfigOf } from "../../support/cluster-world.ts";
import { eventually } from "../../support/envoy.ts";

/** How late the event loop of a process was, in milliseconds. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
}

/** A running `gatehouse controller`. */
export interface ControllerProcess {
  /** Its pod, and the bearer token that it shows the API server. */
  readonly name: string;
  readonly pid: number;
  readonly xdsPort: number;
  /** Its debug pages, as `host:port`. */
  readonly debug: string;
  /** Whether its readiness page answers 200. */
  isReady(): Promise<boolean>;
  metric(line: RegExp): Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** What it has logged so far. */
  log(): string;
  loopDelay(): Promise<LoopDelay>;
  resetLoopDelay(): Promise<void>;
  /** Ends it, without a goodbye unless told otherwise. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));
const loopDelay = fileURLToPath(new URL("./loop-delay.ts", import.meta.url));

/** The namespace and the xDS Service of the control plane. */
export const controlPlaneNamespace = "gatehouse-system";
export const xdsService = `gatehouse-xds.${controlPlaneNamespace}.svc`;

/** Where a replica listens to the others, where they are to find it by the endpoints of the xDS Service. */
export interface ReplicaPlace {
  /** Its pod's, one of loopback. */
  readonly address: string;
  /** The same for all. */
  readonly peersPort: number;
}

/** Starts a replica of the control plane of the API server at a URL, and waits until it listens. */
export async function startController(
  url: string,
  name = "replica-0",
  place?: ReplicaPlace,
): Promise<ControllerProcess> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-controller-"));
  const file = (each: string): string => join(folder, each);
  writeFileSync(file("kubeconfig"), JSON.stringify(kubeconfigOf(url, { token: name })));
  const settings = {
    kubeconfig: file("kubeconfig"),
    namespace: controlPlaneNamespace,
    "pod-name": name,
    "pod-address": place?.address ?? "127.0.0.1",
    "xds-address": "127.0.0.1:0",
    "xds-service": xdsService,
    "peers-address": place === undefined ? `127.0.0.1:${await freePort()}` : `${place.address}:${place.peersPort}`,
    "health-address": "127.0.0.1:0",
    "debug-address": "127.0.0.1:0",
    "agent-image": "example.com/gatehouse:test",
    "ports-file": file("ports.json"),
  };
  const flags = Object.entries(settings).flatMap(([flag, value]) => [`--${flag}`, value]);
  const child = spawn(process.execPath, ["--import", loopDelay, main, "controller", ...flags], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const running = new RunningController(child, name);
  const addresses = await eventually(
    "the controller's ports",
    () => {
      running.checkAlive();
      return JSON.parse(readFileSync(file("ports.json"), "utf8")) as {
        readonly xds: string;
        readonly health: string;
        readonly debug: string;
      };
    },
    60,
  );
  rmSync(folder, { recursive: true });
  running.listens(addresses);
  return running;
}

class RunningController implements ControllerProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #endWithUs = (): void => void this.#child.kill("SIGKILL");
  #log = "";
  #health = "";
  xdsPort = 0;
  debug = "";

  constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.name = name;
    this.#ended = once(child, "exit");
    process.once("exit", this.#endWithUs);
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.#log += chunk;
      });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  listens({ xds, health, debug }: { readonly xds: string; readonly health: string; readonly debug: string }): void {
    this.debug = debug;
    this.xdsPort = Number(xds.split(":").at(-1));
    this.#health = health;
  }

  checkAlive(): void {
    if (this.#child.exitCode !== null) throw new Error(`the controller has ended: ${this.#log}`);
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`http://${this.#health}/readyz`)).status === 200;
  }

  async metric(line: RegExp): Promise<number> {
    const text = await (await fetch(`http://${this.#health}/metrics`)).text();
    return text
      .split("\n")
      .filter((each) => line.test(each))
      .reduce((sum, each) => sum + Number(each.slice(each.lastIndexOf(" "))), 0);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  log(): string {
    return this.#log;
  }

  async loopDelay(): Promise<LoopDelay> {
    return await this.#ask("loop delay");
  }

  async resetLoopDelay(): Promise<void> {
    await this.#ask("reset loop delay");
  }

  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    // One that was stopped in its tracks could not end.
    this.#child.kill("SIGCONT");
    this.#child.kill(signal);
    await this.#ended;
    process.removeListener("exit", this.#endWithUs);
  }

  async #ask(question: string): Promise<LoopDelay> {
    const answer = once(this.#child, "message");
    this.#child.send(question);
    const [delay] = await answer;
    return delay as LoopDelay; // sent by loop-delay.ts
  }
}

/** A port of loopback that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
