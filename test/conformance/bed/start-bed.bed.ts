import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RawObject } from "../../../src/core/kube-client.ts";
import { bedNetwork } from "./layout.ts";
import type { RunResult } from "./run-inside.ts";
import { type Bed, startBed } from "./start-bed.ts";
import { waitFor } from "./wait-for.ts";

let folder: string;
let before: MachineTraces;
let bed: Bed;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bed-"));
  before = tracesOn();
  bed = await startBed({ stateDirectory: join(folder, "state"), crds: { version: "v1.7.0", channel: "standard" } });
});

afterAll(async () => {
  await bed?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("serves the API to the outside, and to kubectl inside", async () => {
  const version = await bed.api.get<{ gitVersion: string }>("/version");
  const { code, stdout } = await bed.run(["kubectl", "get", "nodes", "--no-headers"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^bed +Ready /) });
  expect(version.gitVersion).toMatch(/^v1\./);
});

it("runs the pods of a Deployment, and sends what is asked of their Service to them", async () => {
  await deployEcho();
  const address = await waitFor("the address of the load balancer", addressOfEcho);
  expect(address).toMatch(/^10\.200\./);
  const { spec } = await bed.api.get<Service>(echoService);
  for (const host of [address, `${spec.clusterIP}:80`]) {
    const seen = await waitFor(`an answer of ${host}`, () => ask(`http://${host}/`), 20);
    expect(seen).toMatchObject({ namespace: "default", pod: expect.stringMatching(/^echo-/) });
  }
});

it("loses no packet between a pod and a Service, also where the pod is its own backend", async () => {
  const { stdout } = await bed.run(["ip", "netns"]);
  const [pod = ""] = stdout.split(/\s/);
  const inPod = (script: string): Promise<RunResult> =>
    bed.run(["ip", "netns", "exec", pod, process.execPath, "--input-type=module", "-e", script]);
  const { spec } = await bed.api.get<Service>(echoService);
  const calls = `for (let call = 0; call < 40; call++) {
      const answer = await fetch("http://${spec.clusterIP}/", { headers: { connection: "close" } });
      await answer.text();
    }
    const { readFileSync } = await import("node:fs");
    const [names, values] = readFileSync("/proc/net/snmp", "utf8").match(/^Tcp:.*$/gm).map((line) => line.split(" "));
    console.log(values[names.indexOf("ActiveOpens")] >= 40, values[names.indexOf("RetransSegs")]);`;
  const { stdout: seen, stderr } = await inPod(calls);
  expect(seen.trim(), stderr).toBe("true 0");
});

it("resolves the names of Services", async () => {
  const { spec } = await bed.api.get<Service>(echoService);
  const script = `const { Resolver } = require("node:dns"); const resolver = new Resolver();
    resolver.setServers(["${bedNetwork.nodeAddress}"]);
    resolver.resolve4("echo.default.svc.cluster.local", (error, found) => console.log(error ?? found.join()));`;
  const { stdout } = await bed.run([process.execPath, "-e", script]);
  expect(stdout.trim()).toBe(spec.clusterIP);
});

it("shows the logs of a pod", async () => {
  const { stdout, stderr } = await bed.run(["kubectl", "logs", "deployment/echo"]);
  expect(stdout, stderr).toContain("Starting server");
});

it("gives an address that is asked for, and never one beside the pool or of somebody else", async () => {
  const ask = (name: string, loadBalancerIP: string): Promise<RawObject> =>
    bed.api.create("/api/v1/namespaces/default/services", {
      metadata: { name },
      spec: { type: "LoadBalancer", loadBalancerIP, ports: [{ port: 80 }] },
    });
  await ask("beside", bedNetwork.unusableAddress);
  await ask("first", bedNetwork.usableAddress);
  await waitFor("the address", async () => (await addressOf("first")) === bedNetwork.usableAddress, 20);
  await ask("second", bedNetwork.usableAddress);
  await ask("last", "");
  // Addresses are given in the order of the Services.
  await waitFor("the last address", () => addressOf("last"), 20);
  expect([await addressOf("beside"), await addressOf("second")]).toEqual([undefined, undefined]);
  await bed.api.remove("/api/v1/namespaces/default/services/first");
  await waitFor("the address to be free", async () => (await addressOf("second")) === bedNetwork.usableAddress, 20);
});

it("refuses a pod that a restricted namespace does not allow", async () => {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await bed.api.create("/api/v1/namespaces", { metadata: { name: "strict", labels } });
  const path = "/api/v1/namespaces/strict/serviceaccounts/default";
  await waitFor("the namespace's service account", () => bed.api.get(path), 20);
  const pod = { metadata: { name: "loose" }, spec: { containers: [{ name: "echo", image: "echo-basic:v0.1.0" }] } };
  await expect(bed.api.create("/api/v1/namespaces/strict/pods", pod)).rejects.toThrow("violates PodSecurity");
});

it("has no way out", async () => {
  const { stdout } = await bed.run(["ip", "route", "show", "default"]);
  expect(stdout).toBe("");
  const reach = 'require("node:net").connect(53, "192.0.2.1").on("error", (error) => console.log(error.code))';
  expect((await bed.run([process.execPath, "-e", reach])).stdout.trim()).toBe("ENETUNREACH");
});

it("leaves nothing behind", async () => {
  const ofBed = readlinkSync(`/proc/${bed.process.pid}/ns/pid_for_children`);
  // The cluster's seven programs, the shell above them, and a pod or two.
  expect(processesIn(ofBed).length).toBeGreaterThan(8);
  await bed.stop();
  expect(processesIn(ofBed)).toEqual([]);
  expect(tracesOn()).toEqual(before);
  expect(existsSync(bed.layout.stateDirectory)).toBe(false);
});

interface Service extends RawObject {
  readonly spec: { readonly clusterIP?: string };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip: string }[] } };
}

const services = "/api/v1/namespaces/default/services";
const echoService = `${services}/echo`;

async function deployEcho(): Promise<void> {
  const labels = { app: "echo" };
  const field = (name: string, fieldPath: string): unknown => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const container = {
    name: "echo",
    image: "registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0",
    env: [field("POD_NAME", "metadata.name"), field("NAMESPACE", "metadata.namespace")],
  };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  await bed.api.create("/apis/apps/v1/namespaces/default/deployments", {
    metadata: { name: "echo" },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  });
  const spec = { type: "LoadBalancer", selector: labels, ports: [{ port: 80, targetPort: 3000 }] };
  await bed.api.create(services, { metadata: { name: "echo" }, spec });
  await waitFor("both pods", async () => {
    const { status } = await bed.api.get<{ status: { readyReplicas?: number } }>(
      "/apis/apps/v1/namespaces/default/deployments/echo",
    );
    return status.readyReplicas === 2;
  });
}

async function addressOf(name: string): Promise<string | undefined> {
  return (await bed.api.get<Service>(`${services}/${name}`)).status?.loadBalancer?.ingress?.[0]?.ip;
}

function addressOfEcho(): Promise<string | undefined> {
  return addressOf("echo");
}

async function ask(url: string): Promise<unknown> {
  const script = `fetch("${url}").then((answer) => answer.text()).then(console.log)`;
  const { code, stdout } = await bed.run([process.execPath, "-e", script], { timeoutSeconds: 10 });
  return code === 0 ? JSON.parse(stdout) : undefined;
}

/** What a bed could leave on the machine, besides processes. */
interface MachineTraces {
  readonly namespaces: readonly string[];
  readonly mounts: readonly string[];
  readonly folders: readonly string[];
}

function tracesOn(): MachineTraces {
  return {
    namespaces: execFileSync("ip", ["netns"], { encoding: "utf8" }).split("\n"),
    mounts: readFileSync("/proc/self/mounts", "utf8").split("\n"),
    folders: ["/etc/netns", "/run/netns"].flatMap((path) => (existsSync(path) ? [path, ...readdirSync(path)] : [])),
  };
}

/** The processes of a process namespace: whatever a bed has started is in its own. */
function processesIn(namespace: string): readonly string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && namespaceOf(name) === namespace);
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // It ended while we looked.
    return undefined;
  }
}
