import { afterEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { printCluster } from "../../src/translate/envoy/cluster.ts";
import { printEndpoints } from "../../src/translate/envoy/endpoint.ts";
import { printListener } from "../../src/translate/envoy/listener.ts";
import { clusterName } from "../../src/translate/envoy/names.ts";
import { printSecret } from "../../src/translate/envoy/secret.ts";
import { startBackend } from "../support/backend.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { header, send } from "../support/client.ts";
import { eventually, freeLoopbackAddress } from "../support/envoy.ts";
import { aHost, aListener, httpPort, httpTable, routeTable } from "./one-listener.ts";
import { gateway, printClusters, printTable, startProxy, type TestProxy } from "./proxy.ts";
import { to } from "./route-cases.ts";

let stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  stops = [];
});

async function started(): Promise<TestProxy> {
  const proxy = await startProxy();
  stops.push(proxy.stop);
  return proxy;
}

async function backend(name: string) {
  const running = await startBackend({ name });
  stops.push(running.stop);
  return running;
}

describe("clusters and endpoints on a real Envoy", () => {
  it("follow endpoints as they come and go, without touching routes", async () => {
    const proxy = await started();
    const [a, b] = [await backend("a"), await backend("b")];
    const node = { service: namespacedName("apps", "web"), port: 80, protocol: "http1" } as const;
    const name = clusterName(node);
    const host = aHost("web.test", { backends: [to(name)] });
    const printed = [printCluster({ ...node, name }), printEndpoints(name, [])];
    await proxy.apply(...printed, ...printTable("plain", routeTable, [host]), aListener(proxy.address, "plain"));
    const routesSent = proxy.ads.sent("route");
    const ask = () => send({ address: proxy.address, port: httpPort }, { host: "web.test" });
    const answering = async (times: number) => {
      const answers = await Promise.all(Array.from({ length: times }, ask));
      return [...new Set(answers.map((answer) => header(answer, "x-backend") ?? String(answer.status)))].sort();
    };

    expect(await answering(3)).toEqual(["503"]);
    await proxy.apply(printEndpoints(name, [a]));
    expect(await answering(10)).toEqual(["a"]);
    await proxy.apply(printEndpoints(name, [b, a]));
    expect(await answering(40)).toEqual(["a", "b"]);
    await proxy.apply(printEndpoints(name, [b]));
    expect(await answering(10)).toEqual(["b"]);
    await proxy.apply(printEndpoints(name, []));
    expect(await answering(3)).toEqual(["503"]);
    expect(proxy.ads.sent("route")).toBe(routesSent);
  });

  it("print the same whatever the order of the endpoints", () => {
    const endpoints = [
      { address: "10.0.0.2", port: 80 },
      { address: "10.0.0.1", port: 81 },
      { address: "10.0.0.1", port: 80 },
    ];
    expect(printEndpoints("c", endpoints)).toEqual(printEndpoints("c", [...endpoints].reverse()));
  });
});

describe("TLS on a real Envoy", () => {
  const secrets = [namespacedName("infra", "one"), namespacedName("infra", "two")];
  const listenerOf = (proxy: TestProxy, addresses: readonly string[] = [proxy.address]) =>
    printListener(
      {
        gateway,
        name: "https-8443",
        port: 443,
        addresses,
        bindPort: 8443,
        chains: [{ kind: "http", table: httpTable, tls: { hostname: "", secrets } }],
      },
      () => "plain",
    );

  it("offers the certificate that a client can use, and takes a new one as one secret", async () => {
    const proxy = await started();
    const a = await backend("a");
    const [ca, other] = [await createCertificateAuthority(), await createCertificateAuthority()];
    const issued = {
      rsa: await issueCertificate(ca, { names: ["tls.test"], keyKind: "rsa" }),
      ec: await issueCertificate(ca, { names: ["tls.test"], keyKind: "ec" }),
      renewed: await issueCertificate(other, { names: ["tls.test"], keyKind: "ec" }),
    };
    const secret = (index: 0 | 1, which: keyof typeof issued) => {
      const { certificatePem: chainPem, keyPem } = issued[which];
      return printSecret(secrets[index] ?? "", { kind: "valid", chainPem, keyPem });
    };
    const host = aHost("tls.test", { backends: [to("a")] });
    const table = printTable("plain", routeTable, [host]);
    await proxy.apply(...printClusters({ a }), secret(0, "rsa"), secret(1, "ec"), ...table, listenerOf(proxy));
    const ask = (authority: string) =>
      send({ address: proxy.address, port: 8443, tls: { serverName: "tls.test", authority } }, { host: "tls.test" });
    expect((await ask(ca.certificatePem)).status).toBe(200);
    await expect(ask(other.certificatePem)).rejects.toThrow();

    const listenersSent = proxy.ads.sent("listener");
    await proxy.apply(secret(1, "renewed"));
    await eventually("the new certificate is offered", async () => (await ask(other.certificatePem)).status === 200);
    expect(proxy.ads.sent("listener")).toBe(listenersSent);
  });

  it("binds every address of a listener", async () => {
    const proxy = await started();
    const second = await freeLoopbackAddress();
    const chains = [{ kind: "http", table: httpTable } as const];
    const addresses = [proxy.address, second];
    const node = { gateway, name: httpTable, port: httpPort, addresses, bindPort: httpPort, chains };
    const table = printTable("plain", routeTable, []);
    await proxy.apply(
      ...table,
      printListener(node, () => "plain"),
    );
    for (const address of addresses) expect((await send({ address, port: httpPort }, { host: "x" })).status).toBe(404);
  });
});

it("keeps no statistics for each route table", async () => {
  const proxy = await started();
  const hosts = ["a.test", "b.test"].map((hostname) => aHost(hostname, { backends: [] }));
  await proxy.apply(...printTable("scoped", routeTable, hosts), aListener(proxy.address, "scoped"));
  expect([...(await proxy.envoy.stats("\\.(rds|scoped_rds)\\.")).keys()]).toEqual([]);
  expect((await proxy.envoy.stats("^http\\.http-8080\\.downstream_rq_total$")).size).toBe(1);
});
