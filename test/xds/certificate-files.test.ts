import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { credentials, status } from "@grpc/grpc-js";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TlsFiles } from "../../src/app/tls-files.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import type { FakeEnvoy } from "./fake-envoy.ts";
import { resource } from "./resources.ts";
import { startWorld, type World } from "./world.ts";

const identity = "spiffe://gatehouse.test/fleet/infra/gateway";
const pem = (authorities: readonly CertificateAuthority[]) => authorities.map((one) => one.certificatePem).join("");

let folder = "";
let world: World;
let files: TlsFiles;
let authority: CertificateAuthority;
let lines: string[];
let proxies = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-tls-"));
  lines = [];
  authority = await createCertificateAuthority("one");
});
afterEach(async () => {
  files.stop();
  await world.stop();
  await rm(folder, { recursive: true });
});

const serverCertificate = (issuer = authority) => issueCertificate(issuer, { names: ["127.0.0.1"] });
const proxyCertificate = (issuer = authority) =>
  issueCertificate(issuer, { names: ["proxy.test"], usage: "client", uris: [identity] });

async function start(): Promise<void> {
  const names = { certificate: "tls.crt", key: "tls.key", clientAuthority: "ca.crt" };
  const [certificate, key, clientAuthority] = Object.values(names).map((name) => join(folder, name));
  if (certificate === undefined || key === undefined || clientAuthority === undefined) throw new Error("no path");
  const log = pino({}, { write: (line: string) => lines.push(line) });
  files = await TlsFiles.open({ certificate, key, clientAuthority, trustDomain: "gatehouse.test" }, log);
  const security = { kind: "mutual-tls", material: files, trustDomain: "gatehouse.test" } as const;
  world = await startWorld({ transport: "delta", security });
  world.set(resource("cluster", "a"));
}

/** As an editor or a script does. */
async function overwrite({ certificatePem, keyPem }: IssuedCertificate, trusted = [authority]): Promise<void> {
  await writeFile(join(folder, "tls.crt"), certificatePem);
  await writeFile(join(folder, "tls.key"), keyPem);
  await writeFile(join(folder, "ca.crt"), pem(trusted));
}

/** As the kubelet does: files behind a link that is moved at once. */
async function swap({ certificatePem, keyPem }: IssuedCertificate, trusted = [authority]): Promise<void> {
  const data = `..version-${(await readdir(folder)).length}`;
  await mkdir(join(folder, data));
  for (const [name, text] of Object.entries({ "tls.crt": certificatePem, "tls.key": keyPem, "ca.crt": pem(trusted) })) {
    await writeFile(join(folder, data, name), text);
    await symlink(join("..data", name), join(folder, name)).catch(() => {});
  }
  await symlink(data, join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
}

async function connected(client: IssuedCertificate, trusted = [authority]): Promise<FakeEnvoy> {
  proxies += 1;
  const [ca, key, cert] = [pem(trusted), client.keyPem, client.certificatePem].map((text) => Buffer.from(text));
  const proxy = world.connect({
    nodeId: `proxy-${proxies}`,
    credentials: credentials.createSsl(ca ?? null, key ?? null, cert ?? null),
  });
  proxy.subscribe("cluster");
  await proxy.take("cluster");
  return proxy;
}

/** The certificate that a new connection is shown. */
const shown = (client: IssuedCertificate): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: "127.0.0.1",
        port: world.server.port,
        rejectUnauthorized: false,
        cert: client.certificatePem,
        key: client.keyPem,
        ALPNProtocols: ["h2"],
      },
      () => {
        resolve(socket.getPeerX509Certificate()?.toString() ?? "");
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });

it.each([
  ["written over", overwrite],
  ["swapped behind a link", swap],
])("a certificate whose files are %s is shown to new connections, and drops none", async (_, write) => {
  await write(await serverCertificate());
  await start();
  const pair = await proxyCertificate();
  const proxy = await connected(pair);
  for (let round = 0; round < 2; round++) {
    const renewed = await serverCertificate();
    await write(renewed);
    await eventually("the new one is shown", async () => (await shown(pair)) === renewed.certificatePem);
  }
  await connected(pair);
  world.set(resource("cluster", "b"));
  await proxy.take("cluster");
  expect(world.server.open()).toBe(2);
});

it("a pair that does not fit, half a file and no authority are told once each, and the one before stays", async () => {
  const own = await serverCertificate();
  await overwrite(own);
  await start();
  const pair = await proxyCertificate();
  const kept = () => lines.filter((line) => line.includes("keeps the certificate that it had")).length;
  const renewed = await serverCertificate();
  await writeFile(join(folder, "tls.crt"), renewed.certificatePem);
  await eventually("a key of another certificate", () => kept() === 1);
  await writeFile(join(folder, "tls.key"), renewed.keyPem.slice(0, 60));
  await eventually("half a key", () => kept() === 2);
  await overwrite(renewed, []);
  await eventually("no authority", () => kept() === 3);
  await rm(join(folder, "ca.crt"));
  await eventually("no file", () => kept() === 4);
  expect(await shown(pair)).toBe(own.certificatePem);
  await connected(pair);
  await overwrite(renewed);
  await eventually("all is well again", async () => (await shown(pair)) === renewed.certificatePem);
  expect(kept()).toBe(4);
});

it("several authorities are trusted while one takes over, and who comes from one that has gone is cut off", async () => {
  const next = await createCertificateAuthority("two");
  await overwrite(await serverCertificate());
  await start();
  const [old, renewed] = [await proxyCertificate(), await proxyCertificate(next)];
  const leaving = await connected(old);
  const server = await serverCertificate(next);
  await overwrite(server, [authority, next]);
  await eventually("both are trusted", async () => (await shown(old)) === server.certificatePem);
  const staying = await connected(renewed, [authority, next]);
  world.set(resource("cluster", "b"));
  for (const proxy of [leaving, staying]) await proxy.take("cluster");
  await overwrite(server, [next]);
  await leaving.ended;
  await eventually("one is left", () => world.server.open() === 1);
  const [ca, key, cert] = [pem([next]), old.keyPem, old.certificatePem].map((text) => Buffer.from(text));
  const late = world.connect({ credentials: credentials.createSsl(ca ?? null, key ?? null, cert ?? null) });
  late.subscribe("cluster");
  expect((await late.ended).code).toBe(status.UNAVAILABLE);
  world.set(resource("cluster", "c"));
  await staying.take("cluster");
  const told = world.server.log.filter(({ message }) => message.startsWith("connection refused"));
  expect(told[0]).toMatchObject({ fields: { reason: "its authority is trusted no more" } });
});
