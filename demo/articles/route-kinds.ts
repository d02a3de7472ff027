import type { Article, ExpectedCondition } from "../step.ts";

const gateway = "edge/every-kind";
const files = {
  tls: "app-developer/marketing/tls-route.yaml",
  tcp: "app-developer/marketing/tcp-route.yaml",
} as const;

function accepted(object: string): ExpectedCondition {
  return { object, parent: gateway, type: "Accepted", status: "True", reason: "Accepted" };
}

const vault = { gateway, scheme: "https", host: "vault.example.com", port: 443, path: "/" } as const;
const queue = { gateway, scheme: "tcp", host: "", port: 9000, path: "" } as const;
const byVault = { status: 200, backend: "bank/vault", served: { route: "bank/vault", rule: 0 } } as const;
const byQueue = { backend: "shop/queue", served: { route: "shop/queue", rule: 0 } } as const;

/** One Gateway for every kind of route, and the same rule for who may have what. */
export const routeKinds: Article = {
  folder: "route-kinds",
  title: "Every kind of route on one Gateway",
  later: [files.tls, files.tcp],
  certificates: [],
  backends: [
    { name: "shop/greeter", address: "127.0.0.161", port: 8080, speaks: "grpc" },
    { name: "shop/queue", address: "127.0.0.162", port: 8080, speaks: "tcp" },
    { name: "shop/metrics", address: "127.0.0.163", port: 8080, speaks: "udp" },
    { name: "bank/vault", address: "127.0.0.164", port: 8443, speaks: "tls", hostname: "vault.example.com" },
    { name: "marketing/collector", address: "127.0.0.165", port: 8443, speaks: "tls", hostname: "news.example.com" },
    { name: "marketing/sink", address: "127.0.0.166", port: 8080, speaks: "tcp" },
  ],
  gateways: [gateway],
  steps: [
    {
      say: "GRPCRoute: a call is told apart by its service and method",
      request: { gateway, scheme: "grpc", host: "grpc.example.com", port: 80, path: "/shop.Greeter/SayHello" },
      expect: {
        conditions: [accepted("GRPCRoute shop/greeter")],
        answer: {
          status: 200,
          backend: "shop/greeter",
          header: { name: "grpc-status", value: "0" },
          served: { route: "shop/greeter", rule: 0 },
        },
      },
    },
    {
      say: "TLSRoute: a connection is told apart by its server name, and ends at the bank's own certificate",
      request: vault,
      expect: { conditions: [accepted("TLSRoute bank/vault")], answer: byVault },
    },
    {
      say: "TCPRoute: a connection is told apart by its port",
      request: queue,
      expect: { conditions: [accepted("TCPRoute shop/queue")], answer: byQueue },
    },
    {
      say: "UDPRoute: datagrams too, on the same number",
      request: { ...queue, scheme: "udp" },
      expect: { conditions: [accepted("UDPRoute shop/metrics")], answer: { backend: "shop/metrics" } },
    },
    {
      say: "Marketing asks for the bank's server name, with a route that says it is older",
      do: [{ kind: "add", file: files.tls }],
      request: vault,
      expect: {
        conditions: [
          {
            ...accepted("TLSRoute marketing/collector"),
            type: "gatehouse.dev/HostnamesGranted",
            status: "False",
            reason: "HostnameClaimed",
          },
        ],
        answer: byVault,
      },
    },
    {
      say: "What it has of its own, it is served",
      request: { ...vault, host: "news.example.com" },
      expect: {
        answer: { status: 200, backend: "marketing/collector", served: { route: "marketing/collector", rule: 0 } },
      },
    },
    {
      say: "Marketing asks for the shop's port the same way",
      do: [{ kind: "add", file: files.tcp }],
      request: queue,
      expect: {
        conditions: [
          {
            ...accepted("TCPRoute marketing/sink"),
            status: "False",
            reason: "HostnameClaimed",
            message:
              "The port of the listener is already claimed by a route of another namespace, which had it accepted first on this listener",
          },
        ],
        answer: byQueue,
        commands: [
          {
            args: ["explain", "route", "tcproute/marketing/sink"],
            exitCode: 1,
            lines: [["TCPRoute marketing/sink"], ["not attached", "HostnameClaimed"], ["another namespace"]],
          },
        ],
        conclusion: "Whatever a route forwards: who was first has it, and everybody else is told so.",
      },
    },
  ],
};
