/** TLS to backends: from policies to what each Service port asks for. */
import type { Collection, Grouped } from "../../collection/collection.ts";
import type { Graph } from "../../collection/graph.ts";
import type { BackendTlsPolicy } from "../../core/gateway-api.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { ServiceView } from "../backend.ts";
import type { BudgetInputs } from "../budget/budgets.ts";
import type { CaBundleState } from "../ca-bundle.ts";
import type { ClusterNode, GatewayNode } from "../nodes.ts";
import { backendCertificate, type ClusterTlsInputs } from "./cluster-tls.ts";
import { type PolicyNode, readPolicy } from "./policy.ts";
import { buildPortTls, findWinner, policyServices, policyTargets } from "./port-tls.ts";

export interface BackendTls extends ClusterTlsInputs {
  readonly policies: Collection<PolicyNode>;
  /** By target: the policy whose word counts. */
  readonly winners: Collection<NamespacedName>;
  /** The Service ports for which there is a policy, whatever it says. */
  readonly policedPorts: Collection<true>;
}

/** What was decided about policies, and what came of them. */
export interface BackendTlsView extends Pick<BackendTls, "policies" | "winners" | "portTls"> {
  /** The clusters that speak as a policy says, or are closed by it: by the policy. */
  readonly clusters: Grouped<ClusterNode>;
}

/** Declares what is asked about policies. */
export function backendTlsView(
  graph: Graph,
  { policies, winners, portTls }: BackendTls,
  clusters: Collection<ClusterNode>,
): BackendTlsView {
  const byPolicy = graph.groupBy("clustersByPolicy", [clusters], ({ tls }) => (tls === undefined ? [] : [tls.policy]));
  return { policies, winners, portTls, clusters: byPolicy };
}

/**
 * Declares what does not depend on routes:
 *
 *     ConfigMap → BackendTLSPolicy → by Service → by port → cluster ← routes
 */
export function declareBackendTls(
  graph: Graph,
  policies: Collection<BackendTlsPolicy>,
  inputs: {
    readonly services: Collection<ServiceView>;
    readonly caBundleStates: Collection<CaBundleState>;
    readonly budgets: BudgetInputs;
    readonly nodes: Collection<GatewayNode>;
    readonly refusedAuthorities: Collection<string>;
  },
): BackendTls {
  const nodes = graph.derive("backendTlsPolicies", policies, readPolicy(inputs));
  const byService: Grouped<PolicyNode> = graph.groupBy("backendTlsByService", [nodes], policyServices);
  const portTls = graph.derive("backendTls", byService, buildPortTls(inputs.services));
  const byTarget = graph.groupBy("backendTlsByTarget", [nodes], policyTargets);
  return {
    policies: nodes,
    winners: graph.derive("backendTlsWinners", byTarget, findWinner),
    portTls,
    refusedAuthorities: inputs.refusedAuthorities,
    policedPorts: graph.derive("policedPorts", portTls, (_read, key) => [[key, true as const]]),
    backendCertificates: graph.derive("backendCertificates", inputs.nodes, backendCertificate),
  };
}
