import { beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../../test/support/certificates.ts";
import { gateway, gatewayClass, httpsListener, listener, tlsSecret } from "../../test/support/gateway-objects.ts";
import { createGatewayWorld } from "../../test/support/gateway-world.ts";
import type { Gateway } from "../core/gateway-api.ts";
import { defaultLimits } from "./limits.ts";

let certificate: IssuedCertificate;

beforeAll(async () => {
  certificate = await issueCertificate(await createCertificateAuthority(), { names: ["a.example.com"] });
});

function build(object: Gateway) {
  const world = createGatewayWorld({ kind: "standalone", bindAddresses: ["127.0.0.2", "127.0.0.1"] });
  world.apply(gatewayClass(), object, tlsSecret("infra", "cert", certificate));
  return { listeners: new Map(world.envoyListeners.entries()), tables: new Map(world.tables.entries()) };
}

describe("plain HTTP", () => {
  it("listeners of one port share one Envoy listener, one chain and one table", () => {
    const { listeners, tables } = build(
      gateway([listener("any"), listener("wild", { hostname: "*.example.com" }), listener("second", { port: 10080 })]),
    );
    expect([...listeners]).toEqual([
      [
        "infra/shared-gateway|http-80",
        {
          gateway: "infra/shared-gateway",
          name: "http-80",
          port: 80,
          addresses: ["127.0.0.1", "127.0.0.2"],
          bindPort: 10081,
          accessLog: { format: "JSON" },
          limits: defaultLimits,
          chains: [{ kind: "http", table: "http-80" }],
        },
      ],
      ["infra/shared-gateway|http-10080", expect.objectContaining({ port: 10080, bindPort: 10080 })],
    ]);
    expect([...tables]).toEqual([
      [
        "infra/shared-gateway|http-80",
        {
          gateway: "infra/shared-gateway",
          table: "http-80",
          port: 80,
          scheme: "http",
          hostnames: ["", "*.example.com"],
          misdirected: [],
        },
      ],
      ["infra/shared-gateway|http-10080", expect.objectContaining({ hostnames: [""] })],
    ]);
  });

  it("a Gateway that is refused opens nothing", () => {
    const { listeners, tables } = build(
      gateway([listener("http")], { addresses: [{ type: "Hostname", value: "a.b" }] }),
    );
    expect([listeners.size, tables.size]).toEqual([0, 0]);
  });
});

describe("HTTPS", () => {
  it("each listener has a chain and a table, and knows the hosts of the others", () => {
    const { listeners, tables } = build(
      gateway([
        httpsListener("any", "cert"),
        httpsListener("exact", "cert", { hostname: "a.example.com" }),
        httpsListener("wild", "cert", { hostname: "*.example.com" }),
      ]),
    );
    const tls = (hostname: string) => ({ hostname, secrets: ["infra/cert"] });
    expect(listeners.get("infra/shared-gateway|https-443")).toMatchObject({
      bindPort: 10443,
      chains: [
        { table: "https-443-a.example.com", tls: tls("a.example.com") },
        { table: "https-443-*.example.com", tls: tls("*.example.com") },
        { table: "https-443-*", tls: tls("") },
      ],
    });
    expect(
      [...tables.values()].map(({ table, scheme, hostnames, misdirected }) => ({
        table,
        scheme,
        hostnames,
        misdirected,
      })),
    ).toEqual([
      { table: "https-443-*", scheme: "https", hostnames: [""], misdirected: ["*.example.com", "a.example.com"] },
      {
        table: "https-443-a.example.com",
        scheme: "https",
        hostnames: ["a.example.com"],
        misdirected: ["", "*.example.com"],
      },
      {
        table: "https-443-*.example.com",
        scheme: "https",
        hostnames: ["*.example.com"],
        misdirected: ["", "a.example.com"],
      },
    ]);
  });

  it("one without a certificate has no chain, but its hosts are still not the others'", () => {
    const { listeners, tables } = build(
      gateway([
        httpsListener("exact", "missing", { hostname: "a.example.com" }),
        httpsListener("wild", "cert", { hostname: "*.example.com" }),
      ]),
    );
    expect(
      listeners.get("infra/shared-gateway|https-443")?.chains.map((chain) => chain.kind === "http" && chain.table),
    ).toEqual(["https-443-*.example.com"]);
    expect([...tables.values()].map(({ hostnames, misdirected }) => [hostnames, misdirected])).toEqual([
      [["*.example.com"], ["a.example.com"]],
    ]);
  });

  it("HTTP on the port of an HTTPS listener is left out", () => {
    const { listeners } = build(
      gateway([httpsListener("https", "cert"), listener("http", { port: 443, hostname: "a.example.com" })]),
    );
    expect([...listeners.keys()]).toEqual(["infra/shared-gateway|https-443"]);
  });
});

describe("what is forwarded", () => {
  const tls = (name: string, hostname: string, mode: "Passthrough" | "Terminate" = "Passthrough") => {
    const certificateRefs = [{ group: "", kind: "Secret", name: mode === "Terminate" ? "cert" : "none" }];
    return listener(name, { port: 443, protocol: "TLS", hostname, tls: { mode, certificateRefs } });
  };
  const key = (name: string) => `Gateway/infra/shared-gateway/${name}`;

  it("has a chain for each TLS listener beside those for requests, and no table", () => {
    const { listeners, tables } = build(
      gateway([
        tls("wide", "*.example.com"),
        tls("ended", "b.example.com", "Terminate"),
        httpsListener("https", "cert", { hostname: "a.example.com" }),
      ]),
    );
    expect(listeners.get("infra/shared-gateway|https-443")?.chains).toMatchObject([
      { kind: "http", table: "https-443-a.example.com" },
      { kind: "layer4", listener: key("ended"), protocol: "TLS", tls: { secrets: ["infra/cert"] } },
      { kind: "layer4", listener: key("wide"), protocol: "TLS", hostname: "*.example.com" },
    ]);
    expect(listeners.get("infra/shared-gateway|https-443")?.chains[2]?.tls).toBeUndefined();
    expect([...tables.values()].map(({ table, misdirected }) => [table, misdirected])).toEqual([
      ["https-443-a.example.com", ["*.example.com", "b.example.com"]],
    ]);
  });

  it("keeps the names closed that a listener holds without being served, where a wider one would pass them on", () => {
    const names = (...more: Parameters<typeof gateway>[0]) =>
      build(gateway([httpsListener("waiting", "missing", { hostname: "c.example.com" }), ...more]))
        .listeners.get("infra/shared-gateway|https-443")
        ?.chains.map((chain) =>
          chain.kind === "layer4" ? `${chain.listener} ${chain.tls === undefined}` : chain.table,
        );
    expect(names(tls("wide", "*.example.com"))).toEqual([`${key("waiting")} true`, `${key("wide")} true`]);
    expect(names(tls("other", "*.example.org"))).toEqual([`${key("other")} true`]);
    expect(names(httpsListener("https", "cert", { hostname: "*.example.com" }))).toEqual(["https-443-*.example.com"]);
  });

  it("has an Envoy listener for a TCP port and one for the UDP port of the same number", () => {
    const { listeners, tables } = build(
      gateway([
        listener("udp", { port: 53, protocol: "UDP" }),
        listener("tcp", { port: 53, protocol: "TCP", hostname: "a.example.com" }),
      ]),
    );
    expect([...listeners.values()].map(({ name, bindPort, chains }) => ({ name, bindPort, chains }))).toEqual([
      {
        name: "tcp-53",
        bindPort: 10_053,
        chains: [{ kind: "layer4", listener: key("tcp"), protocol: "TCP", hostname: "" }],
      },
      {
        name: "udp-53",
        bindPort: 10_053,
        chains: [{ kind: "layer4", listener: key("udp"), protocol: "UDP", hostname: "" }],
      },
    ]);
    expect(tables.size).toBe(0);
  });
});
