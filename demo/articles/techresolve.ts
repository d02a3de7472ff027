import type { Action, Article, DemoRequest, ExpectedAnswer, ExpectedCondition } from "../step.ts";

const gateway = "infra-gateways/prod-gateway-external";
const tenantGateway = "prod-billing/billing-services-gateway";
const marketingRoute = "app-developer/marketing/route.yaml";
const ask: DemoRequest = { gateway, scheme: "https", host: "api.techresolve.com", port: 443, path: "/v1/charge" };
const byBilling: ExpectedAnswer = {
  status: 200,
  backend: "prod-billing/billing",
  served: { route: "prod-billing/api", rule: 0 },
};

/** How one tenant takes a path from another by precedence, what the age of a route does, and a Gateway per tenant. */
export const techresolve: Article = {
  folder: "techresolve",
  title: "TechResolve: many tenants on one wildcard",
  later: [marketingRoute, "cluster-operator/tenant-gateway.yaml", "app-developer/prod-billing/tenant-route.yaml"],
  certificates: [
    {
      secret: "infra-gateways/techresolve-com-tls",
      hostname: "*.techresolve.com",
      file: "cluster-operator/certificate.yaml",
    },
    {
      secret: "prod-billing/billing-techresolve-com-tls",
      hostname: "billing.techresolve.com",
      file: "cluster-operator/tenant-certificate.yaml",
    },
  ],
  backends: [
    { name: "prod-billing/billing", address: "127.0.0.121", port: 8080 },
    { name: "marketing/metrics-dashboard", address: "127.0.0.122", port: 8080 },
    { name: "staging-analytics/analytics", address: "127.0.0.123", port: 8080 },
  ],
  gateways: [gateway],
  steps: [
    {
      say: "prod-billing has the label gateway-access and serves api.techresolve.com below /v1",
      request: ask,
      expect: { answer: byBilling, conditions: [accepted("prod-billing/api", gateway)] },
    },
    {
      say: "staging-analytics has no label: the bouncer at the door",
      request: { ...ask, host: "analytics.techresolve.com", path: "/" },
      expect: { answer: { status: 404 }, conditions: [notAllowed("staging-analytics/analytics", gateway)] },
    },
    {
      say: "marketing has the label and attaches a hostname of its own",
      do: [{ kind: "add", file: marketingRoute }],
      request: { ...ask, host: "metrics.techresolve.com", path: "/" },
      expect: {
        answer: {
          status: 200,
          backend: "marketing/metrics-dashboard",
          served: { route: "marketing/metrics-dashboard", rule: 0 },
        },
        conditions: [accepted("marketing/metrics-dashboard", gateway)],
      },
    },
    {
      say: "Now marketing claims api.techresolve.com with an Exact match on /v1/charge; its route is the younger one",
      do: marketingClaims("api.techresolve.com", { type: "Exact", value: "/v1/charge" }),
      request: ask,
      expect: {
        conditions: [accepted("marketing/metrics-dashboard", gateway, 2)],
        answer: {
          status: 200,
          backend: "marketing/metrics-dashboard",
          served: { route: "marketing/metrics-dashboard", rule: 0 },
        },
        conclusion:
          "This is the hijack: billing's payments now arrive at marketing. The API's precedence says so: the more " +
          "specific match wins, whatever its age. The label keeps strangers out; it settles nothing among those inside.",
      },
    },
    {
      say: "Every other path below /v1 is still billing's, so nobody notices at once",
      request: { ...ask, path: "/v1/invoices" },
      expect: { answer: byBilling },
    },
    {
      say: "marketing takes the claim back",
      do: marketingClaims("metrics.techresolve.com", { type: "PathPrefix", value: "/" }),
      request: ask,
      expect: { conditions: [accepted("marketing/metrics-dashboard", gateway, 3)], answer: byBilling },
    },
    {
      say: "Then marketing writes the identical match, PathPrefix /v1: the older route keeps it and nothing moves",
      do: marketingClaims("api.techresolve.com", { type: "PathPrefix", value: "/v1" }),
      request: ask,
      expect: {
        conditions: [accepted("marketing/metrics-dashboard", gateway, 4)],
        answer: { ...byBilling, times: 10 },
      },
    },
    {
      say: "The last resort: billing gets a Gateway of its own, from: Same, with its own proxy",
      do: [
        { kind: "add", file: "cluster-operator/tenant-gateway.yaml" },
        { kind: "add", file: "app-developer/prod-billing/tenant-route.yaml" },
        { kind: "proxy", gateway: tenantGateway },
      ],
      request: { ...ask, gateway: tenantGateway, host: "billing.techresolve.com" },
      expect: {
        answer: { ...byBilling, served: { route: "prod-billing/billing", rule: 0 } },
        conditions: [
          { object: `Gateway ${tenantGateway}`, type: "Programmed", status: "True" },
          accepted("prod-billing/billing", tenantGateway),
        ],
      },
    },
    {
      say: "marketing tries the same claim on the tenant's Gateway and stays outside",
      do: [
        ...marketingClaims("billing.techresolve.com", { type: "Exact", value: "/v1/charge" }),
        {
          kind: "edit",
          file: marketingRoute,
          path: ["spec", "parentRefs"],
          value: [{ name: "billing-services-gateway", namespace: "prod-billing" }],
        },
      ],
      request: { ...ask, gateway: tenantGateway, host: "billing.techresolve.com" },
      expect: {
        conditions: [{ ...notAllowed("marketing/metrics-dashboard", tenantGateway), generation: 5 }],
        answer: { ...byBilling, served: { route: "prod-billing/billing", rule: 0 }, times: 10 },
      },
    },
  ],
};

function marketingClaims(hostname: string, path: { readonly type: string; readonly value: string }): readonly Action[] {
  return [
    { kind: "edit", file: marketingRoute, path: ["spec", "hostnames", 0], value: hostname },
    { kind: "edit", file: marketingRoute, path: ["spec", "rules", 0, "matches", 0, "path"], value: path },
  ];
}

function accepted(route: string, parent: string, generation?: number): ExpectedCondition {
  return {
    object: `HTTPRoute ${route}`,
    parent,
    type: "Accepted",
    status: "True",
    reason: "Accepted",
    ...(generation === undefined ? {} : { generation }),
  };
}

function notAllowed(route: string, parent: string): ExpectedCondition {
  return { ...accepted(route, parent), status: "False", reason: "NotAllowedByListeners" };
}
