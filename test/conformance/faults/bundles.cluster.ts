import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, issueCertificate } from "../../support/certificates.ts";
import { type CrdSelection, installCrds } from "../bed/crds.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { askLayer4 } from "../scenarios/ask.ts";
import type { Layer4Request } from "../scenarios/client/layer4.ts";
import { echoServer } from "../scenarios/echo-servers.ts";
import { gatewayOf, routeTo } from "../scenarios/gateway-objects.ts";
import { addressOf, conditionOf, readObject } from "../scenarios/gateway-status.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import { controlPlanePods, untilReplicasReady } from "./control-plane-pods.ts";
import {
  applyAll,
  createShop,
  type FaultBed,
  fleetsOf,
  kubectl,
  startFaultBed,
  untilProgrammed,
  untilServed,
} from "./fault-bed.ts";

const oldest: CrdSelection = { version: "v1.4.1", channel: "standard" };
/** The later ones, each with the kinds of routes that come with it. */
const later = [
  { version: "v1.5.1", kinds: ["TLSRoute"] },
  { version: "v1.6.3", kinds: ["TCPRoute", "UDPRoute"] },
  { version: "v1.7.0", kinds: [] },
] as const;
const crdsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const httpRoutes = "httproutes.gateway.networking.k8s.io";
let faults: FaultBed;
let bed: Bed;
let authority = "";

beforeAll(async () => {
  faults = await startFaultBed(oldest);
  bed = faults.bed;
  await bed.api.remove(`${crdsPath}/${httpRoutes}`);
  await installGatehouse(bed, fleetsOf(1));
  await createShop(bed, "shop");
});

afterAll(() => faults?.stop());

// The cluster goes from one release to the next, as clusters do.
describe("CRDs that come after the control plane", () => {
  it("starts without most kinds of routes and ListenerSet, and programs Gateways, also those for these routes", async () => {
    const { stdout } = await bed.run(["kubectl", "get", "crd", "--output=name"]);
    expect(stdout).not.toMatch(/(httproutes|listenersets|tlsroutes|tcproutes|udproutes)\./);
    await applyAll(bed, [
      gatewayOf("shop", "first", gatehouse.gatewayClass),
      gatewayOf("shop", "layer4", gatehouse.gatewayClass, { listeners: layer4Listeners }),
      ...echoServer("shop", { name: "lines", speaks: "tcp", certificate: "lines" }),
      ...echoServer("shop", { name: "datagrams", speaks: "udp" }),
      await certificateOf("lines.example.com"),
    ]);
    await untilProgrammed(bed, "shop/first");
    await untilProgrammed(bed, "shop/layer4");
  });

  it("serves HTTPRoutes as soon as their CRD is there, with no restart", async () => {
    const before = await podsAndRestarts();
    await installCrds(bed.api, oldest);
    await applyAll(bed, [routeTo("shop", "echo", ["first"])]);
    await untilServed(bed, "shop/first");
    expect(await podsAndRestarts()).toEqual(before);
    expect(await supportedVersion()).toMatchObject({ status: "True", reason: "SupportedVersion" });
  });
});

describe.each(later)("CRDs of $version", ({ version, kinds }) => {
  const selection: CrdSelection = { version, channel: "standard" };

  it(`serve ${kinds.join(" and ") || "no new kind of route"}, with no restart`, async () => {
    const before = await podsAndRestarts();
    await installCrds(bed.api, selection);
    if (kinds.length > 0) await applyAll(bed, kinds.map(layer4Route));
    const address = (await addressOf(bed, "shop/layer4")) ?? "";
    for (const kind of kinds) await untilAnswered({ ...questions[kind], address });
    expect(await podsAndRestarts()).toEqual(before);
  });

  it("serve what was there, and a new Gateway, also from a control plane that starts with them", async () => {
    const name = `gateway-${version.replaceAll(".", "-")}`;
    await untilServed(bed, "shop/first");
    const gone = (await controlPlanePods(bed)).map((pod) => pod.metadata.name);
    await kubectl(bed, "delete", "pods", `--namespace=${gatehouse.namespace}`, "--wait=false", ...gone);
    await untilReplicasReady(bed, gone);
    const route = { ...routeTo("shop", "echo", [name]), metadata: { namespace: "shop", name } };
    await applyAll(bed, [gatewayOf("shop", name, gatehouse.gatewayClass), route]);
    await untilServed(bed, `shop/${name}`);
    await untilServed(bed, "shop/first");
    expect(await bundleVersion()).toBe(version);
    expect(await supportedVersion()).toMatchObject({ status: "True", reason: "SupportedVersion" });
  });
});

it("tells of a release that is not known, and serves what it can", async () => {
  const annotation = "gateway.networking.k8s.io/bundle-version=v1.9.0";
  const names = (await kubectl(bed, "get", "crd", "--output=name")).split("\n");
  const ofGatewayApi = names.filter((name) => name.endsWith(".gateway.networking.k8s.io"));
  await kubectl(bed, "annotate", "--overwrite", ...ofGatewayApi, annotation);
  const told = await waitFor("the condition", async () => {
    const condition = await supportedVersion();
    return condition?.status === "False" && condition;
  });
  expect(told).toMatchObject({ reason: "UnsupportedVersion", message: expect.stringContaining("v1.9.0") });
  const route = { ...routeTo("shop", "echo", ["late"]), metadata: { namespace: "shop", name: "late" } };
  await applyAll(bed, [gatewayOf("shop", "late", gatehouse.gatewayClass), route]);
  await untilServed(bed, "shop/late");
  await untilServed(bed, "shop/first");
});

const layer4Listeners = [
  { name: "tls", protocol: "TLS", port: 8443, hostname: "lines.example.com", tls: { mode: "Passthrough" } },
  { name: "tcp", protocol: "TCP", port: 9000 },
  { name: "udp", protocol: "UDP", port: 9000 },
];

type Layer4Kind = (typeof later)[number]["kinds"][number];

const questions: Readonly<Record<Layer4Kind, Omit<Layer4Request, "address">>> = {
  TLSRoute: { protocol: "tls", port: 8443, host: "lines.example.com" },
  TCPRoute: { protocol: "tcp", port: 9000 },
  UDPRoute: { protocol: "udp", port: 9000 },
};

function layer4Route(kind: Layer4Kind): object {
  const { protocol, host } = questions[kind];
  const backendRef = { name: protocol === "udp" ? "datagrams" : "lines", port: protocol === "tls" ? 443 : 80 };
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { namespace: "shop", name: protocol },
    spec: {
      parentRefs: [{ name: "layer4", sectionName: protocol }],
      ...(host && { hostnames: [host] }),
      rules: [{ backendRefs: [backendRef] }],
    },
  };
}

async function untilAnswered(question: Layer4Request): Promise<void> {
  await waitFor(`an answer by ${question.protocol}`, async () => {
    const [answer] = await askLayer4(bed, [{ ...question, authorities: [authority] }]);
    return answer?.kind === "answered" || Promise.reject(new Error(JSON.stringify(answer)));
  });
}

async function certificateOf(name: string): Promise<object> {
  const issuer = await createCertificateAuthority("Bundles");
  authority = issuer.certificatePem;
  const { certificatePem, keyPem } = await issueCertificate(issuer, { names: [name] });
  const stringData = { "tls.crt": certificatePem, "tls.key": keyPem };
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { namespace: "shop", name: "lines" },
    stringData,
  };
}

async function supportedVersion() {
  return conditionOf(await readObject(bed, `GatewayClass ${gatehouse.gatewayClass}`), "SupportedVersion");
}

async function bundleVersion(): Promise<string | undefined> {
  const { metadata } = await bed.api.get<{ metadata: { annotations?: Readonly<Record<string, string>> } }>(
    `${crdsPath}/${httpRoutes}`,
  );
  return metadata.annotations?.["gateway.networking.k8s.io/bundle-version"];
}

/** Which pods the control plane has, and how often each was started again. */
async function podsAndRestarts(): Promise<readonly string[]> {
  const pods = await controlPlanePods(bed);
  return pods
    .map(({ metadata, status }) => `${metadata.name} ${status?.containerStatuses?.[0]?.restartCount}`)
    .toSorted();
}
