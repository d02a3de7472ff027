import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ComposeFile, type ComposeService, parseMount } from "./compose-file.ts";
import type { BuiltImage } from "./image-build.ts";

/** What running the services as processes needs to know. */
export interface ComposeRunOptions {
  readonly repository: string;
  /** The file trees of the containers are made below. */
  readonly folder: string;
  readonly file: ComposeFile;
  readonly image: BuiltImage;
  /** Three numbers of a free block of loopback addresses with a dot behind, `127.90.7.`. */
  readonly block: string;
}

/** The services of a Compose file, each as one process. */
export interface ComposeRun {
  /** The address that stands for a service's network namespace. */
  address(service: string): string;
  /** Starts a service after those that it depends on. */
  start(service: string): Promise<void>;
  /** Ends everything that was started, the last first; tells each exit code. */
  stop(): Promise<ReadonlyMap<string, number | null>>;
  errors(service: string): string;
}

// What the official images start when nobody says otherwise: https://hub.docker.com/_/node, Envoy's Dockerfile-envoy.
const envoyEntrypoint = "/usr/local/bin/envoy";

/** Prepares the services. Containers' paths become folders, containers' addresses become addresses of the block. */
export function createComposeRun(options: ComposeRunOptions): ComposeRun {
  const { file } = options;
  const processes = new Map<string, RunningService>();
  const start = async (name: string): Promise<void> => {
    if (processes.has(name)) return;
    const service = serviceOf(file, name);
    for (const needed of Object.keys(service.depends_on ?? {})) await start(needed);
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      if (condition === "service_healthy") await waitUntilHealthy(needed, options);
    }
    processes.set(name, startService(name, options));
  };
  return {
    address: (name) => namespaceAddress(name, options),
    start,
    errors: (name) => processes.get(name)?.errors() ?? "",
    stop: async () => {
      const codes = new Map<string, number | null>();
      for (const [name, { child }] of [...processes].reverse()) codes.set(name, await end(child));
      return codes;
    },
  };
}

interface RunningService {
  readonly child: ChildProcess;
  readonly errors: () => string;
}

function startService(name: string, options: ComposeRunOptions): RunningService {
  const service = serviceOf(options.file, name);
  const tree = treeOf(name, options);
  fillTree(tree, name, options);
  const [program = "", ...args] = commandLine(service, options).map((text) => inTree(text, { name, tree, options }));
  const child = spawn(program, args, processOptions(name, tree, options));
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  child.stdout?.resume();
  return { child, errors: () => errors };
}

/** Only what the image and the file say, so that nothing of this machine's environment helps. */
function processOptions(name: string, tree: string, options: ComposeRunOptions) {
  const { image, repository } = options;
  const service = serviceOf(options.file, name);
  const isOurs = service.build !== undefined;
  const given = { ...(isOurs ? image.environment : {}), ...service.environment };
  const environment = Object.entries(given).map(([key, value]) => [key, onBlock(value, name, options)]);
  const [uid, gid] = (service.user ?? image.user).split(":").map(Number);
  return {
    cwd: isOurs ? join(tree, image.workingDirectory) : tree,
    env: { PATH: join(repository, ".tools/node/bin"), ...Object.fromEntries(environment) },
    stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"],
    // Only root may become somebody else; an ordinary user is none already.
    ...(process.getuid?.() === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : {}),
  };
}

function commandLine(service: ComposeService, { image }: ComposeRunOptions): readonly string[] {
  if (service.build !== undefined) return [...image.entrypoint, ...(service.command ?? image.command)];
  if (service.image.startsWith("envoyproxy/envoy:distroless-")) return [envoyEntrypoint, ...(service.command ?? [])];
  return service.command ?? [];
}

/** The files of a container: those of our own image, and what the volumes put over them. */
function fillTree(tree: string, name: string, options: ComposeRunOptions): void {
  const service = serviceOf(options.file, name);
  mkdirSync(tree, { recursive: true });
  for (const { host, container } of (service.volumes ?? []).map(parseMount)) {
    const goal = join(tree, container);
    mkdirSync(dirname(goal), { recursive: true });
    cpSync(join(options.repository, host), goal, { recursive: true });
    for (const path of filesBelow(goal)) {
      writeFileSync(path, onBlock(readFileSync(path, "utf8"), name, options));
    }
  }
}

function treeOf(name: string, { folder, file, image }: ComposeRunOptions): string {
  return serviceOf(file, name).build === undefined ? join(folder, `container-${name}`) : image.root;
}

interface Place {
  readonly name: string;
  readonly tree: string;
  readonly options: ComposeRunOptions;
}

/** An argument as the process needs it: paths of the container in its tree, addresses on the block. */
function inTree(text: string, { name, tree, options }: Place): string {
  if (text === envoyEntrypoint) return join(options.repository, ".tools/envoy/envoy");
  return text.startsWith("/") ? join(tree, text) : onBlock(text, name, options);
}

/** A container has a loopback and an address of its own; on this machine one address of the block stands for both. */
function onBlock(text: string, name: string, options: ComposeRunOptions): string {
  const own = namespaceAddress(name, options);
  return text
    .replace(/\b127\.0\.0\.1\b/g, own)
    .replace(/\b0\.0\.0\.0\b/g, own)
    .replace(/\b172\.30\.118\.(?=\d)/g, options.block);
}

function namespaceAddress(name: string, options: ComposeRunOptions): string {
  const service = serviceOf(options.file, name);
  const shared = /^service:(?<other>.+)$/.exec(service.network_mode ?? "")?.groups?.["other"];
  if (shared !== undefined) return namespaceAddress(shared, options);
  const last = service.networks?.default.ipv4_address.split(".").at(-1);
  if (last !== undefined) return `${options.block}${last}`;
  // A namespace without a fixed address is reached by nobody.
  return `${options.block}${200 + Object.keys(options.file.services).indexOf(name)}`;
}

async function waitUntilHealthy(name: string, options: ComposeRunOptions): Promise<void> {
  const tree = treeOf(name, options);
  const [kind, ...test] = serviceOf(options.file, name).healthcheck?.test ?? [];
  if (kind !== "CMD") throw new Error(`service ${name} has no healthcheck`);
  const [program = "", ...args] = test.map((text) => inTree(text, { name, tree, options }));
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const [code] = await once(spawn(program, args, processOptions(name, tree, options)), "exit");
    if (code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`service ${name} never became healthy`);
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const impatient = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(impatient);
  }
  return child.exitCode;
}

function serviceOf(file: ComposeFile, name: string): ComposeService {
  const service = file.services[name];
  if (service === undefined) throw new Error(`no service ${name}`);
  return service;
}

function filesBelow(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
