import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Backend, type EchoedRequest, startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import {
  backendOf,
  foundation,
  gatewayOf,
  httpsListenerOf,
  parametersOf,
  parametersOfEdge,
  secretOf,
} from "../support/gateway-manifests.ts";
import { type ServedWorld, startServedWorld } from "../support/served-world.ts";

const host = "abc.example.com";
/** Three pairs of ports, each with HTTP and HTTPS: where the header must come, may come, and means nothing. */
const ports = { Require: [8081, 8441], Allow: [8082, 8442], Off: [8083, 8443] } as const;
const tcp = 8090;
type Setting = keyof typeof ports;

let world: ServedWorld;
let backend: Backend;
let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  backend = await startBackend({ name: "cart" });
  world = await startServedWorld();
  const certificate = await issueCertificate(authority, { names: ["*.example.com"] });
  await world.apply(foundation + secretOf("server", certificate) + backendOf(backend));
});

afterAll(async () => {
  await world?.stop();
  await backend?.stop();
});

beforeEach(async () => {
  const entries = (["Require", "Allow"] as const).flatMap((setting) =>
    ports[setting].map((port) => `{ port: ${port}, proxyProtocol: ${setting} }`),
  );
  const listeners = Object.values(ports).flatMap(([plain, secure]) => [
    `{ name: p${plain}, port: ${plain}, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }`,
    httpsListenerOf(`p${secure}`, secure),
  ]);
  const parameters = parametersOf(`listeners: [${entries.join(", ")}, { port: ${tcp}, proxyProtocol: Require }]`);
  const connections = `{ name: tcp, port: ${tcp}, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }`;
  const route = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: cart, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra, sectionName: tcp }]
  rules: [{ backendRefs: [{ name: cart, port: 80 }] }]
`;
  const spec = `${parametersOfEdge} listeners: [${[...listeners, connections].join(", ")}]`;
  await world.apply(parameters + gatewayOf(spec) + route);
});

const client = "203.0.113.77";

/** An address, and another one than the header's. */
const itself = /^(?!203)\d+\.\d+\.\d+\.\d+$/;

/** Version 1 is a line, version 2 is binary: both say that the client is 203.0.113.77. */
const headers = {
  none: Buffer.alloc(0),
  one: Buffer.from(`PROXY TCP4 ${client} 198.51.100.1 40000 443\r\n`),
  two: Buffer.concat([
    Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"),
    Buffer.from([0x21, 0x11, 0, 12, 203, 0, 113, 77, 198, 51, 100, 1, 0x9c, 0x40, 0x01, 0xbb]),
  ]),
  broken: Buffer.from("PROXY TCP4 nobody\r\n"),
};

/** What the backend saw of the client, or the status; `closed` where the connection ended without an answer. */
function ask(port: number, header: keyof typeof headers, isSecure: boolean): Promise<string> {
  return new Promise((resolve) => {
    const raw = connect({ host: world.address, port }, () => {
      raw.write(headers[header]);
      const socket = isSecure
        ? connectTls({ socket: raw, servername: host, ca: authority.certificatePem, ALPNProtocols: ["http/1.1"] })
        : raw;
      let text = "";
      socket.on("error", () => resolve("closed"));
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
      });
      socket.on("close", () => resolve(outcomeOf(text)));
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    });
    raw.on("error", () => resolve("closed"));
  });
}

function outcomeOf(text: string): string {
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? [];
  if (status !== "200") return status ?? "closed";
  const seen = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as EchoedRequest; // an echo wrote it
  return seen.headers["x-forwarded-for"] ?? "nobody";
}

describe.each([
  { name: "HTTP", at: 0 },
  { name: "HTTPS", at: 1 },
] as const)("the PROXY protocol before $name", ({ at }) => {
  it.each<{ readonly setting: Setting; readonly want: Readonly<Record<keyof typeof headers, RegExp>> }>([
    {
      setting: "Require",
      want: { none: /^closed$/, one: /^203\.0\.113\.77$/, two: /^203\.0\.113\.77$/, broken: /^closed$/ },
    },
    {
      setting: "Allow",
      want: { none: itself, one: /^203\.0\.113\.77$/, two: /^203\.0\.113\.77$/, broken: /^closed$/ },
    },
    // What a client forges is no request, and no TLS.
    {
      setting: "Off",
      want: { none: itself, one: /^(400|closed)$/, two: /^(400|closed)$/, broken: /^(400|closed)$/ },
    },
  ])("$setting", async ({ setting, want }) => {
    for (const header of ["none", "one", "two", "broken"] as const) {
      expect(await ask(ports[setting][at], header, at === 1), header).toMatch(want[header]);
    }
  });
});

it("is taken off before connections are passed on as they are", async () => {
  expect(await ask(tcp, "none", false)).toBe("closed");
  backend.forget();
  // The backend would take the header for a request.
  expect([await ask(tcp, "one", false), await ask(tcp, "two", false)]).toEqual(["nobody", "nobody"]);
  expect(backend.count()).toBe(2);
});

it("tells access logs who the client is", async () => {
  await ask(ports.Require[0], "one", false);
  expect(await world.envoy.accessLogLine((line) => line.includes(client))).toContain("p8081".slice(1));
});

it("is not asked for any more once the parameters say Off", async () => {
  await world.apply(parametersOf(`listeners: [{ port: ${ports.Require[0]}, proxyProtocol: "Off" }]`));
  expect(await ask(ports.Require[0], "none", false)).toMatch(itself);
});
