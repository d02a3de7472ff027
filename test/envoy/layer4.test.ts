import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../support/certificates.ts";
import { openHttp1, send } from "../support/client.ts";
import { openDatagrams, sendDatagram, startDatagramBackend } from "../support/datagram-backend.ts";
import { type ServedWorld, startServedWorld } from "../support/served-world.ts";

vi.setConfig({ testTimeout: 60_000 });

const tcpPort = 9300;
const tlsPort = 9443;
const udpPort = 5300;

let world: ServedWorld;
let backends: readonly Backend[];
let authority: CertificateAuthority;
let certificate: IssuedCertificate;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  certificate = await issueCertificate(authority, { names: ["*.example.com"] });
  backends = await Promise.all([
    startBackend({ name: "shop/a" }),
    startBackend({ name: "shop/b" }),
    startBackend({ name: "shop/secure", tls: certificate }),
    startBackend({ name: "shop/vault", tls: certificate }),
    startBackend({ name: "other/a" }),
    startDatagramBackend({ name: "shop/one" }),
    startDatagramBackend({ name: "shop/two" }),
  ]);
});
afterAll(() => Promise.all(backends.map((backend) => backend.stop())));
beforeEach(async () => {
  world = await startServedWorld();
  for (const backend of backends) backend.forget();
  await world.apply([...backends.map(service), frame].join("---\n"));
});
afterEach(() => world.stop());

const frame = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: tcp, port: ${tcpPort}, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }
    - { name: tls, port: ${tlsPort}, protocol: TLS, tls: { mode: Passthrough }, allowedRoutes: { namespaces: { from: All } } }
    - { name: udp, port: ${udpPort}, protocol: UDP, allowedRoutes: { namespaces: { from: All } } }
`;

function service({ name, address, port }: Pick<Backend, "name" | "address" | "port">): string {
  const [namespace, service] = name.split("/");
  const protocol = ["one", "two"].includes(service ?? "") ? "UDP" : "TCP";
  return `
apiVersion: v1
kind: Service
metadata: { name: ${service}, namespace: ${namespace} }
spec: { ports: [{ name: p, port: 80, protocol: ${protocol} }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${service}-1, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${service} } }
addressType: IPv4
ports: [{ name: p, port: ${port}, protocol: ${protocol} }]
endpoints: [{ addresses: ["${address}"] }]
`;
}

function route(kind: "TCPRoute" | "TLSRoute" | "UDPRoute", name: string, spec: string): string {
  const section = kind.slice(0, 3).toLowerCase();
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: shop }
spec: { parentRefs: [{ name: edge, namespace: infra, sectionName: ${section} }], ${spec} }
`;
}

const to = (...services: readonly string[]) =>
  `rules: [{ backendRefs: [${services.map((each) => `{ name: ${each}, port: 80 }`).join(", ")}] }]`;
const toOther = "rules: [{ backendRefs: [{ name: a, namespace: other, port: 80 }] }]";
const tcp = () => ({ address: world.address, port: tcpPort });
const tls = (serverName: string) => ({
  address: world.address,
  port: tlsPort,
  tls: { serverName, authority: authority.certificatePem },
});
const answeredBy = async (target: Parameters<typeof send>[0]) =>
  (await send(target, { host: "any" })).headers.get("x-backend")?.[0];

describe("connections", () => {
  it("no new one fails while the backend of a TCPRoute flips fifty times", async () => {
    await world.apply(route("TCPRoute", "flips", to("a")));
    const answers = new Map<string, number>();
    const wrong: unknown[] = [];
    let isOver = false;
    const load = async () => {
      while (!isOver) {
        const name = await answeredBy(tcp()).catch((error: unknown) => void wrong.push(error));
        answers.set(name ?? "", (answers.get(name ?? "") ?? 0) + 1);
      }
    };
    const loops = [load(), load(), load(), load()];
    for (let turn = 0; turn < 50; turn += 1)
      await world.apply(route("TCPRoute", "flips", to(turn % 2 === 0 ? "b" : "a")));
    isOver = true;
    await Promise.all(loops);
    expect(wrong).toEqual([]);
    expect([...answers.keys()].sort()).toEqual(["shop/a", "shop/b"]);
    expect(await answeredBy(tcp())).toBe("shop/a");
  });

  it("one of a TLSRoute survives what becomes of another route of the port", async () => {
    await world.apply(
      [
        route("TLSRoute", "one", `hostnames: [one.example.com], ${to("secure")}`),
        route("TLSRoute", "two", `hostnames: [two.example.com], ${to("secure")}`),
      ].join("---\n"),
    );
    const kept = await openHttp1(tls("one.example.com"));
    expect((await kept.send({ host: "any" })).headers.get("x-backend")).toEqual(["shop/secure"]);
    await world.apply(route("TLSRoute", "two", `hostnames: [two.example.com, three.example.com], ${to("vault")}`));
    expect(await answeredBy(tls("two.example.com"))).toBe("shop/vault");
    expect((await kept.send({ host: "any" })).headers.get("x-backend")).toEqual(["shop/secure"]);
    await world.remove("TLSRoute", namespacedName("shop", "two"));
    await expect(answeredBy(tls("two.example.com"))).rejects.toThrow();
    expect((await kept.send({ host: "any" })).headers.get("x-backend")).toEqual(["shop/secure"]);
    kept.close();
  });

  it("none is opened any more once its ReferenceGrant is gone", async () => {
    await world.apply(route("TCPRoute", "guest", toOther));
    await expect(answeredBy(tcp())).rejects.toThrow();
    await world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: guests, namespace: other }
spec: { from: [{ group: gateway.networking.k8s.io, kind: TCPRoute, namespace: shop }], to: [{ group: "", kind: Service }] }
`);
    expect(await answeredBy(tcp())).toBe("other/a");
    await world.remove("ReferenceGrant", namespacedName("other", "guests"));
    await expect(answeredBy(tcp())).rejects.toThrow();
  });

  it("the share of an invalid backend is closed, that of weight 0 is nothing", async () => {
    const refs =
      "{ name: a, port: 80, weight: 1 }, { name: gone, port: 80, weight: 1 }, { name: b, port: 80, weight: 0 }";
    await world.apply(route("TCPRoute", "half", `rules: [{ backendRefs: [${refs}] }]`));
    const answers = await Promise.all(Array.from({ length: 200 }, () => answeredBy(tcp()).catch(() => "closed")));
    const closed = answers.filter((answer) => answer === "closed").length;
    expect(new Set(answers)).toEqual(new Set(["shop/a", "closed"]));
    expect(closed).toBeGreaterThan(50);
    expect(closed).toBeLessThan(150);
  });

  it("bytes go both ways, and a client that has said all gets the rest of the answer", async () => {
    const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(echo, "listening");
    const { port } = echo.address() as AddressInfo; // a TCP server that listens has a port
    await world.apply(
      [service({ name: "shop/echo", address: "127.0.0.1", port }), route("TCPRoute", "echo", to("echo"))].join("---\n"),
    );
    const client = connect({ host: world.address, port: tcpPort });
    const said = Buffer.alloc(1_000_000, "gatehouse ");
    client.end(said);
    const heard: Buffer[] = [];
    for await (const chunk of client) heard.push(chunk as Buffer); // a socket without encoding gives Buffers
    expect(Buffer.concat(heard).equals(said)).toBe(true);
    echo.close();
  });

  it("without TLS nothing comes through a TLS listener, nor without a server name that a route has", async () => {
    await world.apply(route("TLSRoute", "one", `hostnames: [one.example.com], ${to("secure")}`));
    await expect(answeredBy({ address: world.address, port: tlsPort })).rejects.toThrow();
    await expect(answeredBy(tls("two.example.com"))).rejects.toThrow();
    expect(await handshakeWithoutName()).toBe("closed");
    expect(await answeredBy(tls("one.example.com"))).toBe("shop/secure");
  });

  it("each is one line of the access log, with its route", async () => {
    await world.apply(route("TCPRoute", "logged", to("a")));
    await answeredBy(tcp());
    const line: unknown = JSON.parse(await world.envoy.accessLogLine((each) => each.includes("logged")));
    expect(line).toMatchObject({
      protocol: "TCP",
      listener: `tcp-${tcpPort}`,
      namespace: "shop",
      route: "logged",
      rule: "0",
      backend: "shop/a/80/tcp",
    });
  });
});

describe("datagrams", () => {
  it("of one client go to one backend, and answers come from where it sent to", async () => {
    await world.apply(route("UDPRoute", "dns", to("one", "two")));
    const client = await openDatagrams({ address: world.address, port: udpPort });
    const answers = [];
    for (let turn = 0; turn < 10; turn += 1) answers.push(await client.send(`q${turn}`));
    const [first] = answers;
    expect(["shop/one q0", "shop/two q0"]).toContain(first);
    expect(answers).toEqual(answers.map((_answer, turn) => `${first?.split(" ")[0]} q${turn}`));
    await client.close();
  });

  it("follow the route's backends, while the listener stays as it is", async () => {
    await world.apply(route("UDPRoute", "dns", to("one")));
    const target = { address: world.address, port: udpPort };
    expect(await sendDatagram(target, "q")).toBe("shop/one q");
    const before = await world.envoy.stats("listener_manager.listener_(modified|added)");
    await world.apply(route("UDPRoute", "dns", to("two")));
    expect(await sendDatagram(target, "q")).toBe("shop/two q");
    expect(await world.envoy.stats("listener_manager.listener_(modified|added)")).toEqual(before);
  });

  it("that are meant for an invalid backend are dropped, and no others", async () => {
    await world.apply(route("UDPRoute", "dns", to("one", "gone")));
    const target = { address: world.address, port: udpPort };
    const clients = await Promise.all(Array.from({ length: 20 }, () => openDatagrams(target)));
    const answers = await Promise.all(clients.map((client) => client.send("q", 1000)));
    expect(answers.filter((answer) => answer === "shop/one q")).toHaveLength(10);
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(10);
    await Promise.all(clients.map((client) => client.close()));
  });

  it("of any length go both ways", async () => {
    await world.apply(route("UDPRoute", "dns", to("one")));
    const text = "x".repeat(60_000);
    expect(await sendDatagram({ address: world.address, port: udpPort }, text)).toBe(`shop/one ${text}`);
  });

  it("are told in the access log when their session ends with the route", async () => {
    await world.apply(route("UDPRoute", "dns", to("one")));
    expect(await sendDatagram({ address: world.address, port: udpPort }, "q")).toBe("shop/one q");
    await world.remove("UDPRoute", namespacedName("shop", "dns"));
    const line: unknown = JSON.parse(await world.envoy.accessLogLine((each) => each.includes('"UDP"')));
    expect(line).toMatchObject({ protocol: "UDP", listener: `udp-${udpPort}`, namespace: "shop", route: "dns" });
  });
});

/** A handshake that asks for no server name. */
async function handshakeWithoutName(): Promise<string> {
  const socket: Socket = connectTls({ host: world.address, port: tlsPort, rejectUnauthorized: false, servername: "" });
  return await new Promise((resolve) => {
    socket.once("secureConnect", () => resolve("open"));
    socket.once("error", () => resolve("closed"));
    socket.once("close", () => resolve("closed"));
  });
}
