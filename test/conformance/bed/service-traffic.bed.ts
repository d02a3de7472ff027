import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bed, startBed } from "./start-bed.ts";
import { waitFor } from "./wait-for.ts";

const services = "/api/v1/namespaces/default/services";
const pods = "/api/v1/namespaces/default/pods";
const image = "registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0";
let folder: string;
let bed: Bed;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bed-"));
  bed = await startBed({ stateDirectory: join(folder, "state") });
});

afterAll(async () => {
  await bed?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("one Service has the same port for TCP and for UDP, and each leads to its own", async () => {
  const spec = { type: "LoadBalancer", selector: { app: "echo" }, ports: [portOf("TCP", 3000), portOf("UDP", 8080)] };
  await bed.api.create(services, { metadata: { name: "echo" }, spec });
  const address = await waitFor("the address", addressOfEcho, 20);
  await createPod("both", [
    { name: "tcp", image, env: [...podName, { name: "TCP_ECHO_SERVER", value: "1" }] },
    { name: "udp", image, env: [...podName, { name: "UDP_ECHO_SERVER", value: "1" }] },
  ]);
  expect(await waitFor("an answer by TCP", () => askByTcp(address), 20)).toMatchObject({
    pod: "both",
    tcpport: "3000",
  });
  expect(await waitFor("an answer by UDP", () => askByUdp(address), 20)).toMatchObject({
    pod: "both",
    request: "hello",
  });
});

it("leads what one socket sends by UDP to another pod once the first is gone", async () => {
  const address = (await addressOfEcho()) ?? "";
  const before = await bed.run(["conntrack", "-L", "--proto", "udp", "--dst", address]);
  expect(before.stdout).toContain("dport=4000");
  await createPod("later", [{ name: "udp", image, env: [...podName, { name: "UDP_ECHO_SERVER", value: "1" }] }]);
  await bed.run(["kubectl", "delete", "pod", "both"]);
  // The same source port all the time: the kernel's memory of the old way must not outlive the old pod.
  const answer = await waitFor("an answer of the other pod", async () => {
    const found = await askByUdp(address);
    return (found as { pod?: string } | undefined)?.pod === "later" && found;
  });
  expect(answer).toMatchObject({ pod: "later", request: "hello" });
});

const podName = [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }];

function portOf(protocol: string, targetPort: number): unknown {
  return { name: protocol.toLowerCase(), protocol, port: 4000, targetPort };
}

async function createPod(name: string, containers: readonly unknown[]): Promise<void> {
  await bed.api.create(pods, { metadata: { name, labels: { app: "echo" } }, spec: { containers } });
}

async function addressOfEcho(): Promise<string | undefined> {
  const { status } = await bed.api.get<{ status?: { loadBalancer?: { ingress?: { ip?: string }[] } } }>(
    `${services}/echo`,
  );
  return status?.loadBalancer?.ingress?.[0]?.ip;
}

/** The echo greets, and tells of itself when it is told TEST. */
async function askByTcp(host: string): Promise<unknown> {
  return parsed(`const socket = require("node:net").connect(4000, "${host}");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      const [, answer] = text.split("\\n");
      if (answer) { console.log(answer); socket.destroy(); }
    });
    socket.write("TEST\\n");`);
}

/** From a source port that is always the same. */
async function askByUdp(host: string): Promise<unknown> {
  return parsed(`const socket = require("node:dgram").createSocket("udp4");
    setTimeout(() => socket.close(), 1000).unref();
    socket.on("message", (message) => { console.log(String(message)); socket.close(); });
    socket.bind(40123, () => socket.send("hello", 4000, "${host}"));`);
}

async function parsed(script: string): Promise<unknown> {
  const { stdout } = await bed.run([process.execPath, "-e", script], { timeoutSeconds: 5 });
  return stdout === "" ? undefined : JSON.parse(stdout);
}
