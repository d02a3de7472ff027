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
          chains: [{ table: "http-80" }],
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
    expect(listeners.get("infra/shared-gateway|https-443")?.chains.map(({ table }) => table)).toEqual([
      "https-443-*.example.com",
    ]);
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
