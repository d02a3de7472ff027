import type { Article, DemoRequest, ExpectedAnswer, ExpectedCondition } from "../step.ts";

const gateway = "networking/public-gateway";
const files = {
  class: "infrastructure-provider/gatewayclass.yaml",
  gateway: "cluster-operator/gateway.yaml",
  namespaces: "cluster-operator/namespaces.yaml",
  route: "app-developer/app/route.yaml",
  grant: "app-developer/backend/reference-grant.yaml",
} as const;
const ask: DemoRequest = { gateway, scheme: "https", host: "app.example.com", port: 443, path: "/" };
const served = { route: "app/app-route", rule: 0 };
const byBackend: ExpectedAnswer = { status: 200, backend: "backend/app-service", served };
const accepted: ExpectedCondition = {
  object: "HTTPRoute app/app-route",
  parent: gateway,
  type: "Accepted",
  status: "True",
  reason: "Accepted",
};

/** The three roles of Gateway API, each with a file of its own. */
export const overview: Article = {
  folder: "overview",
  title: "Overview: three roles, three files",
  later: [files.grant],
  certificates: [
    {
      secret: "networking/app-example-tls",
      hostnames: ["app.example.com"],
      file: "cluster-operator/certificate.yaml",
    },
  ],
  backends: [
    { name: "app/app-service", address: "127.0.0.141", port: 8080 },
    { name: "backend/app-service", address: "127.0.0.142", port: 8080 },
  ],
  gateways: [gateway],
  steps: [
    {
      say: 'The namespace app lacks the label expose-via-gateway: "true"',
      request: ask,
      expect: {
        answer: { status: 404 },
        conditions: [{ ...accepted, status: "False", reason: "NotAllowedByListeners" }],
      },
    },
    {
      say: "The operator gives it the label",
      do: [
        {
          kind: "edit",
          file: files.namespaces,
          name: "app",
          path: ["metadata", "labels"],
          value: { "expose-via-gateway": "true" },
        },
      ],
      request: ask,
      expect: { answer: { status: 200, backend: "app/app-service", served }, conditions: [accepted] },
    },
    {
      say: "The route's backend moves to the namespace backend, which has granted nothing",
      do: [
        {
          kind: "edit",
          file: files.route,
          path: ["spec", "rules", 0, "backendRefs", 0, "namespace"],
          value: "backend",
        },
      ],
      request: ask,
      expect: {
        answer: { status: 500, served },
        conditions: [{ ...accepted, type: "ResolvedRefs", status: "False", reason: "RefNotPermitted", generation: 2 }],
      },
    },
    {
      say: "The v1beta1 ReferenceGrant allow-app-route arrives",
      do: [{ kind: "add", file: files.grant }],
      request: ask,
      expect: {
        answer: byBackend,
        conditions: [{ ...accepted, type: "ResolvedRefs", reason: "ResolvedRefs", generation: 2 }],
      },
    },
    {
      say: "The four operational checks have their equal in `gatehouse status`",
      expect: {
        table: [
          { question: "kubectl get gatewayclass", args: ["gatewayclass"], words: ["GatewayClass/nginx", "True"] },
          { question: "kubectl get gateways -A", args: ["gateway"], words: [`Gateway/${gateway}`, "True"] },
          {
            question: "kubectl get httproutes -A",
            args: ["httproute"],
            words: ["HTTPRoute/app/app-route", gateway, "True"],
          },
          {
            question: "kubectl describe gateway public-gateway -n networking",
            args: ["gateway", gateway],
            words: ["Programmed", "True"],
          },
        ],
      },
    },
    {
      say: "The infrastructure provider describes the class",
      do: [{ kind: "edit", file: files.class, path: ["spec", "description"], value: "Envoy, programmed by Gatehouse" }],
      request: ask,
      expect: {
        touched: [files.class],
        conditions: [{ object: "GatewayClass nginx", type: "Accepted", status: "True", generation: 2 }],
        answer: byBackend,
      },
    },
    {
      say: "The cluster operator opens a plain HTTP listener",
      do: [
        {
          kind: "edit",
          file: files.gateway,
          path: ["spec", "listeners", 1],
          value: {
            name: "http",
            protocol: "HTTP",
            port: 80,
            hostname: "app.example.com",
            allowedRoutes: {
              namespaces: { from: "Selector", selector: { matchLabels: { "expose-via-gateway": "true" } } },
            },
          },
        },
      ],
      request: { ...ask, scheme: "http", port: 80 },
      expect: {
        touched: [files.gateway],
        conditions: [{ object: `Gateway ${gateway}`, type: "Programmed", status: "True", generation: 2 }],
        answer: byBackend,
      },
    },
    {
      say: "The app developer adds a response header",
      do: [
        {
          kind: "edit",
          file: files.route,
          path: ["spec", "rules", 0, "filters"],
          value: [
            {
              type: "ResponseHeaderModifier",
              responseHeaderModifier: { set: [{ name: "x-served-for", value: "the app team" }] },
            },
          ],
        },
      ],
      request: ask,
      expect: {
        touched: [files.route],
        conditions: [{ ...accepted, generation: 3 }],
        answer: { ...byBackend, header: { name: "x-served-for", value: "the app team" } },
        conclusion: "Three roles edited three files, and each diff holds one file only.",
      },
    },
  ],
};
