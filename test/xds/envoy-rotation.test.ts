import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EnvoyConfigClusterV3ClusterDiscoveryType } from "../../proto/gen/types.ts";
import { encodeMessage } from "../../proto/messages.ts";
import { namespacedName } from "../../src/core/keys.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../../src/identity/authority.ts";
import { readCertificate } from "../../src/identity/read-certificate.ts";
import { eventually, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { TestMaterial } from "../support/test-material.ts";
import { resourceOf } from "./resources.ts";
import { startWorld, type World } from "./world.ts";

const gateway = namespacedName("infra", "gateway");
const identity = "spiffe://gatehouse.test/fleet/infra/gateway/uid-1";
const serverName = "gatehouse-xds.gatehouse-system.svc";
const hour = 3_600_000;

let folder = "";
let versions = 0;
let authority: KeyPair;
let world: World;
let envoy: RunningEnvoy;
const material = new TestMaterial();
const accepted = new Set<string>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-credentials-"));
  authority = await createAuthority(Date.now(), hour);
  await showServer(authority, [authority]);
  world = await startWorld({
    transport: "delta",
    recheckMs: 50,
    security: {
      kind: "issued-certificates",
      material,
      trustDomain: "gatehouse.test",
      isAccepted: (_gateway, _uid, fingerprint) => accepted.has(fingerprint),
    },
  });
  world.set(cluster("one"));
});
afterEach(async () => {
  await envoy?.stop();
  await world.stop();
  await rm(folder, { recursive: true });
});

async function showServer(issuer: KeyPair, trusted: readonly KeyPair[]): Promise<void> {
  const uri = "spiffe://gatehouse.test/control-plane";
  const request = { usages: ["server", "client"], dnsNames: [serverName], uri, now: Date.now(), lifeMs: hour } as const;
  const { cert, key } = await issueCertificate(issuer, request);
  material.set({ ca: trusted.map((one) => one.cert).join(""), cert, key });
}

/** Gives the proxy a certificate as a kubelet does: files behind a link that is moved at once. */
async function giveProxy(issuer: KeyPair, trusted: readonly KeyPair[]): Promise<string> {
  const request = { usages: ["client"], dnsNames: [], uri: identity, now: Date.now(), lifeMs: hour } as const;
  const { cert, key } = await issueCertificate(issuer, request);
  versions += 1;
  const data = `..version-${versions}`;
  await mkdir(join(folder, data));
  const files = { "ca.crt": trusted.map((one) => one.cert).join(""), "tls.crt": cert, "tls.key": key };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, data, name), text);
    if (versions === 1) await symlink(join("..data", name), join(folder, name));
  }
  await symlink(data, join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  const fingerprint = readCertificate(cert)?.fingerprint ?? "";
  accepted.add(fingerprint);
  return fingerprint;
}

const clusters = async () => {
  const lines = await envoy.get("/clusters");
  return ["one", "two", "three", "four"].filter((name) => new RegExp(`^${name}::`, "m").test(lines));
};
const connections = async () =>
  (await envoy.stats("^cluster.gatehouse.upstream_cx_total$")).get("cluster.gatehouse.upstream_cx_total");

it("keeps its stream and its configuration while certificates and authority are replaced", async () => {
  const first = await giveProxy(authority, [authority]);
  envoy = await startEnvoy({ bootstrap: bootstrap(world.server.port), files: credentialFiles() });
  await eventually("it is served", async () => (await clusters()).join() === "one");

  await showServer(authority, [authority]);
  world.set(cluster("two"));
  await eventually("the stream goes on", async () => (await clusters()).join() === "one,two");

  const next = await createAuthority(Date.now(), hour);
  await showServer(authority, [authority, next]);
  await giveProxy(next, [authority, next]);
  await showServer(next, [next, authority]);
  world.set(cluster("three"));
  await eventually("it still goes on", async () => (await clusters()).length === 3);
  expect(await connections()).toBe(1);
  expect(world.server.open()).toBe(1);

  const sent = world.server.sent();
  accepted.delete(first);
  await eventually("the revoked certificate's stream ends", () => world.server.open() === 0);
  await eventually("it connects with the new one", () => world.server.state(gateway).proxies === 1);
  expect(await clusters()).toEqual(["one", "two", "three"]);
  expect(world.server.sent()).toBe(sent);
  world.set(cluster("four"));
  await eventually("it hears of changes", async () => (await clusters()).length === 4);
}, 60_000);

function cluster(name: string) {
  const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", {
    name,
    type: EnvoyConfigClusterV3ClusterDiscoveryType.STATIC,
    connectTimeout: { seconds: 1 },
    loadAssignment: {
      clusterName: name,
      endpoints: [
        { lbEndpoints: [{ endpoint: { address: { socketAddress: { address: "127.0.0.1", portValue: 9 } } } }] },
      ],
    },
  });
  return resourceOf("cluster", name, bytes);
}

/** Files of a TLS context are read once; those of a secret that comes from a file are read again when its folder changes. */
function credentialFiles(): ReadonlyMap<string, string> {
  const watched = { watched_directory: { path: folder } };
  const filename = (name: string) => ({ filename: join(folder, name) });
  const certificate = { certificate_chain: filename("tls.crt"), private_key: filename("tls.key"), ...watched };
  const names = [{ san_type: "DNS", matcher: { exact: serverName } }];
  const validation = { trusted_ca: filename("ca.crt"), match_typed_subject_alt_names: names, ...watched };
  const type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
  const secret = (name: string, content: object) =>
    [`${name}.json`, JSON.stringify({ resources: [{ "@type": type, name, ...content }] })] as const;
  return new Map([
    secret("certificate", { tls_certificate: certificate }),
    secret("authority", { validation_context: validation }),
  ]);
}

function bootstrap(port: number): object {
  const fromFile = (name: string) => ({
    name,
    sds_config: { path_config_source: { path: `$DIR/${name}.json` }, resource_api_version: "V3" },
  });
  const endpoint = { address: { socket_address: { address: "127.0.0.1", port_value: port } } };
  const http = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    node: { id: "proxy-0", cluster: gateway },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "gatehouse" } }],
      },
      cds_config: { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" },
    },
    static_resources: {
      clusters: [
        {
          name: "gatehouse",
          load_assignment: { cluster_name: "gatehouse", endpoints: [{ lb_endpoints: [{ endpoint }] }] },
          typed_extension_protocol_options: {
            [http]: {
              "@type": `type.googleapis.com/${http}`,
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          transport_socket: {
            name: "envoy.transport_sockets.tls",
            typed_config: {
              "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
              sni: serverName,
              common_tls_context: {
                tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
                tls_certificate_sds_secret_configs: [fromFile("certificate")],
                validation_context_sds_secret_config: fromFile("authority"),
              },
            },
          },
        },
      ],
    },
  };
}
