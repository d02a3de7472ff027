/** TLS to backends: from policies to what each Service port asks for. */
import type { Collection, Grouped } from "../../collection/collection.ts";
import type { Graph } from "../../collection/graph.ts";
import type { BackendTlsPolicy } from "../../core/gateway-api.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { ServiceView } from "../backend.ts";
import type { CaBundleState } from "../ca-bundle.ts";
import type { GatewayNode } from "../nodes.ts";
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
    readonly nodes: Collection<GatewayNode>;
  },
): BackendTls {
  const nodes = graph.derive("backendTlsPolicies", policies, readPolicy(inputs.caBundleStates));
  const byService: Grouped<PolicyNode> = graph.groupBy("backendTlsByService", [nodes], policyServices);
  const portTls = graph.derive("backendTls", byService, buildPortTls(inputs.services));
  const byTarget = graph.groupBy("backendTlsByTarget", [nodes], policyTargets);
  return {
    policies: nodes,
    winners: graph.derive("backendTlsWinners", byTarget, findWinner),
    portTls,
    policedPorts: graph.derive("policedPorts", portTls, (_read, key) => [[key, true as const]]),
    backendCertificates: graph.derive("backendCertificates", inputs.nodes, backendCertificate),
  };
}
