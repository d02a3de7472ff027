import { Translator } from "../../../src/app/translator.ts";
import { InstantClaims } from "../../../src/claims/instant-claims.ts";
import type { GatewayParametersSpec } from "../../../src/core/gateway-parameters.ts";
import { namespacedName } from "../../../src/core/keys.ts";
import { proxyBootstrap } from "../../../src/translate/envoy/bootstrap.ts";
import { settingsOf } from "../../../src/translate/limits.ts";
import { readManifests } from "../../../src/watch/manifests.ts";
import { startAdsServer } from "../../support/ads-server.ts";
import { send } from "../../support/client.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../../support/envoy.ts";
import { startTenants, type Tenants } from "./tenants.ts";

/** A real Envoy that serves the namespaces `quiet` and `noisy` on one Gateway, as the translator says. */
export interface TwoTenants {
  readonly envoy: RunningEnvoy;
  /** Where it listens, on port 8080; a tenant's host is `<tenant>.example.com`. */
  readonly address: string;
  readonly tenants: Tenants;
  stop(): Promise<void>;
}

export interface TwoTenantsOptions {
  /** Of the class. */
  readonly parameters?: GatewayParametersSpec;
  readonly concurrency?: number;
}

const gateway = namespacedName("infra", "shared");

/** Starts it. */
export async function startTwoTenants({
  parameters = {},
  concurrency = 2,
}: TwoTenantsOptions = {}): Promise<TwoTenants> {
  const tenants = await startTenants();
  const ads = await startAdsServer();
  const address = await freeLoopbackAddress();
  const placement = { kind: "standalone", bindAddresses: [address] } as const;
  const options = { controllerName: "gatehouse.dev/gateway-controller", placement };
  const translator = new Translator(options, new InstantClaims([]));
  const files = [{ path: "two-tenants.yaml", text: manifests(tenants, parameters) }];
  const { objects, problems } = readManifests(files);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  const { resources, fleetSpecs } = translator.flush();
  ads.prepare(...(resources.get(gateway) ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource])));
  const limits = fleetSpecs.get(gateway)?.parameters.limits;
  if (limits === undefined) throw new Error("bug: there is no such Gateway");
  const xds = { address: "127.0.0.1", port: ads.port };
  const node = { gateway, nodeId: "proxy", adminAddress: "127.0.0.1", adminPort: 0 };
  const bootstrap = proxyBootstrap({ ...node, xds, settings: settingsOf(limits) });
  const envoy = await startEnvoy({ bootstrap, concurrency });
  const answers = async (tenant: string) =>
    (await send({ address, port: 8080 }, { host: `${tenant}.example.com` })).status;
  for (const tenant of ["quiet", "noisy"])
    await eventually(`${tenant} is served`, async () => (await answers(tenant)) === 200);
  return {
    envoy,
    address,
    tenants,
    stop: async () => {
      await envoy.stop();
      await ads.stop();
      await tenants.stop();
    },
  };
}

function manifests({ quiet, noisy }: Tenants, parameters: GatewayParametersSpec): string {
  const gatewayApi = "gateway.networking.k8s.io/v1";
  const listener = { name: "http", port: 8080, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } };
  const parametersRef = { group: "gatehouse.dev", kind: "GatewayParameters", namespace: "infra", name: "shared" };
  const documents = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "infra" } },
    {
      apiVersion: "gatehouse.dev/v1alpha1",
      kind: "GatewayParameters",
      metadata: { name: "shared", namespace: "infra" },
      spec: parameters,
    },
    {
      apiVersion: gatewayApi,
      kind: "GatewayClass",
      metadata: { name: "shared" },
      spec: { controllerName: "gatehouse.dev/gateway-controller", parametersRef },
    },
    {
      apiVersion: gatewayApi,
      kind: "Gateway",
      metadata: { name: "shared", namespace: "infra" },
      spec: { gatewayClassName: "shared", listeners: [listener] },
    },
    ...tenant("quiet", quiet),
    ...tenant("noisy", noisy),
  ];
  return documents.map((document) => JSON.stringify(document)).join("\n---\n");
}

function tenant(namespace: string, port: number): readonly object[] {
  const web = { name: "web", namespace };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "Service", metadata: web, spec: { ports: [{ name: "http", port: 80 }] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...web, labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      ports: [{ name: "http", port }],
      endpoints: [{ addresses: ["127.0.0.1"] }],
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: web,
      spec: {
        parentRefs: [{ name: "shared", namespace: "infra" }],
        hostnames: [`${namespace}.example.com`],
        rules: [{ backendRefs: [{ name: "web", port: 80 }] }],
      },
    },
  ];
}
