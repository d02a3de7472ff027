import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { printHttp3Listener } from "../../src/translate/envoy/http3-listener.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { header, send } from "../support/client.ts";
import {
  authoritiesOf,
  backendOf,
  foundation,
  gatewayOf,
  httpsListenerOf,
  parametersOf,
  parametersOfEdge,
  secretOf,
} from "../support/gateway-manifests.ts";
import { type Http3Client, startHttp3Client } from "../support/http3-client.ts";
import { type ServedWorld, startServedWorld } from "../support/served-world.ts";
import { httpsListener, httpsPort, httpsResources } from "./hostname-world.ts";
import { printClusters, startProxy } from "./proxy.ts";

const port = 8443;
const host = "abc.example.com";
const edge = "Gateway/infra/edge";

let world: ServedWorld;
let backend: Backend;
let authority: CertificateAuthority;
const clients: Http3Client[] = [];

beforeAll(async () => {
  authority = await createCertificateAuthority();
  backend = await startBackend({ name: "cart" });
  world = await startServedWorld();
  const certificate = await issueCertificate(authority, { names: ["*.example.com"] });
  await world.apply(foundation + secretOf("server", certificate) + backendOf(backend));
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop()));
});

afterAll(async () => {
  await world?.stop();
  await backend?.stop();
});

const http3 = parametersOf(`listeners: [{ port: ${port}, http3: true }]`);
const gateway = (listeners: readonly string[], more = "") =>
  gatewayOf(`${parametersOfEdge} ${more} listeners: [${listeners.join(", ")}]`);
const named = httpsListenerOf("named", port, `hostname: ${host},`);
const rest = httpsListenerOf("rest", port, "hostname: '*.example.com',");

async function client(serverName = host): Promise<Http3Client> {
  const started = await startHttp3Client({
    address: world.address,
    port,
    serverName,
    authority: authority.certificatePem,
  });
  clients.push(started);
  return started;
}

const overTcp = (version: "http1" | "http2" = "http2") => {
  const tls = { serverName: host, authority: authority.certificatePem };
  return send({ address: world.address, port, tls }, { host }, version);
};

describe("a port with HTTP/3", () => {
  it("answers on UDP what it answers on TCP, where it tells clients so", async () => {
    await world.apply(http3 + gateway([named, rest]));
    for (const version of ["http1", "http2"] as const) {
      const answer = await overTcp(version);
      expect([answer.status, header(answer, "alt-svc")]).toEqual([200, `h3=":${port}"; ma=3600`]);
    }
    backend.behaviour.headers = { "alt-svc": 'h3="elsewhere:443"' };
    const forged = { headers: [["x-forwarded-for", "192.0.2.1"] as const, ["x-real-ip", "192.0.2.1"] as const] };
    const answer = await (await client()).send({ host, path: "/a?b=c", ...forged });
    backend.behaviour.headers = {};
    expect([answer.status, header(answer, "alt-svc")]).toEqual([200, `h3=":${port}"; ma=3600`]);
    const { path, headers } = JSON.parse(answer.body);
    expect(path).toBe("/a?b=c");
    expect(headers).toMatchObject({ "x-forwarded-proto": "https" });
    expect(headers).not.toHaveProperty("x-real-ip");
    const line = await world.envoy.accessLogLine((candidate) => candidate.includes("HTTP/3"));
    expect(JSON.parse(line)).toMatchObject({ protocol: "HTTP/3", status: 200 });
  });

  it("keeps hostnames apart by server name, and answers 421 for another listener's", async () => {
    await world.apply(http3 + gateway([named, rest]));
    const narrow = await client(host);
    const wide = await client("other.example.com");
    expect((await wide.send({ host: "other.example.com" })).status).toBe(200);
    expect((await wide.send({ host })).status).toBe(421);
    expect((await narrow.send({ host: "other.example.com" })).status).toBe(421);
  });

  it("serves a listener with certificates of two kinds of keys", async () => {
    const rsa = await issueCertificate(authority, { names: [host], keyKind: "rsa" });
    const two = "tls: { certificateRefs: [{ name: server }, { name: rsa }] },";
    await world.apply(
      secretOf("rsa", rsa) + http3 + gateway([httpsListenerOf("named", port, `hostname: ${host}, ${two}`)]),
    );
    expect((await (await client()).send({ host })).status).toBe(200);
  });

  it("is programmed once both of its listeners are taken", async () => {
    await world.apply(http3 + gateway([named]));
    const taken = [...(await world.envoy.stats("^listener_manager.total_listeners_active$")).values()];
    expect(taken).toEqual([2]);
    await world.apply(parametersOf("listeners: []"));
    expect(header(await overTcp(), "alt-svc")).toBeUndefined();
    expect((await (await client()).send({ host })).status).toBe(503);
  });
});

describe("HTTP/3 that cannot be had is told, and the rest is served", () => {
  const udp = `{ name: games, port: ${port}, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }`;
  const plain = `{ name: plain, port: ${port}, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }`;
  const validation = `tls: { frontend: { default: { validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: people }] } } } },`;

  it.each([
    { name: "beside a UDP listener", text: gateway([named, udp]), want: "listener games has the UDP port 8443" },
    { name: "without TLS", text: gateway([plain]), want: "no listener on port 8443 is of protocol HTTPS" },
    {
      name: "with certificates of clients",
      text: gateway([named], validation),
      want: "clients on port 8443 are asked for certificates, which is not possible with QUIC",
    },
  ])("$name", async ({ text, want }) => {
    await world.apply(http3 + authoritiesOf("people", authority.certificatePem) + text);
    expect(world.conditions(edge)).toContain("Accepted=False InvalidParameters");
    expect(world.messages(edge)).toContain(`spec.listeners[${port}].http3 cannot be had: ${want}`);
    expect((await (await client()).send({ host })).status).toBe(503);
  });

  it("is not what a ListenerSet can bring about: its UDP listener has to go", async () => {
    const set = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: games, namespace: shop }
spec: { parentRef: { name: edge, namespace: infra }, listeners: [{ name: games, port: ${port}, protocol: UDP }] }
`;
    await world.apply(http3 + gateway([named], "allowedListeners: { namespaces: { from: All } },") + set);
    expect(world.conditions("ListenerSet/shop/games", "games")).toContain("Accepted=False PortUnavailable");
    expect(world.conditions(edge)).toContain("Accepted=True Accepted");
    expect((await (await client()).send({ host })).status).toBe(200);
  });
});

it.each(["plain", "scoped"] as const)("finds hostnames in tables that are %s", async (mode) => {
  const proxy = await startProxy();
  const certificate = await issueCertificate(authority, { names: ["abc.example.com", "www.example.com"] });
  const node = httpsListener(proxy.address);
  await proxy.apply(
    ...printClusters({ a: backend }),
    ...httpsResources(proxy.address, mode, certificate),
    printHttp3Listener(node, () => mode),
  );
  const asks = { address: proxy.address, port: httpsPort, authority: authority.certificatePem };
  const exact = await startHttp3Client({ ...asks, serverName: "abc.example.com" });
  const wild = await startHttp3Client({ ...asks, serverName: "www.example.com" });
  const answers = [
    await exact.send({ host: "abc.example.com" }),
    await exact.send({ host: "other.test" }),
    await wild.send({ host: "www.example.com" }),
    await wild.send({ host: "WWW.example.com." }),
    await wild.send({ host: "x.y.example.com" }),
    await wild.send({ host: "abc.example.com" }),
  ];
  await Promise.all([exact.stop(), wild.stop()]);
  await proxy.stop();
  expect(answers.map((answer) => [answer.status, header(answer, "x-table")])).toEqual([
    [200, "abc.example.com"],
    [421, undefined],
    [200, "www.example.com"],
    [200, "www.example.com"],
    [200, "*.example.com"],
    [421, undefined],
  ]);
});
