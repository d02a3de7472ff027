import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import {
  backendOf,
  foundation,
  gatewayOf,
  httpsListenerOf,
  parametersOf,
  parametersOfEdge,
  secretOf,
} from "../support/gateway-manifests.ts";
import { startHttp3Client } from "../support/http3-client.ts";
import { type ServedWorld, startServedWorld } from "../support/served-world.ts";

const host = "abc.example.com";
const edge = "Gateway/infra/edge";

let world: ServedWorld;
let four: Backend;
let six: Backend;
let authority: CertificateAuthority;
let certificate = "";
let plain = 0;
let secure = 0;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  four = await startBackend({ name: "four" });
  six = await startBackend({ name: "six", address: "::1" });
  certificate = secretOf("server", await issueCertificate(authority, { names: [host] }));
  world = await startServedWorld();
  [plain = 0, secure = 0] = await freePorts();
});

afterAll(async () => {
  await world?.stop();
  await four?.stop();
  await six?.stop();
});

/** Two ports that nobody has on ::1, of which there is one for all tests. */
async function freePorts(): Promise<readonly number[]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, "::1", () => {
            const address = server.address();
            resolve(typeof address === "object" ? (address?.port ?? 0) : 0);
          }),
        ),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function gateway(addresses: readonly string[]): string {
  const listeners = [
    `{ name: plain, port: ${plain}, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }`,
    httpsListenerOf("secure", secure),
  ];
  const asked = addresses.map((value) => `{ type: IPAddress, value: "${value}" }`).join(", ");
  return gatewayOf(`${parametersOfEdge} addresses: [${asked}], listeners: [${listeners.join(", ")}]`);
}

async function backends(address: string): Promise<ReadonlySet<string>> {
  const tls = { serverName: host, authority: authority.certificatePem };
  const answers = [];
  for (let count = 0; count < 6; count += 1) {
    answers.push(await send({ address, port: plain }, { host }));
    answers.push(await send({ address, port: secure, tls }, { host }, "http2"));
  }
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  return new Set(answers.map(({ body }) => JSON.parse(body).backend));
}

/** A Service of both families: one EndpointSlice for each. */
const dual = () =>
  backendOf(four) +
  backendOf(six)
    .replaceAll("kubernetes.io/service-name: six", "kubernetes.io/service-name: four")
    .split("\n---\n")
    .filter((text) => text.includes("EndpointSlice"))
    .map((text) => `\n---\n${text}`)
    .join("");

describe("IPv6", () => {
  it("is served on a Gateway's address, to backends of either family", async () => {
    const parameters = parametersOf(`listeners: [{ port: ${secure}, http3: true }]`);
    await world.apply(foundation + certificate + parameters + gateway(["::1"]) + dual());
    expect(world.conditions(edge)).toContain("Accepted=True Accepted");
    expect(await backends("::1")).toEqual(new Set(["four", "six"]));
  });

  it("is served by HTTP/3", async () => {
    await world.apply(gateway(["::1"]));
    const target = { address: "::1", port: secure, serverName: host, authority: authority.certificatePem };
    const client = await startHttp3Client(target);
    expect((await client.send({ host })).status).toBe(200);
    await client.stop();
  });

  it("stands beside IPv4 on one Gateway, whichever way an address is written", async () => {
    await world.apply(gateway([world.address, "0:0:0:0:0:0:0:1", "::1"]));
    // Other addresses are another listener: connections that the former one had yet to accept are reset.
    const answered = await eventually("the new listener answers", () => backends("::1"));
    expect(answered).toEqual(new Set(["four", "six"]));
    expect(await backends(world.address)).toEqual(new Set(["four", "six"]));
    for (const address of ["::1", world.address]) {
      const target = { address, port: secure, serverName: host, authority: authority.certificatePem };
      const client = await startHttp3Client(target);
      expect((await client.send({ host })).status, address).toBe(200);
      await client.stop();
    }
  });
});
