import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { eventually, type GatehouseProcess, runGatehouse, startGatehouse } from "./gatehouse-process.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

let folder = "";
let gatehouse: GatehouseProcess;
const envoys: RunningEnvoy[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-tls-"));
  const authority = await createCertificateAuthority();
  const fleet = (name: string) => ({
    names: ["proxy"],
    usage: "client" as const,
    uris: [`spiffe://cluster.local/fleet/infra/${name}`],
  });
  const certificates = {
    server: await issueCertificate(authority, { names: ["gatehouse.example"] }),
    shared: await issueCertificate(authority, fleet("shared")),
    other: await issueCertificate(authority, fleet("other")),
  };
  await writeFile(join(folder, "ca.pem"), authority.certificatePem);
  for (const [name, { certificatePem, keyPem }] of Object.entries(certificates)) {
    await writeFile(join(folder, `${name}.pem`), certificatePem);
    await writeFile(join(folder, `${name}.key`), keyPem);
  }
  await writeFile(join(folder, "all.yaml"), platform + namespace("cart") + route("cart"));
  const address = await freeLoopbackAddress();
  gatehouse = await startGatehouse(folder, [...files("server"), "--bind-address", address]);
});

afterEach(async () => {
  for (const envoy of envoys.splice(0)) await envoy.stop();
  await gatehouse?.stop();
  await rm(folder, { recursive: true });
});

function files(name: string): readonly string[] {
  const file = (last: string) => join(folder, last);
  return ["--xds-cert", file(`${name}.pem`), "--xds-key", file(`${name}.key`), "--xds-ca", file("ca.pem")];
}

async function startProxy(certificate: string): Promise<RunningEnvoy> {
  const addresses = ["--xds-address", gatehouse.xds, "--admin-address", "127.0.0.1:0"];
  const args = ["--gateway", "infra/shared", "--xds-server-name", "gatehouse.example", ...addresses];
  const { stdout } = await runGatehouse(["bootstrap", ...args, ...files(certificate), "-o", "json"]);
  const envoy = await startEnvoy({ bootstrap: JSON.parse(stdout) });
  envoys.push(envoy);
  return envoy;
}

const listeners = async (envoy: RunningEnvoy) => (await envoy.get("/listeners")).trim();

it("serves a proxy whose certificate names its Gateway, and no other", async () => {
  const stranger = await startProxy("other");
  const proxy = await startProxy("shared");
  await eventually(async () => expect(await listeners(proxy)).toContain("http-8080"));
  await eventually(async () => {
    const refused = await stranger.stats("cluster.gatehouse.upstream_rq_total|control_plane.*");
    expect([...refused.values()].some((value) => value > 0)).toBe(true);
  });
  expect(await listeners(stranger)).toBe("");
});
