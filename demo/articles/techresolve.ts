import type { Article } from "../step.ts";
import { attack } from "./techresolve/attack.ts";
import { files, gateway } from "./techresolve/cast.ts";
import { incident } from "./techresolve/incident.ts";
import { allowedRoutes, clusterWideRule, gatewayPerTenant } from "./techresolve/solutions.ts";

/** The night on which one team took another's payments, why it cannot happen here, and the article's three solutions. */
export const techresolve: Article = {
  folder: "techresolve",
  title: "TechResolve: whose is api.techresolve.com?",
  later: [
    files.metricsDashboard,
    files.temporaryDashboard,
    files.refunds,
    files.payRoutes,
    files.tenantGateway,
    files.tenantRoute,
  ],
  certificates: [
    {
      secret: "infra-gateways/techresolve-com-tls",
      hostnames: ["*.techresolve.com", "*.pay.techresolve.com"],
      file: "cluster-operator/certificate.yaml",
    },
    {
      secret: "prod-billing/billing-techresolve-com-tls",
      hostnames: ["billing.techresolve.com"],
      file: "cluster-operator/tenant-certificate.yaml",
    },
  ],
  backends: [
    { name: "prod-billing/billing", address: "127.0.0.121", port: 8080 },
    { name: "marketing/metrics-dashboard", address: "127.0.0.122", port: 8080 },
    { name: "staging-analytics/analytics", address: "127.0.0.123", port: 8080 },
  ],
  gateways: [gateway],
  steps: [...incident, ...attack, ...allowedRoutes, ...clusterWideRule, ...gatewayPerTenant],
};
