import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export { freeLoopbackAddress } from "./loopback.ts";

/** The Envoy that all tests run. */
export const envoyPath = fileURLToPath(new URL("../../.tools/envoy/envoy", import.meta.url));

export interface EnvoyOptions {
  /** Bootstrap as JSON. Without `admin`, the admin interface listens on an ephemeral port of 127.0.0.1. */
  readonly bootstrap: object;
  /** Worker threads, 1 unless asked. */
  readonly concurrency?: number;
  /** Base64 files, PEM files and the like that the bootstrap names by `$DIR/<name>`. */
  readonly files?: ReadonlyMap<string, string | Uint8Array>;
  /** More command line arguments. */
  readonly arguments?: readonly string[];
  /** Envoy's log level, `warning` unless asked. */
  readonly logLevel?: string;
  /** Another Envoy than the one that all tests run. */
  readonly binary?: string;
  /** Takes each line of the access log, which is then not kept: for tests with more lines than memory. */
  readonly onAccessLog?: (line: string) => void;
}

/** A real Envoy that runs until it is stopped. */
export interface RunningEnvoy {
  readonly pid: number;
  /** A directory of its own; `$DIR` in the bootstrap. */
  readonly directory: string;
  readonly admin: { readonly address: string; readonly port: number };
  /** Asks the admin interface. */
  get(path: string): Promise<string>;
  post(path: string): Promise<string>;
  /** The parts of /config_dump, each with its `@type`. */
  configDump(query?: string): Promise<readonly Record<string, unknown>[]>;
  /** Counters and gauges whose names match the regular expression. */
  stats(filter: string): Promise<ReadonlyMap<string, number>>;
  /** Lines on standard output: the access log. */
  accessLog(): readonly string[];
  /** Waits until an access log line satisfies the question. */
  accessLogLine(matches: (line: string) => boolean): Promise<string>;
  /** What Envoy logged about itself. */
  log(): Promise<string>;
  /** Ends it by its pid and removes its directory. */
  stop(): Promise<void>;
}

/** Starts a real Envoy and resolves once its admin interface answers. */
export async function startEnvoy(options: EnvoyOptions): Promise<RunningEnvoy> {
  const binary = options.binary ?? envoyPath;
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run make`);
  const directory = await mkdtemp(join(tmpdir(), "gatehouse-envoy-"));
  for (const [name, content] of options.files ?? []) await writeFile(join(directory, name), content);
  const admin = { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } };
  const bootstrap = JSON.stringify({ admin, ...options.bootstrap }).replaceAll("$DIR", directory);
  await writeFile(join(directory, "bootstrap.json"), bootstrap);
  const child = spawn(binary, commandLine(options, directory), { stdio: ["ignore", "pipe", "pipe"] });
  const output = collectOutput(child, options.onAccessLog);
  try {
    const admin = await adminAddress(child, directory, output.errors);
    return running({ child, directory, admin, output });
  } catch (error) {
    await stop(child, directory);
    throw error;
  }
}

/** Waits until the question is answered with something other than undefined or false. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 20,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(20);
  }
  throw new Error(`never happened: ${what}`, { cause: last });
}

/** Waits. Only for what cannot be asked, such as that something does not happen. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

interface Output {
  readonly lines: string[];
  readonly errors: string[];
}

interface Parts {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly admin: { readonly address: string; readonly port: number };
  readonly output: Output;
}

function commandLine(options: EnvoyOptions, directory: string): readonly string[] {
  return [
    ...["--config-path", join(directory, "bootstrap.json"), "--admin-address-path", join(directory, "admin")],
    ...["--log-path", join(directory, "envoy.log"), "--log-level", options.logLevel ?? "warning"],
    ...["--concurrency", String(options.concurrency ?? 1), "--use-dynamic-base-id", "--reject-unknown-dynamic-fields"],
    ...["--drain-time-s", "1", "--drain-strategy", "immediate", "--parent-shutdown-time-s", "2"],
    ...["--file-flush-interval-msec", "10", ...(options.arguments ?? [])],
  ];
}

function collectOutput(child: ChildProcess, onLine: EnvoyOptions["onAccessLog"]): Output {
  const output: Output = { lines: [], errors: [] };
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (onLine === undefined) output.lines.push(...lines);
    else for (const line of lines) onLine(line);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => output.errors.push(text));
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  child.once("exit", () => process.removeListener("exit", endWithUs));
  return output;
}

async function adminAddress(
  child: ChildProcess,
  directory: string,
  errors: readonly string[],
): Promise<{ readonly address: string; readonly port: number }> {
  for (let attempt = 0; attempt < 1500; attempt += 1) {
    const text = await readFile(join(directory, "admin"), "utf8").catch(() => "");
    const [address = "", port = ""] = text.split(":");
    if (port !== "" && (await ask({ address, port: Number(port), path: "/server_info" }).catch(() => "")) !== "") {
      return { address, port: Number(port) };
    }
    if (child.exitCode !== null || child.signalCode !== null) break;
    await sleep(20);
  }
  const log = await readFile(join(directory, "envoy.log"), "utf8").catch(() => "");
  throw new Error(`Envoy did not start:\n${log}${errors.join("")}`);
}

function running({ child, directory, admin, output }: Parts): RunningEnvoy {
  const get = (path: string) => ask({ ...admin, path });
  return {
    pid: child.pid ?? 0,
    directory,
    admin,
    get,
    post: (path) => ask({ ...admin, path, method: "POST" }),
    configDump: async (query = "") => {
      // The admin interface is the parse boundary: every part of a dump is an object.
      const dump = JSON.parse(await get(`/config_dump${query}`)) as { configs?: Record<string, unknown>[] };
      return dump.configs ?? [];
    },
    stats: async (filter) => parseStats(await get(`/stats?filter=${encodeURIComponent(filter)}`)),
    accessLog: () => [...output.lines],
    accessLogLine: (matches) => eventually("an access log line", () => output.lines.find(matches), 10),
    log: () => readFile(join(directory, "envoy.log"), "utf8"),
    stop: () => stop(child, directory),
  };
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const impatient = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(impatient);
  }
  await rm(directory, { recursive: true, force: true });
}

function parseStats(text: string): ReadonlyMap<string, number> {
  const values = text.split("\n").map((line) => [line.slice(0, line.lastIndexOf(": ")), line] as const);
  return new Map(
    values.filter(([name]) => name !== "").map(([name, line]) => [name, Number(line.slice(name.length + 2))]),
  );
}

function ask(target: { address: string; port: number; path: string; method?: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const { address, port, path, method = "GET" } = target;
    const asked = request({ host: address, port, path, method, agent: false, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error(`${method} ${path} timed out`)));
    asked.end();
  });
}
