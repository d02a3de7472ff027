import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fleetName, fleetSecretName } from "../../../src/core/fleet-names.ts";
import type { RawObject } from "../../../src/core/kube-client.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../../../src/identity/authority.ts";
import { caKeys } from "../../../src/identity/ca-plan.ts";
import { authoritySecretName } from "../../../src/identity/identity-secrets.ts";
import { readSecretData, type SecretData } from "../../../src/identity/secret-data.ts";
import { createCertificateAuthority, issueCertificate as issueServerCertificate } from "../../support/certificates.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatewayOf } from "../scenarios/gateway-objects.ts";
import { gatehouse, installGatehouse } from "../suite/install-gatehouse.ts";
import type { XdsOutcome, XdsQuestion } from "./client/xds-question.ts";
import { controlPlanePods, proxyPods, streamedAmong, untilStreamed } from "./control-plane-pods.ts";
import { applyAll, createShop, type FaultBed, fleetsOf, kubectl, startFaultBed, untilServed } from "./fault-bed.ts";
import { startLoad } from "./running-load.ts";

const { namespace, release } = gatehouse;
const hour = 3_600_000;
let faults: FaultBed;
let bed: Bed;
let address: string;
/** One replica, and its real port. */
let replica: string;
let port: string;
let own: SecretData;
let uid: string;

beforeAll(async () => {
  faults = await startFaultBed();
  bed = faults.bed;
  await installGatehouse(bed, fleetsOf(1));
  for (const shop of ["shop", "rival"]) {
    await createShop(bed, shop, ["web"]);
    await applyAll(bed, [await certificateFor(shop), secureGateway(shop)]);
  }
  address = await untilServed(bed, "shop/web");
  await untilServed(bed, "rival/web");
  const [pod] = await controlPlanePods(bed);
  replica = pod?.metadata.name ?? "";
  port = `${pod?.status?.podIP}:18000`;
  own = await fleetSecret("shop");
  uid = await uidOf("shop");
});

afterAll(() => faults?.stop());

/** The connection ends before anything is read; gRPC's words for that differ from time to time. */
const turnedAway = { end: { code: "UNAVAILABLE", details: expect.stringContaining("No connection established") } };

describe("the port for proxies refuses", () => {
  it("who shows no certificate", async () => {
    expect(await ask({})).toEqual(turnedAway);
  });

  it("a certificate of an authority that is not ours, whatever it says, and the log tells of it", async () => {
    const authority = await createAuthority(Date.now(), hour);
    expect(await ask({ certificate: await issueFor(authority, Date.now()) })).toEqual(turnedAway);
    expect(await refusalsInLog()).toContainEqual({ reason: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", names: nameOfFleet() });
  });

  it("an expired certificate of our authority, and the log tells of it", async () => {
    const expired = await issueFor(await ourAuthority(), Date.now() - 3 * hour);
    expect(await ask({ certificate: expired })).toEqual(turnedAway);
    expect(await refusalsInLog()).toContainEqual({ reason: "CERT_HAS_EXPIRED", names: nameOfFleet() });
  });

  it("a certificate of our authority that is not the one in the Secret", async () => {
    const outcome = await ask({ certificate: await issueFor(await ourAuthority(), Date.now()) });
    expect(outcome).toEqual({
      end: { code: "PERMISSION_DENIED", details: "the client certificate is not, or no longer, valid" },
    });
  });

  it("a proxy that claims to be another Gateway's", async () => {
    const outcome = await ask({ ...shown(), node: { id: "web", cluster: "rival/web" } });
    expect(outcome).toEqual({ end: { code: "PERMISSION_DENIED", details: expect.stringContaining("node.cluster") } });
  });
});

describe("what a proxy gets", () => {
  it("goes by its certificate, not by the node id that it claims", async () => {
    const [pod] = await proxyPods(bed, "rival", "web");
    const node = { id: pod?.metadata.name ?? "", cluster: "shop/web" };
    const own = await ask({ ...shown(), node, type: "secret", names: [await secretNameOf("shop")] });
    expect(own.resources).toEqual([await secretNameOf("shop")]);
  });

  it("holds no secret of another Gateway, however it is asked for", async () => {
    const [mine, theirs] = [await secretNameOf("shop"), await secretNameOf("rival")];
    expect(theirs).not.toBe(mine);
    const outcome = await ask({ ...shown(), type: "secret", names: [theirs, mine] });
    expect(outcome.resources).toEqual([mine]);
    expect((await ask({ ...shown(), type: "secret", names: ["*"], seconds: 5 })).resources ?? []).not.toContain(theirs);
  });
});

it("gives proxies new certificates when their Secret is deleted, and no request fails meanwhile", async () => {
  await untilStreamed(bed, "shop/web");
  const load = await startLoad(faults, address);
  const deleted = Date.now();
  await kubectl(bed, "delete", "secret", "--namespace=shop", fleetSecretName);
  const renewed = await waitFor("new certificates", async () => {
    const data = await fleetSecret("shop");
    const file = `${fleetName("web")}.crt`;
    return data.get(file) !== undefined && data.get(file) !== own.get(file) && data;
  });
  const refused = await waitFor("the old certificate to be refused", async () => {
    const outcome = await ask(shown());
    return outcome.end?.code === "PERMISSION_DENIED" && outcome;
  });
  expect(refused.resources).toBeUndefined();
  own = renewed;
  // The proxies read their files when the kubelet has brought them.
  await streamedAmong(bed, await controlPlanePods(bed), { gateway: "shop/web", since: deleted });
  await applyAll(bed, [secureGateway("shop", 8080)]);
  await untilServed(bed, "shop/web", { port: 8080 });
  const { failures } = await load.stop();
  expect(failures).toEqual([]);
});

it("ends a stream within 60 s when its Gateway is deleted", async () => {
  let answered = (): void => undefined;
  const isAnswered = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const ending = ask({ ...shown(), type: "listener", holds: true, seconds: 90 }, answered);
  await Promise.race([isAnswered, ending]);
  const deleted = performance.now();
  await kubectl(bed, "delete", "gateway", "--namespace=shop", "web");
  const outcome = await ending;
  expect(outcome).toMatchObject({ end: { code: "PERMISSION_DENIED" }, resources: expect.any(Array) });
  expect((performance.now() - deleted) / 1000).toBeLessThan(60);
  expect((await ask(shown())).end?.code).toBe("PERMISSION_DENIED");
});

/** Asks with what a proxy of shop/web would say, except for what is given. */
async function ask(question: Partial<XdsQuestion>, onAnswer?: () => void): Promise<XdsOutcome> {
  const { authorityPem = own.get("ca.crt") ?? "" } = question;
  const input: XdsQuestion = {
    address: port,
    serverName: `${release}-xds.${namespace}.svc`,
    node: { id: "test", cluster: "shop/web" },
    type: "cluster",
    names: [],
    seconds: 20,
    holds: false,
    ...question,
    authorityPem,
  };
  const { code, stdout, stderr } = await bed.run([process.execPath, client], {
    input: JSON.stringify(input),
    timeoutSeconds: 100,
    onOutput: (text) => {
      if (text.startsWith("answered")) onAnswer?.();
    },
  });
  if (code !== 0) throw new Error(stderr);
  // Written by our own client.
  return JSON.parse(stdout) as XdsOutcome;
}

const client = fileURLToPath(new URL("client/ask-xds.ts", import.meta.url));

/** The certificate of the proxies of shop/web. */
function shown(): Pick<XdsQuestion, "certificate"> {
  const file = fleetName("web");
  return { certificate: { cert: own.get(`${file}.crt`) ?? "", key: own.get(`${file}.key`) ?? "" } };
}

/** What a certificate of the proxies of shop/web says it stands for. */
function nameOfFleet(): string {
  return `URI:spiffe://cluster.local/fleet/shop/web/${uid}`;
}

/** The clients that the log of the replica says it has turned away. */
async function refusalsInLog(): Promise<readonly unknown[]> {
  const logs = await kubectl(bed, "logs", `--namespace=${namespace}`, replica);
  const lines = logs.split("\n").filter((line) => line.includes("has not proven who it is"));
  return lines.map((line) => {
    // One line of our own log.
    const { reason, names } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return { reason, names };
  });
}

/** A certificate that names shop/web and its uid, as a genuine one does, good for an hour. */
function issueFor(authority: KeyPair, now: number): Promise<KeyPair> {
  const uri = `spiffe://cluster.local/fleet/shop/web/${uid}`;
  return issueCertificate(authority, { usages: ["client"], dnsNames: [], uri, now, lifeMs: hour });
}

async function ourAuthority(): Promise<KeyPair> {
  const data = readSecretData(
    await bed.api.get<RawObject>(`/api/v1/namespaces/${namespace}/secrets/${authoritySecretName}`),
  );
  return { cert: data.get(caKeys.currentCert) ?? "", key: data.get(caKeys.currentKey) ?? "" };
}

async function fleetSecret(shop: string): Promise<SecretData> {
  return readSecretData(await bed.api.get<RawObject>(`/api/v1/namespaces/${shop}/secrets/${fleetSecretName}`));
}

async function uidOf(shop: string): Promise<string> {
  const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${shop}/gateways/web`;
  return (await bed.api.get<RawObject>(path)).metadata.uid ?? "";
}

/** The name under which the certificate of a shop's listener is served. */
async function secretNameOf(shop: string): Promise<string> {
  const [pod] = await controlPlanePods(bed);
  const url = `http://127.0.0.1:8082/debug/xds?gateway=${shop}/web&type=secret`;
  const script = `fetch("${url}").then(async (answer) => console.log(await answer.text()))`;
  const place = `--namespace=${namespace}`;
  const printed = await kubectl(bed, "exec", place, pod?.metadata.name ?? "", "--", "node", "-e", script);
  // Our own debug page.
  const { resources } = JSON.parse(printed) as { resources: readonly { name: string }[] };
  const name = resources[0]?.name;
  if (name === undefined) throw new Error(`${shop}/web has no secret: ${printed}`);
  return name;
}

/** A certificate for a shop's HTTPS listener. */
async function certificateFor(shop: string): Promise<object> {
  const { certificatePem, keyPem } = await issueServerCertificate(await createCertificateAuthority(), {
    names: [`${shop}.example.com`],
  });
  const metadata = { namespace: shop, name: "certificate" };
  const stringData = { "tls.crt": certificatePem, "tls.key": keyPem };
  return { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", stringData };
}

function secureGateway(shop: string, more?: number): object {
  const tls = { certificateRefs: [{ name: "certificate" }] };
  const listeners = [
    { name: "http", protocol: "HTTP", port: 80 },
    { name: "https", protocol: "HTTPS", port: 443, tls },
    ...(more === undefined ? [] : [{ name: "more", protocol: "HTTP", port: more }]),
  ];
  return gatewayOf(shop, "web", gatehouse.gatewayClass, { listeners });
}
