import type { Knowledge } from "../../src/app/tenant-questions.ts";
import type { ExplainedMatch, ObjectName, Rival } from "../../src/core/explanation.ts";
import type { WiderPlace } from "../../src/core/history.ts";
import type { NamespacedName, ObjectKey } from "../../src/core/keys.ts";

function route(namespace: string, name: string): ObjectName {
  return { kind: "HTTPRoute", namespace, name };
}

function match(namespace: string, name: string): ExplainedMatch {
  const path = { type: "PathPrefix", value: `/${name}-path` } as const;
  return {
    route: route(namespace, name),
    rule: 1,
    ruleName: `${name}-rule`,
    matchIndex: 0,
    match: { path },
    hostname: "shop.example.com",
  };
}

const rival: Rival = { ...match("bank", "vault"), criterion: "the longer path prefix" };
const edge = { kind: "Gateway", namespace: "edge", name: "public" };

/**
 * A world in which `shop/cart` and `bank/vault` are attached to the Gateway `edge/public`: what the endpoint is told of it,
 * in full.
 */
export const sampleKnowledge: Knowledge = {
  ready: () => true,
  explainRequest: (question) => ({
    question,
    gateways: [
      {
        gateway: edge,
        envoyListener: "http-80",
        virtualHost: "shop.example.com",
        answer: {
          kind: "forward",
          backends: [{ service: { kind: "Service", namespace: "shop", name: "cart" }, port: 80, weight: 1 }],
        },
        winner: match("shop", "cart"),
        rivals: [rival],
        withheld: [],
      },
    ],
  }),
  explainRoute: async ({ namespace, name }) => ({
    route: route(namespace, name),
    found: name === "cart",
    parents: [],
    rules: [],
  }),
  convergence: async (object) => ({
    object,
    generation: 4,
    state: "pending",
    reason: "Waiting",
    message: "generation 4 is acknowledged by 1 of 2 proxies of bank/vault",
    gateways: [
      { gateway: edge, connected: 2, acknowledged: 2, named: true },
      { gateway: { kind: "Gateway", namespace: "bank", name: "vault" }, connected: 2, acknowledged: 1 },
    ],
    replicas: { answered: 2, known: 2 },
  }),
  history: (question) => {
    const [place, kind, through] =
      "port" in question
        ? [{ ...question, hostname: "" }, "TCPRoute", {}]
        : [{ port: 80, hostname: question.host, path: vaultPath }, "HTTPRoute", { through: everyPath(question.host) }];
    const change = {
      ...{ time: "2026-01-01T00:00:00Z", gateway: "edge/public" as NamespacedName, ...place },
      from: { route: `${kind}/bank/vault` as ObjectKey, generation: 3 },
      to: { route: `${kind}/shop/cart` as ObjectKey, generation: 1, ...through },
      cause: `${kind} bank/vault is gone`,
      resource: { name: "http-80", version: "0123" },
      proxies: { connected: 2, acknowledged: 2 },
    };
    return { ...question, current: [], changes: [change] };
  },
};

function everyPath(hostname: string): WiderPlace {
  return { hostname, path: { type: "PathPrefix", value: "/" } };
}

const vaultPath = { type: "PathPrefix", value: "/vault-path" } as const;
