import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { type Http1Connection, openHttp1, send, type Target } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { tlsSecret } from "../support/gateway-objects.ts";
import { scaled } from "./scale.ts";
import { type Manifest, namespace, platform, service } from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

/*
 * What is forwarded as it is: TCPRoutes on a port each, TLSRoutes on one port, a UDPRoute. `moving` ones lead elsewhere with each
 * flip, `still` ones are not touched. Backends speak HTTP, so every connection can be asked who is at its other end.
 */
const flips = scaled({ short: 16, long: 600 });
const downSeconds = scaled({ short: 2, long: 120 });
const ports = { moving: 9300, still: 9301, tls: 9443, udp: 5300, udpStill: 5301 } as const;
const host = "anything.example.com";

let gateway: RealGateway;
let authority: string;
const echoes: { readonly address: string; readonly port: number; stop(): void }[] = [];

beforeEach(async () => {
  const issuer = await createCertificateAuthority();
  authority = issuer.certificatePem;
  const certificate = await issueCertificate(issuer, { names: ["moving.example.com", "still.example.com"] });
  gateway = await startRealGateway(4, async (manifests, { addresses, port }) => {
    for (const address of addresses.slice(0, 2)) echoes.push(await startEcho(address));
    await manifests.write("platform.yaml", ...platform("shared").slice(0, 2), namespace("shop"), layer4Gateway());
    await manifests.write("secret.yaml", { ...tlsSecret("infra", "cert", certificate) });
    const services = ["x", "y"].flatMap((name, index) =>
      service(name, { addresses: addresses.slice(index, index + 1), port }),
    );
    await manifests.write("endpoints.yaml", ...service("still", { addresses: addresses.slice(2, 3), port }));
    await manifests.write("services.yaml", ...services, ...echoServices());
    const datagrams = layer4Route("UDPRoute", "still", { sectionName: "udp-still", backend: "echo-y", port: 53 });
    await manifests.write("still.yaml", tcpRoute("still", "still"), tlsRoute("still", "still"), datagrams);
    await manifests.write("moving.yaml", ...movingRoutes("x"));
  });
  for (const target of [tcp("moving"), tcp("still"), tls("moving"), tls("still")])
    await eventually("it is served", async () => (await answeredBy(target)) !== "");
  for (const port of [ports.udp, ports.udpStill])
    await eventually("datagrams are served", async () => (await datagram(port)) !== "");
});

afterEach(async () => {
  for (const echo of echoes.splice(0)) echo.stop();
  await gateway?.end();
});

it(`faults 1 and 3 of what is forwarded: ${flips} changes of backends, endpoints that churn, ${downSeconds} s without control plane: 0 failed connections, 0 datagrams lost`, async () => {
  const lasting = await Promise.all([tcp("still"), tls("still")].map((target) => openHttp1(target)));
  const load = startConnecting();
  const exchange = startExchange();
  for (let flip = 1; flip <= flips; flip += 1) {
    const { addresses, port } = gateway.backends;
    const old = flip % 2 === 0 ? "x" : "y";
    const fresh = service(`v${flip}`, { addresses: addresses.slice(flip % 2, (flip % 2) + 1), port });
    // Every other change brings a Service of its own, which goes with the next one.
    const isFresh = flip % 4 >= 2;
    const routes = movingRoutes(isFresh ? `v${flip}` : old, old);
    await gateway.manifests.write("moving.yaml", ...routes, ...(isFresh ? fresh : []));
    // Endpoints come and go where the route stays.
    await gateway.manifests.write(
      "endpoints.yaml",
      ...service("still", { addresses: addresses.slice(2, 3 + (flip % 2)), port }),
    );
    const wanted = gateway.backends.addresses[flip % 2] ?? "";
    await eventually("the flip is served", async () => {
      return (await answeredBy(tcp("moving"))) === wanted && (await answeredBy(tls("moving"))) === wanted;
    });
    await eventually("datagrams go there too", async () => (await datagram(ports.udp)) === wanted);
  }
  await gateway.kill();
  await sleep(downSeconds * 1000);
  await gateway.restart();
  await gateway.manifests.write("moving.yaml", ...movingRoutes("still"));
  await eventually(
    "it is followed again",
    async () => (await answeredBy(tcp("moving"))) === gateway.backends.addresses[2],
    60,
  );
  const { connections, failures } = await load.stop();
  const { sent, lost, strange } = await exchange.stop();
  const survivors = await Promise.all(lasting.map(askAgain));
  console.log(
    `faults 1 and 3, forwarded: ${flips} flips, ${connections} connections, ${failures.length} failed; ${sent} datagrams, ${lost} lost`,
  );

  expect(failures).toEqual([]);
  expect(connections).toBeGreaterThan(flips);
  expect({ lost, strange }).toEqual({ lost: 0, strange: [] });
  expect(sent).toBeGreaterThan(flips);
  // Those of routes that nobody has touched are the same as ever.
  expect(survivors).toEqual([gateway.backends.addresses[2], gateway.backends.addresses[2]]);
  expect([...(await gateway.envoy.stats("update_rejected$")).values()].filter(Boolean)).toEqual([]);
});

/** Opens connections one after the other, to what moves and to what does not, and asks each once. */
function startConnecting() {
  const failures: string[] = [];
  let connections = 0;
  let isOver = false;
  const run = async (what: string, target: () => Target) => {
    while (!isOver) {
      connections += 1;
      const answer = await answeredBy(target()).catch((error: unknown) => `${error}`);
      if (!gateway.backends.addresses.includes(answer)) failures.push(`${what}: ${answer || "closed"}`);
      await sleep(5);
    }
  };
  const runs = [
    run("tcp, moving", () => tcp("moving")),
    run("tcp, still", () => tcp("still")),
    run("tls, moving", () => tls("moving")),
    run("tls, still", () => tls("still")),
  ];
  return {
    stop: async () => {
      isOver = true;
      await Promise.all(runs);
      return { connections, failures };
    },
  };
}

/**
 * Sends a datagram every ten milliseconds to what nobody touches, in turn as one client from first to last and as one that is
 * new; each is answered once, by the backend there always was.
 */
function startExchange() {
  const [lasting, wanted] = [createSocket("udp4"), gateway.backends.addresses[1]];
  const [waiting, strange] = [new Set<Socket | number>(), [] as string[]];
  let sent = 0;
  const answered = (key: Socket | number, answer: string) => {
    if (!waiting.delete(key) || !answer.startsWith(`${wanted} `)) strange.push(answer);
  };
  lasting.on("message", (message) => answered(Number(String(message).split(" ")[1]), String(message)));
  const sendFrom = (socket: Socket, key: Socket | number) => {
    waiting.add(key);
    socket.send(` ${sent}`, ports.udpStill, gateway.address);
    sent += 1;
  };
  const clock = setInterval(() => {
    sendFrom(lasting, sent);
    const fresh = createSocket("udp4");
    fresh.once("message", (message) => {
      answered(fresh, String(message));
      fresh.close();
    });
    sendFrom(fresh, fresh);
  }, 20);
  return {
    stop: async () => {
      clearInterval(clock);
      await eventually("all are answered", () => waiting.size === 0, 3).catch(() => undefined); // told as lost
      lasting.close();
      for (const socket of waiting) if (typeof socket !== "number") socket.close();
      return { sent, lost: waiting.size, strange };
    },
  };
}

function tcp(which: "moving" | "still"): Target {
  return { address: gateway.address, port: ports[which] };
}

function tls(which: "moving" | "still"): Target {
  return { address: gateway.address, port: ports.tls, tls: { serverName: `${which}.example.com`, authority } };
}

async function answeredBy(target: Target): Promise<string> {
  const { headers } = await send(target, { host });
  return headers.get("x-backend")?.[0] ?? "";
}

async function askAgain(connection: Http1Connection): Promise<string> {
  const { headers } = await connection.send({ host });
  connection.close();
  return headers.get("x-backend")?.[0] ?? "";
}

/** Asks by a datagram of a client of its own who is at the other end; empty when nobody says. */
async function datagram(port: number): Promise<string> {
  const socket = createSocket("udp4");
  try {
    socket.send("who", port, gateway.address);
    // What is sent while a listener changes may be lost: another one is sent then.
    const [message] = await once(socket, "message", { signal: AbortSignal.timeout(100) });
    return String(message);
  } catch {
    return "";
  } finally {
    socket.close();
  }
}

/** Answers each datagram with its own address, and what there is after a space. */
async function startEcho(address: string) {
  const socket = createSocket("udp4");
  socket.on("message", (message, { port, address: client }) =>
    socket.send(`${address}${/ .*/.exec(String(message))?.[0] ?? ""}`, port, client),
  );
  socket.bind(0, address);
  await once(socket, "listening");
  return { address, port: socket.address().port, stop: () => socket.close() };
}

function layer4Gateway(): Manifest {
  const everybody = { allowedRoutes: { namespaces: { from: "All" } } };
  const terminate = { tls: { mode: "Terminate", certificateRefs: [{ name: "cert" }] } };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "shared", namespace: "infra" },
    spec: {
      gatewayClassName: "gatehouse",
      listeners: [
        { name: "moving", port: ports.moving, protocol: "TCP", ...everybody },
        { name: "still", port: ports.still, protocol: "TCP", ...everybody },
        { name: "tls", port: ports.tls, protocol: "TLS", ...terminate, ...everybody },
        { name: "udp", port: ports.udp, protocol: "UDP", ...everybody },
        { name: "udp-still", port: ports.udpStill, protocol: "UDP", ...everybody },
      ],
    },
  };
}

function movingRoutes(backend: string, echo = "x"): readonly Manifest[] {
  const udp = layer4Route("UDPRoute", "moving", {
    sectionName: "udp",
    backend: `echo-${echo}`,
    port: 53,
  });
  return [tcpRoute("moving", backend), tlsRoute("moving", backend), udp];
}

function tcpRoute(name: string, backend: string): Manifest {
  return layer4Route("TCPRoute", name, { sectionName: name, backend, port: 80 });
}

function tlsRoute(name: string, backend: string): Manifest {
  return layer4Route(
    "TLSRoute",
    name,
    { sectionName: "tls", backend, port: 80 },
    { hostnames: [`${name}.example.com`] },
  );
}

function layer4Route(
  kind: string,
  name: string,
  { sectionName, backend, port }: { readonly sectionName: string; readonly backend: string; readonly port: number },
  more: Manifest = {},
): Manifest {
  const parentRefs = [{ name: "shared", namespace: "infra", sectionName }];
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { name, namespace: "shop" },
    spec: { parentRefs, ...more, rules: [{ backendRefs: [{ name: backend, port }] }] },
  };
}

function echoServices(): readonly Manifest[] {
  return ["x", "y"].flatMap((name, index) => {
    const labels = { "kubernetes.io/service-name": `echo-${name}` };
    const { address, port } = echoes[index] ?? { address: "", port: 0 };
    return [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: `echo-${name}`, namespace: "shop" },
        spec: { ports: [{ name: "dns", port: 53, protocol: "UDP", targetPort: port }] },
      },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: `echo-${name}-1`, namespace: "shop", labels },
        addressType: "IPv4",
        ports: [{ name: "dns", port, protocol: "UDP" }],
        endpoints: [{ addresses: [address] }],
      },
    ];
  });
}
