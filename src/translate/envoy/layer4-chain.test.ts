import { describe, expect, it } from "vitest";
import { namespacedName } from "../../core/keys.ts";
import type { EnvoyListener, Layer4Chain } from "../nodes.ts";
import type { PortRoutes } from "../route-nodes.ts";
import { edgeSettings } from "./edge-defaults.ts";
import { printListener } from "./listener.ts";

const gateway = namespacedName("infra", "shared");
const secrets = [namespacedName("infra", "cert")];

const passing: Layer4Chain = {
  kind: "layer4",
  listener: "infra/shared/tls",
  protocol: "TLS",
  hostname: "*.example.com",
};
const ending: Layer4Chain = { ...passing, tls: { hostname: "*.example.com", secrets } };

function node(chain: Layer4Chain, more: Partial<EnvoyListener> = {}): EnvoyListener {
  const base = { gateway, name: "tls-443", port: 443, addresses: ["127.0.0.1"], bindPort: 10443 };
  return { ...base, chains: [chain], ...more };
}

/** As they are at a moment: what is kept of earlier prints is kept by object. */
function routes(): readonly PortRoutes[] {
  return ["a", "b"].map((name) => ({
    route: `TLSRoute/team/${name}` as PortRoutes["route"], // a test's own key
    namespace: "team",
    createdAt: "2026-01-01T00:00:00Z",
    gateway,
    envoyListener: "tls-443",
    places: [{ listener: passing.listener, hosts: [host(`${name}.example.com`), host(`${name}${name}.example.com`)] }],
    rule: { backends: [{ kind: "cluster", cluster: `team/${name}/443`, weight: 1 }] },
    clusters: [`team/${name}/443`],
  }));
}

function host(hostname: string) {
  return { hostname, written: hostname };
}

function print(portRoutes: readonly PortRoutes[], listener: EnvoyListener, settings = edgeSettings): string {
  return Buffer.from(printListener(listener, () => "plain", { portRoutes, settings }).bytes).toString("hex");
}

describe("a listener whose connections are forwarded, printed again with the same routes", () => {
  const before = node(passing);

  it.each<{ readonly name: string; readonly after: EnvoyListener; readonly settings?: typeof edgeSettings }>([
    { name: "nothing else", after: before },
    { name: "another timeout", after: before, settings: { ...edgeSettings, idleConnectionTimeoutMs: 1_000 } },
    { name: "another limit", after: before, settings: { ...edgeSettings, listenerConnections: 7 } },
    { name: "another access log", after: node(passing, { accessLog: { format: "JSON", fields: { zone: "one" } } }) },
    { name: "another name and port", after: node(passing, { name: "tls-444", port: 444 }) },
    { name: "TLS that ends there", after: node(ending) },
    {
      name: "TLS that ends there, by another certificate",
      after: node({
        ...ending,
        tls: { hostname: "*.example.com", secrets: [namespacedName("infra", "other")] },
      }),
    },
    { name: "TLS parameters", after: node(ending, { tlsParameters: { minimumVersion: "1.3", cipherSuites: [] } }) },
  ])("is what it would be if it were printed for the first time: $name", ({ after, settings = edgeSettings }) => {
    const kept = routes();
    print(kept, before);
    print(kept, node(ending));
    expect(print(kept, after, settings)).toBe(print(routes(), after, settings));
    expect(print(kept, before)).toBe(print(routes(), before));
  });

  it("has the chain of each name of a route, and of the listener's own", () => {
    const text = Buffer.from(printListener(before, () => "plain", { portRoutes: routes() }).bytes).toString("latin1");
    const names = ["a.example.com", "aa.example.com", "b.example.com", "bb.example.com", "*.example.com"];
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });
});
