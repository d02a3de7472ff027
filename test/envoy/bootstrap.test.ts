import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ProxyBootstrapOptions, proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { envoyPath } from "../support/envoy.ts";
import { gateway } from "./proxy.ts";

const plain: ProxyBootstrapOptions = {
  gateway,
  nodeId: "proxy-7",
  xds: { address: "127.0.0.1", port: 18_000 },
  adminAddress: "127.0.0.1",
  adminPort: 0,
};

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gatehouse-bootstrap-"));
  const authority = await createCertificateAuthority();
  const issued = await issueCertificate(authority, { names: ["proxy-7"], usage: "client" });
  await writeFile(join(directory, "tls.crt"), issued.certificatePem);
  await writeFile(join(directory, "tls.key"), issued.keyPem);
  await writeFile(join(directory, "ca.crt"), authority.certificatePem);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe("proxyBootstrap", () => {
  it.each([
    ["on loopback", {}],
    ["by name", { xds: { address: "gatehouse.gatehouse-system.svc", port: 18_000 } }],
    ["by IPv6 address", { xds: { address: "fd00::1", port: 18_000 } }],
    ["with mutual TLS", { withTls: true }],
    ["in a pod", { podAddress: "127.0.0.1", adminPort: 19_000 }],
  ])(
    "is a bootstrap that Envoy takes, %s",
    async (_name, { withTls, ...more }: Partial<ProxyBootstrapOptions> & { withTls?: boolean }) => {
      const tls = {
        certificateFile: join(directory, "tls.crt"),
        keyFile: join(directory, "tls.key"),
        authorityFile: join(directory, "ca.crt"),
        serverName: "gatehouse",
      };
      const bootstrap = proxyBootstrap({ ...plain, ...more, ...(withTls === true && { tls }) });
      const file = join(directory, "bootstrap.json");
      await writeFile(file, JSON.stringify(bootstrap));
      const { stdout, stderr } = await promisify(execFile)(envoyPath, [
        "--mode",
        "validate",
        "-c",
        file,
        "-l",
        "error",
      ]);
      expect(stdout + stderr).toContain("OK");
    },
  );

  it("says whose proxy it is, and waits for its first listeners and clusters", () => {
    expect(proxyBootstrap(plain)).toMatchObject({
      node: { id: "proxy-7", cluster: "infra/gateway" },
      dynamic_resources: {
        ads_config: { api_type: "DELTA_GRPC" },
        lds_config: { ads: {}, initial_fetch_timeout: "0s" },
        cds_config: { ads: {}, initial_fetch_timeout: "0s" },
      },
    });
    expect(proxyBootstrap(plain)).toEqual(JSON.parse(JSON.stringify(proxyBootstrap(plain))));
  });
});
