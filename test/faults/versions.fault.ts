import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ResourceChange, Translator } from "../../src/app/translator.ts";
import { namespacedName } from "../../src/core/keys.ts";
import { resourceTypes } from "../../src/core/xds-resource.ts";
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { testRouteTables } from "../envoy/route-tables.case.ts";
import { testRouteCases } from "../envoy/routes.case.ts";
import { type GoldenCase, readGoldenCases } from "../golden/golden-file.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { tlsSecret } from "../support/gateway-objects.ts";
import { startTestServer, type TestServer } from "../xds/test-server.ts";
import { everyProxyHolds } from "./support/served-fleet.ts";
import { supportedEnvoys } from "./support/supported-envoys.ts";

const envoys = supportedEnvoys();
const fleet = namespacedName("infra", "gateway");
const controllerName = "gatehouse.dev/gateway-controller";
/** These match a header that comes twice by its values joined with commas, as the specification leaves it to us. */
const joining = ["1.37", "1.38"];

/** Tables are cut by hostname only where all take them: by the image that the fleet's parameters name. */
const fleets = [
  { members: envoys, image: "envoyproxy/envoy:v1.37.0", scopes: 0 },
  { members: envoys.filter(({ minor }) => minor !== "1.37"), image: "envoyproxy/envoy:v1.38.0", scopes: 1200 },
];

describe.each(fleets)("fault 17: a fleet of the image $image", ({ members, image, scopes }) => {
  const table = new ResourceTable();
  const proxies: RunningEnvoy[] = [];
  let server: TestServer;

  beforeAll(async () => {
    table.addFleet(fleet);
    table.markReady();
    server = await startTestServer({ table });
    const xds = { address: "127.0.0.1", port: server.port };
    for (const { minor, binary } of members) {
      const bootstrap = proxyBootstrap({ gateway: fleet, nodeId: minor, xds, adminAddress: "127.0.0.1", adminPort: 0 });
      proxies.push(await startEnvoy({ bootstrap, binary }));
    }
  });

  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await server.stop();
  });

  it("tells the server its versions", async () => {
    const connected = () => server.streams().map(({ envoyVersion }) => envoyVersion);
    await eventually("all are connected", () => connected().length === members.length);
    expect(connected().sort()).toEqual(members.map(({ version }) => version));
  });

  it("acknowledges what every golden input comes to, without one refusal", async () => {
    const all = { table, fleet, proxies: members.length };
    let [resources, most] = [0, 0];
    const started = performance.now();
    const configurations = await goldenConfigurations(image);
    for (const { name, changes } of configurations) {
      replaceAll(table, changes);
      await eventually(`${name} is acknowledged`, () => server.nacks.length > 0 || everyProxyHolds(server, all), 30);
      const words = [...server.state(fleet).refusals].map(([resource, text]) => `${resource}: ${text}`);
      expect(server.nacks, `${name}: ${words.join("; ")}`).toEqual([]);
      resources += changes.length;
      most = Math.max(most, table.entries(fleet, "scope").size);
    }
    for (const [index, proxy] of proxies.entries()) {
      const refused = [...(await proxy.stats("update_rejected"))].filter(([, count]) => count > 0);
      expect(refused, members[index]?.version).toEqual([]);
    }
    const ms = (performance.now() - started).toFixed(0);
    const versions = members.map(({ version }) => version).join(", ");
    console.log(
      `fault 17: ${configurations.length} configurations, ${resources} resources, up to ${most} scopes, for Envoy ` +
        `${versions}: ${server.sent()} responses, ${server.nacks.length} refused, ${ms} ms`,
    );
    expect(configurations.length).toBeGreaterThan(60);
    expect(most > 0).toBe(scopes > 0);
    expect(most).toBeGreaterThanOrEqual(scopes);
  }, 120_000);
});

describe.each(envoys)("fault 17: Envoy $version answers as every other does", ({ binary, minor }) => {
  const options = { binary, joinsValues: joining.includes(minor) };
  const modes = minor === "1.37" ? (["plain"] as const) : (["plain", "scoped"] as const);
  describe.each(modes)("with a %s table", (mode) => {
    describe("hostnames", () => testRouteTables(mode, options));
    describe("routes", () => testRouteCases(mode, options));
  });
});

interface Configuration {
  readonly name: string;
  readonly changes: readonly ResourceChange[];
}

/** What each golden input comes to, Gateway by Gateway, each on an address of its own that can be bound here. */
async function goldenConfigurations(image: string): Promise<readonly Configuration[]> {
  const cases = [...readGoldenCases(), await manyHostnames(image)];
  const configurations = cases.map(async (golden) => configurationsOf(golden, await freeLoopbackAddress()));
  return (await Promise.all(configurations)).flat();
}

/** Two listeners with so many hostnames that their tables are cut by them, one with TLS. */
async function manyHostnames(image: string): Promise<Input> {
  const certificate = await issueCertificate(await createCertificateAuthority(), { names: ["*.many.test"] });
  const api = "gateway.networking.k8s.io/v1";
  const tls = { certificateRefs: [{ name: "many" }] };
  const listeners = [
    { name: "http", port: 80, protocol: "HTTP" },
    { name: "https", port: 443, protocol: "HTTPS", hostname: "*.many.test", tls },
    { name: "other", port: 443, protocol: "HTTPS", hostname: "other.many.test", tls },
  ];
  const metadata = { name: "many", namespace: "infra" };
  const routes = Array.from({ length: 40 }, (_, route) => ({
    apiVersion: api,
    kind: "HTTPRoute",
    metadata: { name: `many-${route}`, namespace: "infra" },
    spec: {
      parentRefs: [{ name: "many" }],
      hostnames: Array.from({ length: 16 }, (_, host) => `h${route}-${host}.many.test`),
      rules: [{ filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "elsewhere.test" } }] }],
    },
  }));
  const objects = [
    {
      apiVersion: api,
      kind: "GatewayClass",
      metadata: { name: "many" },
      spec: {
        controllerName,
        parametersRef: { group: "gatehouse.dev", kind: "GatewayParameters", ...metadata },
      },
    },
    { apiVersion: "gatehouse.dev/v1alpha1", kind: "GatewayParameters", metadata, spec: { image } },
    { apiVersion: api, kind: "Gateway", metadata, spec: { gatewayClassName: "many", listeners } },
    tlsSecret("infra", "many", certificate),
    ...routes,
  ];
  // JSON is YAML.
  const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  return { name: "many hostnames", manifests: [{ path: "many.yaml", text }], cluster: {} };
}

type Input = Pick<GoldenCase, "name" | "manifests" | "cluster">;

function configurationsOf({ name, manifests, cluster }: Input, address: string): readonly Configuration[] {
  const kind = cluster === undefined ? "standalone" : "cluster";
  const translator = new Translator({ controllerName, placement: { kind, bindAddresses: [address] } });
  for (const { kind: of, name: key, object } of readManifests(manifests).objects) {
    const asked = object.kind === "Gateway" ? { ...object, spec: { ...object.spec, addresses: undefined } } : object;
    translator.set(of, key, asked as typeof object);
  }
  const { resources } = translator.flush();
  return [...resources].map(([gateway, changes]) => ({ name: `${gateway} of ${name}`, changes }));
}

/** Puts other resources in the place of all that are there. */
function replaceAll(table: ResourceTable, changes: readonly ResourceChange[]): void {
  const wanted = new Set(changes.map(({ type, name }) => `${type} ${name}`));
  const gone = resourceTypes.flatMap((type) =>
    [...table.entries(fleet, type).keys()]
      .filter((name) => !wanted.has(`${type} ${name}`))
      .map((name) => ({ type, name, resource: undefined })),
  );
  table.update(fleet, [...changes, ...gone]);
}
