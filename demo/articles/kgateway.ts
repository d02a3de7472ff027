import type { Article, DemoRequest, ExpectedCondition } from "../step.ts";

const gateway = "infra/infra-gateway";
const ask: DemoRequest = { gateway, scheme: "https", host: "httpbin.example.com", port: 443, path: "/get" };
const refused: ExpectedCondition = {
  object: "HTTPRoute httpbin/httpbin",
  parent: gateway,
  type: "Accepted",
  status: "False",
  reason: "NotAllowedByListeners",
};

/** A Gateway that opens itself by a label, and a second one of the same class beside it. */
export const kgateway: Article = {
  folder: "kgateway",
  title: "kgateway: shared Gateways and a dedicated one",
  later: [
    "cluster-operator/dedicated-gateway.yaml",
    "app-developer/payments/route.yaml",
    "app-developer/payments/backend.yaml",
  ],
  certificates: [
    { secret: "infra/httpbin-cert", hostnames: ["httpbin.example.com"], file: "cluster-operator/certificate.yaml" },
  ],
  backends: [
    { name: "httpbin/httpbin", address: "127.0.0.101", port: 8000 },
    { name: "payments/payments", address: "127.0.0.102", port: 8080 },
  ],
  gateways: [gateway],
  steps: [
    {
      say: "The listener allows routes from its own namespace (from: Same); the route lives in another",
      request: ask,
      expect: {
        answer: { status: 404 },
        conditions: [
          refused,
          { object: `Gateway ${gateway}`, type: "Programmed", status: "True", reason: "Programmed" },
        ],
      },
    },
    {
      say: 'The operator opens it to namespaces labelled self-serve-ingress: "true"; this one has no label yet',
      do: [
        {
          kind: "edit",
          file: "cluster-operator/gateway.yaml",
          path: ["spec", "listeners", 0, "allowedRoutes", "namespaces"],
          value: { from: "Selector", selector: { matchLabels: { "self-serve-ingress": "true" } } },
        },
      ],
      request: ask,
      expect: {
        answer: { status: 404 },
        conditions: [{ object: `Gateway ${gateway}`, type: "Programmed", status: "True", generation: 2 }, refused],
      },
    },
    {
      say: "The namespace gets the label",
      do: [
        {
          kind: "edit",
          file: "cluster-operator/namespaces.yaml",
          name: "httpbin",
          path: ["metadata", "labels"],
          value: { "self-serve-ingress": "true" },
        },
      ],
      request: ask,
      expect: {
        answer: { status: 200, backend: "httpbin/httpbin", served: { route: "httpbin/httpbin", rule: 0 } },
        conditions: [{ ...refused, status: "True", reason: "Accepted" }],
      },
    },
    {
      say: "A second Gateway of the same class runs beside it, with a proxy and an address of its own",
      do: [
        { kind: "add", file: "cluster-operator/dedicated-gateway.yaml" },
        { kind: "add", file: "app-developer/payments/route.yaml" },
        { kind: "add", file: "app-developer/payments/backend.yaml" },
        { kind: "proxy", gateway: "payments/payments-gateway" },
      ],
      request: {
        gateway: "payments/payments-gateway",
        scheme: "http",
        host: "payments.example.com",
        port: 80,
        path: "/",
      },
      expect: {
        answer: { status: 200, backend: "payments/payments", served: { route: "payments/payments", rule: 0 } },
        conditions: [{ object: "Gateway payments/payments-gateway", type: "Programmed", status: "True" }],
      },
    },
    {
      say: "The dedicated proxy knows nothing of the shared Gateway's routes",
      request: {
        gateway: "payments/payments-gateway",
        scheme: "http",
        host: "httpbin.example.com",
        port: 80,
        path: "/get",
      },
      expect: { answer: { status: 404 } },
    },
    {
      say: "The shared Gateway goes on as before",
      request: ask,
      expect: { answer: { status: 200, backend: "httpbin/httpbin", served: { route: "httpbin/httpbin", rule: 0 } } },
    },
  ],
};
