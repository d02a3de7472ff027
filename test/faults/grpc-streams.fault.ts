import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { openStreams, type StreamBackend, startStreamBackend } from "./support/grpc-streams.ts";
import {
  endpointSlice,
  gatewayOf,
  type ListenerFields,
  type Manifest,
  platform,
  route,
  service,
  tlsSecret,
} from "./support/manifests.ts";
import { type RealGateway, startRealGateway } from "./support/real-gateway.ts";

/*
 * Streams that have begun before anything changes and end after all of it. A listener or a filter chain that is replaced takes
 * its streams along after its time to drain, which is a second here.
 */
const rounds = scaled({ short: 6, long: 400 });
const downSeconds = scaled({ short: 2, long: 300 });
const [clearPort, tlsPort] = [8080, 8443];
/** Rounds that add listeners: a Gateway has room for 64. */
const mostAdded = 20;
const host = "grpc.example.com";

let gateway: RealGateway;
let streaming: StreamBackend;
let issuer: CertificateAuthority;

beforeEach(async () => {
  issuer = await createCertificateAuthority();
  gateway = await startRealGateway(3, async (manifests, { addresses, port }) => {
    streaming = await startStreamBackend(addresses[0] ?? "");
    await manifests.write("secret.yaml", tlsSecret("cert", await issueCertificate(issuer, { names: [host] })));
    await manifests.write("platform.yaml", ...platform("shared").slice(0, 2));
    await manifests.write("gateway.yaml", gatewayOf("shared", ...listeners(0)));
    await manifests.write(
      "grpc.yaml",
      ...service("streams", { addresses: addresses.slice(0, 1), port: streaming.port }),
      grpcRoute("streams", "shop.Cart", "streams"),
    );
    await manifests.write(
      "others.yaml",
      ...service("others", { addresses: addresses.slice(1, 2), port }),
      ...others(0),
    );
  });
});

afterEach(async () => {
  streaming?.stop();
  await gateway?.end();
});

it(`faults 1 and 3 of streams: gRPC streams go on through ${rounds} changes of other routes, listeners, certificates and endpoints, and ${downSeconds} s without control plane: 0 broken, 0 messages lost`, async () => {
  const { address } = gateway;
  await eventually("others are served", () => isServed("round-0"));
  await eventually("the listener with TLS is there", () => shownCertificate());
  const streams = [
    { address, port: clearPort, host },
    { address, port: tlsPort, host, authority: issuer.certificatePem },
  ].flatMap((target) => openStreams(target, () => streaming.finish()));
  const allGoOn = async () => {
    const before = streams.map(({ messages }) => messages);
    await eventually(
      "messages go on",
      () => streams.every(({ messages }, index) => messages > (before[index] ?? 0)),
      10,
    );
  };
  const replaced: string[] = [];
  await allGoOn();
  for (let round = 1; round <= rounds; round += 1) {
    await change(round);
    replaced.push(...(await drained()));
    await allGoOn();
  }
  await gateway.kill();
  await sleep(downSeconds * 1000);
  await allGoOn();
  await gateway.restart();
  await change(rounds + 1);
  await allGoOn();
  const outcomes = await Promise.all(streams.map((stream) => stream.end()));
  const messages = outcomes.reduce((sum, outcome) => sum + outcome.messages, 0);
  const broken = outcomes.filter(({ code, strange }) => code !== "OK" || strange.length > 0);
  console.log(
    `faults 1 and 3, streams: ${rounds + 1} changes, ${outcomes.length} streams, ${messages} messages, ${broken.length} broken`,
  );
  expect(broken).toEqual([]);
  expect(outcomes.map((outcome) => outcome.messages)).toEqual(outcomes.map(({ said }) => said));
  expect(messages).toBeGreaterThan(outcomes.length * rounds);
  expect([...replaced, ...(await drained())]).toEqual([]);
  expect([...(await gateway.envoy.stats("update_rejected$")).values()].filter(Boolean)).toEqual([]);
});

/** Changes everything but the streams' route and backend, and waits until it is seen. */
async function change(round: number): Promise<void> {
  const { addresses, port } = gateway.backends;
  const certificate = await issueCertificate(issuer, { names: [host] });
  await gateway.manifests.write("secret.yaml", tlsSecret("cert", certificate));
  await gateway.manifests.write("gateway.yaml", gatewayOf("shared", ...listeners(round)));
  await gateway.manifests.write(
    "others.yaml",
    ...service("others", { addresses: addresses.slice(1), port }).slice(0, 1),
    endpointSlice("others", { addresses: addresses.slice(1, 2 + (round % 2)), port }),
    ...others(round),
  );
  const wanted = new X509Certificate(certificate.certificatePem).fingerprint256;
  await eventually("other routes are new", () => isServed(`round-${round}`), 60);
  await eventually("the certificate is new", async () => (await shownCertificate()) === wanted);
  await eventually("the listener is new", () => isServed(`round-${round}`, 9000 + Math.min(round, mostAdded)));
}

/** The streams' two, and with each round one more on a port of its own and one more name on theirs; nothing goes. */
function listeners(round: number): readonly ListenerFields[] {
  const more = Array.from({ length: Math.min(round, mostAdded) }, (_, index) => [
    { name: `port-${index + 1}`, port: 9001 + index },
    { name: `name-${index + 1}`, port: tlsPort, hostname: `name-${index + 1}.example.com`, secret: "cert" },
    { name: `clear-${index + 1}`, port: clearPort, hostname: `clear-${index + 1}.example.com` },
  ]);
  return [
    { name: "clear", port: clearPort },
    { name: "tls", port: tlsPort, hostname: host, secret: "cert" },
    ...more.flat(),
  ];
}

/** Routes of other hosts, and others of the streams' own. */
function others(round: number): readonly Manifest[] {
  return [
    route("others", { host: "others.example.com", rules: [{ path: `/round-${round}`, backend: "others" }] }),
    grpcRoute("others", `shop.Round${round}`, "others"),
  ];
}

function grpcRoute(name: string, called: string, backend: string): Manifest {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GRPCRoute",
    metadata: { name, namespace: "shop" },
    spec: {
      parentRefs: [{ name: "shared", namespace: "infra" }],
      hostnames: [host],
      rules: [{ matches: [{ method: { service: called } }], backendRefs: [{ name: backend, port: 80 }] }],
    },
  };
}

async function isServed(path: string, port = clearPort): Promise<boolean> {
  const { status } = await send({ address: gateway.address, port }, { host: "others.example.com", path: `/${path}` });
  return status === 200;
}

/** The fingerprint of what a new connection is shown. */
async function shownCertificate(): Promise<string> {
  const socket = connect({
    host: gateway.address,
    port: tlsPort,
    servername: host,
    ca: issuer.certificatePem,
    ALPNProtocols: ["h2"],
  });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}

/** Listeners that Envoy has replaced or closed, and chains of them that it has not kept. */
async function drained(): Promise<readonly string[]> {
  const stats = await gateway.envoy.stats("listener_manager.*(draining|listener_removed)");
  return [...stats].filter(([, value]) => value > 0).map(([name, value]) => `${name}: ${value}`);
}
