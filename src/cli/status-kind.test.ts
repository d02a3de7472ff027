import { expect, it } from "vitest";
import { parseSelection } from "./status-kind.ts";

it.each([
  { words: ["gatewayclass"], want: { kind: "GatewayClass" } },
  { words: ["gateways"], want: { kind: "Gateway" } },
  { words: ["gtw"], want: { kind: "Gateway" } },
  { words: ["HTTPRoutes.gateway.networking.k8s.io"], want: { kind: "HTTPRoute" } },
  { words: ["httproute/app/app-route"], want: { kind: "HTTPRoute", namespace: "app", name: "app-route" } },
  {
    words: ["gateway", "networking/public-gateway"],
    want: { kind: "Gateway", namespace: "networking", name: "public-gateway" },
  },
  { words: ["gateway", "public-gateway"], want: { kind: "Gateway", name: "public-gateway" } },
  { words: ["gc/gatehouse"], want: { kind: "GatewayClass", name: "gatehouse" } },
])("reads $words", ({ words: [kind = "", name], want }) => {
  expect(parseSelection(kind, name)).toEqual(want);
});

it.each(["", "pods", "secrets", "__proto__", "constructor", "gateway/", "gateway/a/b/c", "gateway//b"])(
  "refuses %j",
  (word) => {
    expect(parseSelection(word)).toBeUndefined();
  },
);

it.each([
  ["grpcroutes", "GRPCRoute"],
  ["tlsroute", "TLSRoute"],
  ["TCPRoute", "TCPRoute"],
  ["udproutes.gateway.networking.k8s.io", "UDPRoute"],
  ["btlspolicy", "BackendTLSPolicy"],
])("%s is a kind that has a status", (word, kind) => {
  expect(parseSelection(`${word}/shop/x`)).toEqual({ kind, namespace: "shop", name: "x" });
});
