/** A real API server without nodes, for tests of what the chart installs and of the rights that it gives. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request as sendRequest } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBinaries } from "../conformance/bed/binaries.ts";
import { waitFor } from "../conformance/bed/wait-for.ts";

/** What the API server answered. */
export interface Answer {
  readonly status: number;
  // The API server's JSON; tests look at the fields that they expect.
  readonly body: Readonly<Record<string, unknown>>;
}

/** One request. */
export interface ApiCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Whom to act as; an administrator when absent. */
  readonly as?: { readonly user: string; readonly groups?: readonly string[] };
}

/** The API server, and the tools that reach it. */
export interface ChartCluster {
  readonly helmProgram: string;
  /** Is removed in the end. */
  readonly folder: string;
  call(call: ApiCall): Promise<Answer>;
  /** Runs helm; an error holds what it wrote. */
  helm(...args: readonly string[]): string;
  kubectl(...args: readonly string[]): string;
  stop(): Promise<void>;
}

/** Starts etcd, an API server and the controllers that roles need, on loopback ports that are free. */
export async function startChartCluster(): Promise<ChartCluster> {
  const { kube, helm } = await ensureBinaries();
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-chart-"));
  const [etcd = 0, peer = 0, port = 0] = await freePorts(3);
  const token = randomBytes(24).toString("hex");
  const server = `https://127.0.0.1:${port}`;
  const kubeconfig = writeCredentials(folder, server, token);
  const processes: ChildProcess[] = [];
  const run = (name: string, flags: readonly string[]): void => {
    const log = openSync(join(folder, `${name}.log`), "a");
    processes.push(spawn(kube, [name, ...flags], { stdio: ["ignore", log, log], cwd: folder }));
    closeSync(log);
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 16, rejectUnauthorized: false });
  const stop = async (): Promise<void> => {
    agent.destroy();
    await Promise.all(processes.toReversed().map(end));
    rmSync(folder, { recursive: true, force: true });
  };
  const cluster: ChartCluster = {
    helmProgram: helm,
    folder,
    call: (call) => send({ agent, port, token }, call),
    helm: (...args) => execute(helm, ["--kubeconfig", kubeconfig, ...args], folder),
    kubectl: (...args) => execute(kube, ["kubectl", "--kubeconfig", kubeconfig, ...args], folder),
    stop,
  };
  try {
    run("etcd", etcdFlags(folder, etcd, peer));
    run("kube-apiserver", apiServerFlags(folder, etcd, port));
    await waitFor(
      "the API server",
      async () => (await cluster.call({ method: "GET", path: "/readyz" })).status === 200,
    );
    run("kube-controller-manager", managerFlags(kubeconfig));
    return cluster;
  } catch (error) {
    const log = readFileSync(join(folder, "kube-apiserver.log"), "utf8").slice(-2_000);
    await stop();
    throw new Error(`the API server did not start: ${log}`, { cause: error });
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => Object(server.address()).port as number); // a TCP server has a port
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function writeCredentials(folder: string, server: string, token: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  writeFileSync(join(folder, "accounts.key"), privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  writeFileSync(join(folder, "tokens.csv"), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const path = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "chart",
    clusters: [{ name: "chart", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "chart", context: { cluster: "chart", user: "admin" } }],
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

function etcdFlags(folder: string, port: number, peer: number): readonly string[] {
  const [client, other] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${other}`,
    `--initial-advertise-peer-urls=${other}`,
    `--initial-cluster=default=${other}`,
    "--unsafe-no-fsync",
    "--log-level=error",
  ];
}

function apiServerFlags(folder: string, etcd: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcd}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, "certificates")}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    `--service-account-key-file=${join(folder, "accounts.key")}`,
    `--service-account-signing-key-file=${join(folder, "accounts.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--endpoint-reconciler-type=none",
    // Clusters with it ask for a right on the owner before they accept an owner that blocks.
    "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
  ];
}

/** Accounts of namespaces, and the adding up of roles. */
function managerFlags(kubeconfig: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--controllers=serviceaccount-controller,clusterrole-aggregation-controller",
  ];
}

interface Access {
  readonly agent: Agent;
  readonly port: number;
  readonly token: string;
}

function send({ agent, port, token }: Access, { method, path, body, contentType, as }: ApiCall): Promise<Answer> {
  const data = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(as && { "impersonate-user": as.user }),
    ...(as?.groups && { "impersonate-group": [...as.groups] }),
    ...(data !== undefined && {
      "content-type": contentType ?? "application/json",
      "content-length": Buffer.byteLength(data),
    }),
  };
  return new Promise((resolve, reject) => {
    const request = sendRequest({ host: "127.0.0.1", port, path, method, agent, headers }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parseAnswer(text) }));
    });
    request.on("error", reject);
    request.end(data);
  });
}

function parseAnswer(text: string): Answer["body"] {
  return text.startsWith("{") ? JSON.parse(text) : { text };
}

function execute(program: string, args: readonly string[], home: string): string {
  try {
    const environment = { PATH: process.env["PATH"], HOME: home };
    return execFileSync(program, args, { encoding: "utf8", env: environment, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stderr, stdout } = Object(error);
    throw new Error(`${args.join(" ")}: ${stderr}${stdout}`, { cause: error });
  }
}

function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    process.once("exit", () => resolve());
    process.kill("SIGKILL");
  });
}
