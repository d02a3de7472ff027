import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RawObject } from "../../../src/core/kube-client.ts";
import { createCertificateAuthority, issueCertificate } from "../../support/certificates.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { applyAll, fleetsOf, untilProgrammed } from "../faults/fault-bed.ts";
import { recordStatuses, untilStatusesRest } from "../faults/status-recorder.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";
import { ask, askLayer4, backendOf } from "./ask.ts";
import type { Layer4Request } from "./client/layer4.ts";
import { restrictedNamespace } from "./cluster-manifest.ts";
import { echoServer } from "./echo-servers.ts";
import { gatewayOf } from "./gateway-objects.ts";
import { addressOf, conditionOf, readObject } from "./gateway-status.ts";
import { applyAs, appointDeveloper, kubectlAs } from "./people.ts";
import { type ScenarioBed, startScenarioBed } from "./scenario-bed.ts";

const shared = "infra/shared";
const open = { allowedRoutes: { namespaces: { from: "All" } } };
// TCP and UDP have ports of their own: one number is two listeners.
const listeners = [
  { name: "http", protocol: "HTTP", port: 80, ...open },
  { name: "tls", protocol: "TLS", port: 8443, hostname: "*.example.com", tls: { mode: "Passthrough" }, ...open },
  { name: "tcp", protocol: "TCP", port: 9000, ...open },
  { name: "udp", protocol: "UDP", port: 9000, ...open },
  { name: "tcp-free", protocol: "TCP", port: 9001, ...open },
  { name: "udp-free", protocol: "UDP", port: 9001, ...open },
];
let scenario: ScenarioBed;
let bed: Bed;
let address: string;
let authority: string;

beforeAll(async () => {
  scenario = await startScenarioBed(fleetsOf(1));
  bed = scenario.bed;
  for (const namespace of ["infra", "shop", "rival"]) await applyAll(bed, [restrictedNamespace(namespace)]);
  for (const namespace of ["shop", "rival"]) await appointDeveloper(bed, namespace);
  const issuer = await createCertificateAuthority("Shop");
  authority = issuer.certificatePem;
  const { certificatePem, keyPem } = await issueCertificate(issuer, { names: ["secure.example.com"] });
  await applyAll(bed, [
    gatewayOf("infra", "shared", gatehouse.gatewayClass, { listeners }),
    secret("shop", "certificate", { "tls.crt": certificatePem, "tls.key": keyPem }),
    configMap("shop", "authority", { "ca.crt": authority }),
    ...echoServer("shop", { name: "lines", speaks: "tcp", certificate: "certificate" }),
    ...echoServer("shop", { name: "datagrams", speaks: "udp" }),
    ...echoServer("shop", { name: "calls", speaks: "grpc" }),
    ...echoServer("shop", { name: "secure", speaks: "https", certificate: "certificate" }),
  ]);
  await untilProgrammed(bed, shared);
  address = (await addressOf(bed, shared)) ?? "";
});

afterAll(() => scenario?.stop());

// Each goes on where the one before it ended.
describe("routes of every kind, of tenants who share a Gateway", () => {
  it("serve their backends once their developer has applied them, for one status write each", async () => {
    await untilStatusesRest(bed);
    const statuses = recordStatuses(bed, ["grpcroutes", "tlsroutes", "tcproutes", "udproutes", "backendtlspolicies"]);
    const objects = shopRoutes();
    await applyAs(bed, "app-developer-of-shop", objects);
    await untilAllAnswer();
    await untilStatusesRest(bed);
    statuses.stop();
    const seen = statuses.writes.map(({ object }) => object).filter((object) => object.includes("shop/"));
    expect(seen.toSorted()).toEqual([
      "backendtlspolicies shop/secure",
      "grpcroutes shop/calls",
      "httproutes shop/secure",
      "tcproutes shop/lines",
      "tlsroutes shop/lines",
      "udproutes shop/datagrams",
    ]);
  });

  it.each([
    ["TCPRoute", "tcp"],
    ["UDPRoute", "udp"],
  ])("leave a port to the namespace that had it first: a %s of another is refused at apply", async (kind, listener) => {
    const late = route("rival", kind, "late", listener, { backendRefs: [{ name: "lines", port: 80 }] });
    await waitFor("the API server to ask", async () => {
      const said = await kubectlAs(bed, "app-developer-of-rival", ["apply", "--dry-run=server", "-f", "-"], late).catch(
        String,
      );
      return said.includes("denied the request");
    });
    await expect(applyAs(bed, "app-developer-of-rival", [late])).rejects.toThrow(
      "port of the listener is already claimed",
    );
    await untilAllAnswer();
  });

  it.each([
    {
      what: "a UDPRoute to a Service of somebody who has not granted it",
      object: route("rival", "UDPRoute", "thief", "udp-free", {
        backendRefs: [{ name: "datagrams", namespace: "shop", port: 80 }],
      }),
      want: { type: "ResolvedRefs", status: "False", reason: "RefNotPermitted" },
    },
    {
      what: "a TLSRoute for a name that the listener is not for",
      object: route("rival", "TLSRoute", "elsewhere", "tls", { backendRefs: [{ name: "lines", port: 443 }] }, [
        "secure.example.org",
      ]),
      want: { type: "Accepted", status: "False", reason: "NoMatchingListenerHostname" },
    },
    {
      what: "a GRPCRoute at a listener for TCP",
      object: route("rival", "GRPCRoute", "astray", "tcp-free", { backendRefs: [{ name: "calls", port: 80 }] }),
      want: { type: "Accepted", status: "False", reason: "NotAllowedByListeners" },
    },
    {
      what: "a TCPRoute to a Service that is not there",
      object: route("rival", "TCPRoute", "nowhere", "tcp-free", { backendRefs: [{ name: "nothing", port: 80 }] }),
      want: { type: "ResolvedRefs", status: "False", reason: "BackendNotFound" },
    },
  ])("tell why $what is not served, and go on serving", async ({ object, want }) => {
    await applyAs(bed, "app-developer-of-rival", [object]);
    const name = `${object.kind} rival/${object.metadata.name}`;
    const seen = await waitFor(`the status of ${name}`, async () => {
      const read = await readObject(bed, name);
      return conditionOf(read, want.type, shared) ?? Promise.reject(new Error(JSON.stringify(read.status)));
    });
    expect(seen).toMatchObject(want);
    expect(seen.message).not.toBe("");
    await untilAllAnswer();
  });

  it("tell why a policy without its authority is not in force, and show nothing to the backend in clear", async () => {
    await applyAs(bed, "app-developer-of-shop", [policy("gone")]);
    const seen = await waitFor("the policy to be refused", async () => {
      const found = await readObject(bed, "BackendTLSPolicy shop/secure");
      const accepted = conditionOf(found, "Accepted", shared);
      return accepted?.status === "False" && [accepted, conditionOf(found, "ResolvedRefs", shared)];
    });
    expect(seen).toMatchObject([{ reason: "NoValidCACertificate" }, { reason: "InvalidCACertificateRef" }]);
    await waitFor("the answer of a Gateway that cannot trust the backend", async () => {
      const [answer] = await askSecure();
      return answer?.kind === "answered" && answer.status >= 500;
    });
    await applyAs(bed, "app-developer-of-shop", [policy("authority")]);
    await untilAllAnswer();
  });
});

/** What the tenant applies, each object once. */
function shopRoutes(): readonly RawObject[] {
  return [
    route("shop", "TCPRoute", "lines", "tcp", { backendRefs: [{ name: "lines", port: 80 }] }),
    route("shop", "UDPRoute", "datagrams", "udp", { backendRefs: [{ name: "datagrams", port: 80 }] }),
    route("shop", "TLSRoute", "lines", "tls", { backendRefs: [{ name: "lines", port: 443 }] }, ["secure.example.com"]),
    route("shop", "GRPCRoute", "calls", "http", { backendRefs: [{ name: "calls", port: 80 }] }, ["calls.example.com"]),
    route("shop", "HTTPRoute", "secure", "http", { backendRefs: [{ name: "secure", port: 443 }] }, ["web.example.com"]),
    policy("authority"),
  ];
}

const layer4: Readonly<Record<string, Pick<Layer4Request, "protocol" | "port" | "host">>> = {
  lines: { protocol: "tcp", port: 9000 },
  datagrams: { protocol: "udp", port: 9000 },
  calls: { protocol: "grpc", port: 80, host: "calls.example.com" },
};

/** Waits until each route leads to its backend, also the one whose TLS goes through the Gateway to the backend. */
async function untilAllAnswer(): Promise<void> {
  const passed = { protocol: "tls", port: 8443, host: "secure.example.com", authorities: [authority] } as const;
  const questions = [...Object.values(layer4), passed].map((question) => ({ ...question, address }));
  await waitFor(
    "every route to answer",
    async () => {
      const [answers, [secure]] = [await askLayer4(bed, questions), await askSecure()];
      const pods = answers.map((answer) => (answer.kind === "answered" ? answer.pod.split("-")[0] : answer.message));
      const seen = [...pods, secure && backendOf(secure)];
      if (String(seen) === String([...Object.keys(layer4), "lines", "shop/secure"])) return true;
      throw new Error(`${seen} ${JSON.stringify(secure)}`);
    },
    60,
  );
}

function askSecure(): ReturnType<typeof ask> {
  return ask(bed, [{ scheme: "http", address, port: 80, host: "web.example.com", path: "/" }]);
}

interface RouteRule {
  readonly backendRefs: readonly object[];
}

function route(
  namespace: string,
  kind: string,
  name: string,
  sectionName: string,
  rule: RouteRule,
  hostnames?: readonly string[],
): RawObject {
  const parentRefs = [{ name: "shared", namespace: "infra", sectionName }];
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind,
    metadata: { namespace, name },
    spec: { parentRefs, ...(hostnames && { hostnames }), rules: [rule] },
  } as RawObject;
}

function policy(configMapName: string): RawObject {
  const caCertificateRefs = [{ group: "", kind: "ConfigMap", name: configMapName }];
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "BackendTLSPolicy",
    metadata: { namespace: "shop", name: "secure" },
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: "secure", sectionName: "tls" }],
      validation: { caCertificateRefs, hostname: "secure.example.com" },
    },
  } as RawObject;
}

function secret(namespace: string, name: string, stringData: Readonly<Record<string, string>>): RawObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { namespace, name },
    stringData,
  } as RawObject;
}

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): RawObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data } as RawObject;
}
