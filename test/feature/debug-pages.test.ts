import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, type IssuedCertificate, issueCertificate } from "../support/certificates.ts";
import { eventually, type GatehouseProcess, runGatehouse, startGatehouse } from "./gatehouse-process.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

let folder = "";
let certificate: IssuedCertificate;
let gatehouse: GatehouseProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-debug-"));
  const authority = await createCertificateAuthority();
  certificate = await issueCertificate(authority, { names: ["cart.example.com"] });
  await writeFile(join(folder, "platform.yaml"), platform + secureGateway() + tlsSecret());
  await writeFile(join(folder, "cart.yaml"), namespace("cart") + route("cart"));
  await writeFile(join(folder, "hr.yaml"), namespace("hr", { shared: false }) + route("hr"));
  await writeFile(join(folder, "broken.yaml"), "kind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1\n");
  gatehouse = await startGatehouse(folder);
  await eventually(async () => expect((await fetch(`http://${gatehouse.health}/readyz`)).status).toBe(200));
});

afterAll(async () => {
  await gatehouse?.stop();
  await rm(folder, { recursive: true });
});

function secureGateway(): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: secure, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - name: https
      port: 8443
      protocol: HTTPS
      tls: { certificateRefs: [{ name: cart-tls }] }
`;
}

function tlsSecret(): string {
  const data = { "tls.crt": base64(certificate.certificatePem), "tls.key": base64(certificate.keyPem) };
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name: "cart-tls", namespace: "infra" },
    data,
  };
  return `---\n${JSON.stringify(secret)}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

async function readText(path: string): Promise<string> {
  const response = await fetch(`http://${gatehouse.debug}${path}`);
  return response.text();
}

const readJson = async (path: string) => JSON.parse(await readText(path));

/** Every spelling in which the key could slip out: whole, line by line, decoded, and encoded once more. */
function spellings({ keyPem }: IssuedCertificate): readonly string[] {
  const lines = keyPem.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
  const der = Buffer.from(lines.join(""), "base64");
  const part = (text: string) => text.slice(8, 40);
  return [...lines, lines.join(""), base64(keyPem).slice(0, 48), part(base64(lines.join(""))), der.toString("hex")];
}

describe("secrets", () => {
  it("stand on no page, whatever page it is, while the certificate does", async () => {
    const pages = [
      "/",
      "/debug/gateways",
      "/debug/xds?gateway=infra/secure",
      "/debug/xds?gateway=infra/secure&type=secret",
      "/debug/xds?gateway=infra/shared",
      "/debug/status",
      "/debug/streams",
      "/debug/problems",
      "/debug/graph",
      "/debug/origins?gateway=infra/secure&type=secret&name=infra/cart-tls",
    ];
    const bodies = await Promise.all(pages.map(readText));
    for (const body of bodies) for (const spelling of spellings(certificate)) expect(body).not.toContain(spelling);
    const secret = await readJson("/debug/xds?gateway=infra/secure&type=secret");
    expect(secret.resources).toMatchObject([{ resource: { tls_certificate: { private_key: "[redacted]" } } }]);
    const shown = JSON.stringify(secret.resources[0].resource.tls_certificate.certificate_chain);
    const chain = [
      JSON.stringify(certificate.certificatePem).slice(1, 60),
      base64(certificate.certificatePem).slice(0, 60),
    ];
    expect(chain.some((text) => shown.includes(text))).toBe(true);
  });

  it("are not printed by translate either", async () => {
    const { stdout } = await runGatehouse(["translate", "-f", join(folder, "platform.yaml")]);
    expect(stdout).toContain("[redacted]");
    for (const spelling of spellings(certificate)) expect(stdout).not.toContain(spelling);
  });
});

describe("the debug pages", () => {
  it("show a Gateway's Envoy resources decoded, whole or one of them", async () => {
    const all = await readJson("/debug/xds?gateway=infra/shared");
    const types: string[] = all.resources.map(({ type }: { type: string }) => type);
    expect([...new Set(types)]).toEqual(["cluster", "endpoint", "listener", "route"]);
    expect(all.resources).toHaveLength(all.total);
    const one = await readJson("/debug/xds?gateway=infra/shared&type=cluster&name=cart/cart/80");
    expect(one.resources).toMatchObject([{ type: "cluster", resource: { name: "cart/cart/80", type: "EDS" } }]);
  });

  it("tell the Kubernetes objects that a resource came from", async () => {
    const { origins } = await readJson("/debug/origins?gateway=infra/shared&type=endpoint&name=cart/cart/80");
    expect(origins).toEqual(expect.arrayContaining(["EndpointSlice/cart/cart-1", "Service/cart/cart"]));
    expect(origins.filter((origin: string) => origin.includes("/hr/"))).toEqual([]);
  });

  it("tell which files could not be read, and where", async () => {
    const { problems } = await readJson("/debug/problems");
    expect(problems[0]).toMatchObject({ file: "broken.yaml", document: 1 });
  });

  it("tell how often each transform ran and that none failed", async () => {
    const { collections, failures } = await readJson("/debug/graph");
    expect(failures).toEqual([]);
    expect(collections.find(({ name }: { name: string }) => name === "HTTPRoute")).toMatchObject({ size: 2 });
  });

  it("answer only to this machine's own names", async () => {
    const port = gatehouse.debug.split(":")[1];
    expect((await fetch(`http://localhost:${port}/debug/problems`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/debug/problems`, { method: "POST" })).status).toBe(405);
  });

  it("give machines metrics of few series, without the name of any object", async () => {
    const metrics = await (await fetch(`http://${gatehouse.health}/metrics`)).text();
    expect(metrics).toContain('gatehouse_objects{kind="HTTPRoute"} 2');
    expect(metrics).toContain("gatehouse_source_problems ");
    expect(metrics).toContain('gatehouse_resources{type="cluster"} ');
    const series = metrics.split("\n").filter((line) => line.startsWith("gatehouse_"));
    expect(series.filter((line) => line.includes("cart"))).toEqual([]);
  });
});

describe("gatehouse status", () => {
  const status = (...args: string[]) => runGatehouse(["status", "--server", `http://${gatehouse.debug}`, ...args]);

  it("tells every object, and at the end what could not be read", async () => {
    const { code, stdout, stderr } = await status();
    expect(code).toBe(0);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/\s{2,}/));
    expect(rows[0]).toEqual(["OBJECT", "PARENT", "ACCEPTED", "RESOLVEDREFS", "PROGRAMMED", "REASON", "MESSAGE"]);
    expect(rows).toContainEqual(["HTTPRoute/cart/cart", "infra/shared", "True", "True", "-", "Accepted"]);
    const refused = rows.find(([object]) => object === "HTTPRoute/hr/hr");
    expect(refused?.slice(1, 6)).toEqual(["infra/shared", "False", "True", "-", "NotAllowedByListeners"]);
    expect(stderr).toMatch(/^broken\.yaml, document 1/);
  });

  it.each([
    { words: ["gatewayclass"], want: ["GatewayClass/gatehouse"] },
    { words: ["gateways"], want: ["Gateway/infra/secure", "Gateway/infra/shared"] },
    { words: ["httproutes"], want: ["HTTPRoute/cart/cart", "HTTPRoute/hr/hr"] },
    { words: ["httproute/cart/cart"], want: ["HTTPRoute/cart/cart"] },
    { words: ["gateway", "infra/shared"], want: ["Gateway/infra/shared"] },
  ])("answers $words", async ({ words, want }) => {
    const { statuses } = JSON.parse((await status(...words, "-o", "json")).stdout);
    expect(statuses.map(({ object }: { object: string }) => object)).toEqual(want);
  });

  it("describes one Gateway with its listeners and how many routes are attached", async () => {
    const { code, stdout } = await status("gateway", "infra/shared");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Gateway\/infra\/shared\n/);
    expect(stdout).toContain("Listener http: 1 attached route, takes HTTPRoute");
    expect(stdout).toMatch(/^ {2}Programmed +False/m);
  });

  it("prints YAML with everything that the API would hold", async () => {
    const { stdout } = await status("httproute", "cart/cart", "-o", "yaml");
    expect(stdout).toContain("controllerName: gatehouse.dev/gateway-controller");
    expect(stdout).toMatch(/lastTransitionTime: .*\dZ/);
  });

  it.each([
    { name: "an object that is not there", args: ["gateway", "infra/nobody"], code: 1 },
    { name: "a kind without status", args: ["secrets"], code: 2 },
    { name: "a server that is not there", args: ["--server", "http://127.0.0.1:9"], code: 1 },
  ])("says so about $name", async ({ args, code }) => {
    const finished = await status(...args);
    expect(finished.code).toBe(code);
    expect(finished.stderr).toMatch(/^error: |\nerror: /);
  });
});
