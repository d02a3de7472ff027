import { beforeAll, describe, expect, it } from "vitest";
import type { BackendTlsPolicy } from "../../src/core/gateway-api.ts";
import type { ConfigMap } from "../../src/core/kubernetes.ts";
import { createCertificateAuthority } from "../support/certificates.ts";
import { gateway, gatewayClass, listener, metadata } from "../support/gateway-objects.ts";
import { routeTo, teamEdits } from "./team-objects.ts";
import { createWorld, type Edit, holdClaims, type World } from "./world.ts";

const routes = 300;
let bundles: readonly string[] = [];

beforeAll(async () => {
  bundles = [await createCertificateAuthority(), await createCertificateAuthority()].map((each) => each.certificatePem);
});

function policy(hostname = "backend.internal", name = "policy"): Edit {
  const value: BackendTlsPolicy = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "BackendTLSPolicy",
    metadata: metadata(name, { namespace: "team" }),
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: "backend" }],
      validation: { hostname, caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "authority" }] },
    },
  };
  return { of: "BackendTLSPolicy", key: `team/${name}`, value };
}

function configMap(bundle: number): Edit {
  const data = { "ca.crt": bundles[bundle] ?? "" };
  const value: ConfigMap = {
    ...{ apiVersion: "v1", kind: "ConfigMap", data },
    metadata: metadata("authority", { namespace: "team" }),
  };
  return { of: "ConfigMap", key: "team/authority", value };
}

/** All routes lead to the one Service of `team`, which has a policy. */
function start(): World {
  const world = createWorld();
  const names = Array.from({ length: routes }, (_, index) => `r${index}`);
  world.apply([
    { of: "GatewayClass", key: "shared", value: gatewayClass() },
    {
      of: "Gateway",
      key: "infra/shared-gateway",
      value: gateway([listener("http", { allowedRoutes: { namespaces: { from: "All" } } })]),
    },
    ...teamEdits("team"),
    ...names.map(
      (name): Edit => ({
        of: "HTTPRoute",
        key: `team/${name}`,
        value: routeTo("team", name, [`${name}.example.com`], "/"),
      }),
    ),
    configMap(0),
    policy(),
  ]);
  world.graph.flush();
  holdClaims(world);
  return world;
}

function runsOf(world: World, edit: Edit): Readonly<Record<string, number>> {
  const before = new Map(world.graph.runs);
  world.apply([edit]);
  world.graph.flush();
  const runs = [...world.graph.runs].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(runs.filter(([, count]) => count > 0));
}

describe(`what runs beside ${routes} routes to one Service`, () => {
  it("is its cluster for another policy, and no route", () => {
    const changed = {
      backendTlsWeights: 1,
      backendTlsPolicies: 1,
      backendTls: 1,
      policedPorts: 1,
      backendTlsStatuses: 1,
    };
    const printed = { clusterNodes: 1, clusters: 1, clusterReaches: 1, endpoints: 1, upstreamSecrets: 1 };
    expect(runsOf(start(), policy("other.internal"))).toEqual({ ...changed, ...printed, backendTlsWinners: 1 });
  });

  it("is one secret for authorities that are replaced", () => {
    expect(runsOf(start(), configMap(1))).toEqual({ caBundles: 1, caBundleStates: 1, secrets: 1 });
  });

  it("is no policy's status for a route more to what others lead to", () => {
    const value = routeTo("team", "more", ["more.example.com"], "/");
    const runs = runsOf(start(), { of: "HTTPRoute", key: "team/more", value });
    expect(runs).not.toHaveProperty("backendTlsStatuses");
    expect(runs).not.toHaveProperty("clusters");
  });

  it("is its own status, and the winner's to be told again, for a policy that loses", () => {
    const runs = runsOf(start(), policy("other.internal", "younger"));
    const weighed = { backendTlsWeights: 1, budgetScopes: 1 };
    const decided = { backendTlsPolicies: 1, backendTls: 1, backendTlsWinners: 1, backendTlsStatuses: 1 };
    expect(runs).toEqual({ ...weighed, ...decided });
  });
});
