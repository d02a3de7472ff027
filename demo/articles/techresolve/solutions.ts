import type { Action, Step } from "../../step.ts";
import { accepted, byBilling, charge, files, junior, notAllowed, refused, tenantGateway } from "./cast.ts";

/** The label at the door. */
export const allowedRoutes: readonly Step[] = [
  {
    chapter: "Solution 1: the quick fix, allowedRoutes",
    say: "staging-analytics has no label gateway-access: the bouncer at the door",
    request: { ...charge, host: "analytics.techresolve.com", path: "/" },
    expect: {
      answer: { status: 404 },
      conditions: [
        {
          ...notAllowed("staging-analytics/analytics"),
          message: "No listener that the parentRef names admits HTTPRoutes of namespace staging-analytics",
        },
      ],
      conclusion:
        "The label keeps strangers out. It settles nothing among those inside, and marketing was inside all the time.",
    },
  },
];

const anotherRouteHasIt =
  "Hostname 'api.techresolve.com' is already claimed by another route of this namespace, and this Gateway gives a " +
  "hostname to one route only";

/** One hostname, one owner, in the whole cluster; and the article's rule to the letter. */
export const clusterWideRule: readonly Step[] = [
  {
    chapter: "Solution 2: the permanent fix, a cluster-wide rule, built in instead of OPA Gatekeeper",
    say: "A hostname is its namespace's: prod-billing adds a second route to api.techresolve.com",
    do: [{ kind: "add", file: files.refunds }],
    request: { ...charge, path: "/v2/refunds" },
    expect: { answer: byBilling("refunds"), conditions: [accepted("prod-billing/refunds")] },
  },
  {
    say: "The article's rule to the letter, uniqueness: Route. Now one route has the hostname, the one that was first",
    do: [{ kind: "edit", file: files.parameters, path: ["spec", "ownership", "uniqueness"], value: "Route" }],
    request: { ...charge, path: "/v2/refunds" },
    expect: {
      answer: { status: 404 },
      conditions: [refused("prod-billing/refunds", anotherRouteHasIt), accepted("prod-billing/api")],
    },
  },
  {
    say: "“… unless it's a subdomain of an already-claimed domain by the same namespace”: eu.pay below *.pay",
    do: [{ kind: "add", file: files.payRoutes }],
    request: { ...charge, host: "eu.pay.techresolve.com" },
    expect: {
      answer: byBilling("pay-eu"),
      conditions: [accepted("prod-billing/pay"), accepted("prod-billing/pay-eu")],
    },
  },
  {
    say: "To marketing the same subdomains are closed",
    apply: {
      as: junior,
      changes: [
        { kind: "edit", file: files.metricsDashboard, path: ["spec", "hostnames", 0], value: "us.pay.techresolve.com" },
      ],
    },
    expect: { refusal: "Hostname 'us.pay.techresolve.com' is already claimed in this cluster." },
  },
  {
    say: "The ledger has kept every change of who answers /v1/charge: one hijack, with ownership off, and its end",
    request: charge,
    expect: {
      answer: byBilling(),
      commands: [
        {
          args: ["history", "api.techresolve.com/v1/charge"],
          exitCode: 0,
          lines: [
            ["now", "prod-billing/api"],
            ["marketing/temporary-dashboard@1 prod-billing/api@1"],
            ["prod-billing/api@1 marketing/temporary-dashboard@1"],
          ],
        },
      ],
      conclusion: "No policy engine, no Rego: the rule holds where routes are bound, and the webhook only tells of it.",
    },
  },
];

/** A Gateway and a proxy for the one tenant that must not share. */
export const gatewayPerTenant: readonly Step[] = [
  {
    chapter: "Solution 3: the ‘nuclear’ option, one Gateway per tenant",
    say: "billing gets a Gateway of its own, from: Same, with its own proxy",
    do: [
      { kind: "quiet" },
      { kind: "add", file: files.tenantGateway },
      { kind: "add", file: files.tenantRoute },
      { kind: "proxy", gateway: tenantGateway },
    ],
    request: { ...charge, gateway: tenantGateway, host: "billing.techresolve.com" },
    expect: {
      answer: byBilling("billing"),
      conditions: [
        { object: `Gateway ${tenantGateway}`, type: "Programmed", status: "True" },
        accepted("prod-billing/billing", { parent: tenantGateway }),
      ],
    },
  },
  {
    say: "marketing writes the same hostname for the tenant's Gateway and stays outside",
    do: marketingTriesTheTenantGateway(),
    request: { ...charge, gateway: tenantGateway, host: "billing.techresolve.com" },
    expect: {
      conditions: [notAllowed("marketing/metrics-dashboard", { parent: tenantGateway, generation: 2 })],
      answer: { ...byBilling("billing"), times: 10 },
    },
  },
];

function marketingTriesTheTenantGateway(): readonly Action[] {
  const file = files.metricsDashboard;
  return [
    { kind: "edit", file, path: ["spec", "hostnames", 0], value: "billing.techresolve.com" },
    {
      kind: "edit",
      file,
      path: ["spec", "rules", 0, "matches", 0, "path"],
      value: { type: "Exact", value: "/v1/charge" },
    },
    {
      kind: "edit",
      file,
      path: ["spec", "parentRefs"],
      value: [{ name: "billing-services-gateway", namespace: "prod-billing" }],
    },
  ];
}
