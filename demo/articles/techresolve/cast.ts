/** Who and what the steps of the TechResolve article speak of. */
import type { DemoRequest, ExpectedAnswer, ExpectedCondition, KubernetesUser } from "../../step.ts";

export const gateway = "infra-gateways/prod-gateway-external";
export const tenantGateway = "prod-billing/billing-services-gateway";

/** Manifests, below the article's folder. */
export const files = {
  parameters: "infrastructure-provider/parameters.yaml",
  tenantGateway: "cluster-operator/tenant-gateway.yaml",
  campaign: "app-developer/marketing/campaign.yaml",
  metricsDashboard: "app-developer/marketing/route.yaml",
  temporaryDashboard: "app-developer/marketing/temporary-dashboard.yaml",
  refunds: "app-developer/prod-billing/refunds-route.yaml",
  payRoutes: "app-developer/prod-billing/pay-routes.yaml",
  tenantRoute: "app-developer/prod-billing/tenant-route.yaml",
} as const;

/** The junior engineer may write what marketing has, and read nothing else. */
export const junior: KubernetesUser = {
  username: "junior-engineer",
  groups: ["marketing-analytics", "system:authenticated"],
};

/** May read every object of the cluster. */
export const platformAdministrator: KubernetesUser = {
  username: "platform-administrator",
  groups: ["system:masters", "system:authenticated"],
};

/** The endpoint of the article: payments. */
export const charge: DemoRequest = {
  gateway,
  scheme: "https",
  host: "api.techresolve.com",
  port: 443,
  path: "/v1/charge",
};

/** The answer of one rule of prod-billing's. */
export function byBilling(route = "api"): ExpectedAnswer {
  return { status: 200, backend: "prod-billing/billing", served: { route: `prod-billing/${route}`, rule: 0 } };
}

/** The answer of one rule of marketing's. */
export function byMarketing(route: string): ExpectedAnswer {
  return { status: 200, backend: "marketing/metrics-dashboard", served: { route: `marketing/${route}`, rule: 0 } };
}

/** The condition of a route that a Gateway takes. */
export function accepted(route: string, { parent = gateway, generation = 1 } = {}): ExpectedCondition {
  return { object: `HTTPRoute ${route}`, parent, type: "Accepted", status: "True", reason: "Accepted", generation };
}

/** What the status of a route says that is not the first to ask for `api.techresolve.com`. It names nobody. */
export const claimedFirst =
  "Hostname 'api.techresolve.com' is already claimed by a route of another namespace, which had it accepted first";

/** The condition of a route that has nothing left: everything that it names belongs to others. */
export function refused(route: string, message: string): ExpectedCondition {
  return { ...accepted(route), status: "False", reason: "HostnameClaimed", message };
}

/** The condition of a route whose namespace a listener does not let in. */
export function notAllowed(route: string, { parent = gateway, generation = 1 } = {}): ExpectedCondition {
  return { ...accepted(route, { parent, generation }), status: "False", reason: "NotAllowedByListeners" };
}
