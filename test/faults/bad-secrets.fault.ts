import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import type { Secret } from "../../src/core/kubernetes.ts";
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { type Http1Connection, openHttp1, send, type Target } from "../support/client.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { tlsSecret } from "../support/gateway-objects.ts";
import { startTestServer, type TestServer } from "../xds/test-server.ts";
import { badSecrets } from "./support/bad-secrets.ts";
import { docTable } from "./support/doc-table.ts";
import { everyProxyHolds } from "./support/served-fleet.ts";

const fleet = namespacedName("infra", "edge");
const bad = { namespace: "infra", name: "bad", hostname: "bad.test" };
const goodHosts = Array.from({ length: 50 }, (_, index) => `good-${index}.test`);
const documented = docTable("security.md", "Secrets");

/** A fleet of one real proxy with 50 good listeners, and listeners whose Secrets a test sets. */
interface Fleet {
  readonly server: TestServer;
  readonly envoy: RunningEnvoy;
  /** Sets Secrets and waits until the proxy has what follows. */
  set(...secrets: readonly Secret[]): Promise<void>;
  /** What is wrong with the certificates of a listener: undefined where nothing is. */
  problem(listener: string): string | undefined;
  ask(host: string): Promise<number | "refused">;
  target(host: string): Target;
  stop(): Promise<void>;
}

let authority: CertificateAuthority;
let corpora: ReadonlyMap<string, Secret>;
let goodSecret: Secret;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  corpora = await badSecrets(authority, bad);
  goodSecret = tlsSecret(bad.namespace, bad.name, await issueCertificate(authority, { names: [bad.hostname] }));
});

it("fault 11: every kind of Secret has a row in the documentation", () => {
  expect(documented.map(([name]) => name)).toEqual([...corpora.keys()]);
});

describe("fault 11: a bad Secret among 50 good listeners", () => {
  let running: Fleet;
  let kept: Http1Connection;

  beforeAll(async () => {
    running = await startFleet(["bad.test"], [goodSecret]);
    kept = await openHttp1(running.target("good-0.test"));
  });

  afterAll(async () => {
    kept.close();
    await running.stop();
  });

  it.each(documented)("takes the place of a good one: %s", async (name = "", outcome = "") => {
    await running.set(goodSecret);
    expect(await running.ask("bad.test")).toBe(302);
    await running.set(corpora.get(name) ?? goodSecret);
    expect(await Promise.all(goodHosts.map((host) => running.ask(host)))).toEqual(goodHosts.map(() => 302));
    expect(running.problem("bad.test")).toBe(outcome === "served" ? undefined : `Secret infra/bad ${outcome}`);
    expect(await running.ask("bad.test")).toBe(outcome === "served" ? 302 : "refused");
    expect(running.server.nacks).toEqual([]);
    // The connections of other listeners are those that they were.
    expect((await kept.send({ host: "good-0.test" })).status).toBe(302);
  });

  it("refuses no push, and is served again with a good one", async () => {
    await running.set(goodSecret);
    expect(await running.ask("bad.test")).toBe(302);
    const refused = [...(await running.envoy.stats("update_rejected"))].filter(([, count]) => count > 0);
    expect(refused).toEqual([]);
    expect(running.server.nacks).toEqual([]);
    console.log(
      `fault 11: ${corpora.size} Secrets among ${goodHosts.length} good listeners, 0 refused of ${running.server.sent()} responses`,
    );
  });
});

it("fault 11: a proxy that starts with bad Secrets serves 50 good listeners", async () => {
  const names = documented.filter(([, outcome]) => outcome !== "served").map(([name = ""]) => name);
  for (let first = 0; first < names.length; first += 14) {
    const some = names.slice(first, first + 14);
    const hosts = some.map((_, index) => `bad-${index}.test`);
    const secrets = some.map((name, index) => renamed(corpora.get(name) ?? goodSecret, `bad-${index}`));
    const started = await startFleet(hosts, secrets);
    try {
      expect(await Promise.all(goodHosts.map((host) => started.ask(host)))).toEqual(goodHosts.map(() => 302));
      for (const host of hosts) expect(started.problem(host), host).toEqual(expect.any(String));
      expect(started.server.nacks).toEqual([]);
    } finally {
      await started.stop();
    }
  }
}, 60_000);

function renamed(secret: Secret, name: string): Secret {
  return { ...secret, metadata: { ...secret.metadata, name } };
}

async function startFleet(hosts: readonly string[], secrets: readonly Secret[]): Promise<Fleet> {
  const address = await freeLoopbackAddress();
  const placement = { kind: "standalone", bindAddresses: [address] } as const;
  const translator = new Translator({ controllerName, placement });
  const text = [...manifests(hosts), ...(await goodSecrets())].map((object) => JSON.stringify(object)).join("\n---\n");
  for (const { kind, name, object } of readManifests([{ path: "fleet.yaml", text }]).objects) {
    translator.set(kind, name, object);
  }
  const table = new ResourceTable();
  table.addFleet(fleet);
  const server = await startTestServer({ table });
  const problems = new Map<string, string | undefined>();
  const publish = (changed: readonly Secret[]) => {
    for (const secret of changed) translator.set("Secret", nameOfSecret(secret), secret);
    const { resources, statuses } = translator.flush();
    table.update(fleet, resources.get(fleet) ?? []);
    for (const status of statuses.values()) {
      if (status?.kind !== "Gateway") continue;
      for (const { name, conditions } of status.listeners) {
        const resolved = conditions.find(({ type }) => type === "ResolvedRefs");
        problems.set(name, resolved?.status === "False" ? resolved.message : undefined);
      }
    }
  };
  publish(secrets);
  table.markReady();
  const xds = { address: "127.0.0.1", port: server.port };
  const bootstrap = proxyBootstrap({ gateway: fleet, nodeId: "proxy", xds, adminAddress: "127.0.0.1", adminPort: 0 });
  const envoy = await startEnvoy({ bootstrap });
  const settle = () =>
    eventually("the proxy holds everything", () => everyProxyHolds(server, { table, fleet, proxies: 1 }), 30);
  await settle();
  const port = Number(/^https-443::.*:([0-9]+)$/m.exec(await envoy.get("/listeners"))?.[1]);
  const target = (serverName: string) => ({
    address,
    port,
    tls: { serverName, authority: authority.certificatePem },
  });
  return {
    server,
    envoy,
    target,
    set: async (...changed) => {
      publish(changed);
      await settle();
    },
    problem: (listener) => problems.get(listener.replace(".test", "")),
    ask: async (host) => (goodHosts.includes(host) ? askTrusting(target(host), host) : askAnybody(target(host), host)),
    stop: async () => {
      await envoy.stop();
      await server.stop();
    },
  };
}

const controllerName = "gatehouse.dev/gateway-controller";
const api = "gateway.networking.k8s.io/v1";

/** A redirect for every host, so that no backend is needed. */
function manifests(hosts: readonly string[]): readonly object[] {
  const listeners = [...goodHosts, ...hosts].map((hostname) => {
    const name = hostname.replace(".test", "");
    return { name, port: 443, protocol: "HTTPS", hostname, tls: { certificateRefs: [{ name }] } };
  });
  const redirect = { type: "RequestRedirect", requestRedirect: { hostname: "elsewhere.test" } };
  return [
    { apiVersion: api, kind: "GatewayClass", metadata: { name: "gatehouse" }, spec: { controllerName } },
    {
      apiVersion: api,
      kind: "Gateway",
      metadata: { name: "edge", namespace: "infra" },
      spec: { gatewayClassName: "gatehouse", listeners },
    },
    {
      apiVersion: api,
      kind: "HTTPRoute",
      metadata: { name: "everything", namespace: "infra" },
      spec: { parentRefs: [{ name: "edge" }], rules: [{ filters: [redirect] }] },
    },
  ];
}

function goodSecrets(): Promise<readonly Secret[]> {
  return Promise.all(
    goodHosts.map(async (host) => {
      return tlsSecret("infra", host.replace(".test", ""), await issueCertificate(authority, { names: [host] }));
    }),
  );
}

function nameOfSecret({ metadata: { name, namespace = "" } }: Secret): NamespacedName {
  return namespacedName(namespace, name);
}

/** As a client that checks the certificate. */
async function askTrusting(target: Target, host: string): Promise<number | "refused"> {
  return (await send(target, { host })).status;
}

/** As one that does not: what is served may be expired. */
function askAnybody({ address, port }: Target, host: string): Promise<number | "refused"> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ host: address, port, servername: host, rejectUnauthorized: false }, () => {
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    });
    socket.once("data", (chunk) => {
      resolve(Number(chunk.toString("latin1").split(" ")[1]));
      socket.destroy();
    });
    socket.once("error", () => resolve("refused"));
    socket.once("close", () => resolve("refused"));
  });
}
