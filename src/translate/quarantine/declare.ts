/** What is not to be sent again: everything here costs nothing as long as there are no quarantines. */
import type { Collection, Grouped } from "../../collection/collection.ts";
import type { Graph } from "../../collection/graph.ts";
import type { EffectiveLimits } from "../../core/proxy-limits.ts";
import type { Quarantine } from "../../core/quarantine.ts";
import type { ClusterTlsInputs } from "../backend-tls/cluster-tls.ts";
import type { BoundRoute } from "../route-nodes.ts";
import { buildClusterResource, type SecretInputs } from "../upstreams.ts";
import { findRefusedAuthorities } from "./refused-authorities.ts";
import { findRefusedCertificates } from "./refused-certificates.ts";
import { findRefusedClusters, type RefusedCluster } from "./refused-clusters.ts";
import { findRefusedRules, type RefusedRules } from "./refused-rules.ts";

/** Refused certificates and authorities, which listeners and clusters read, beside the quarantines by ObjectKey. */
export function declareRefusedSecrets(
  graph: Graph,
  quarantines: Collection<Quarantine>,
  { certificates, caBundles }: SecretInputs,
): RefusedSecrets & { readonly quarantinesByObject: Grouped<Quarantine> } {
  const quarantinesByObject = graph.groupBy("quarantinesByObject", [quarantines], ({ spec }) => [spec.object]);
  const refusedCertificates = graph.derive(
    "refusedCertificates",
    quarantinesByObject,
    findRefusedCertificates(certificates),
  );
  const refusedAuthorities = graph.derive("refusedAuthorities", quarantinesByObject, findRefusedAuthorities(caBundles));
  return { quarantinesByObject, refusedCertificates, refusedAuthorities };
}

/** Envoy's words, by gatewayResourceKey(gateway, SDS name). */
export interface RefusedSecrets {
  readonly refusedCertificates: Collection<string>;
  readonly refusedAuthorities: Collection<string>;
}

/** What of routes and their backends is refused. */
export interface RouteRefusals {
  /** By ObjectKey of a route. */
  readonly rules: Collection<RefusedRules>;
  /** By Gateway. */
  readonly clusters: Grouped<RefusedCluster>;
}

export function declareRouteRefusals(
  graph: Graph,
  {
    quarantinesByObject,
    limits,
    backendTls,
    routes,
  }: {
    readonly quarantinesByObject: Grouped<Quarantine>;
    readonly limits: Collection<EffectiveLimits>;
    readonly backendTls: ClusterTlsInputs;
    readonly routes: Collection<BoundRoute>;
  },
): RouteRefusals & { readonly refusedClusters: Collection<RefusedCluster> } {
  const refusedClusters = graph.derive(
    "refusedClusters",
    quarantinesByObject,
    findRefusedClusters(backendTls, buildClusterResource(limits)),
  );
  const clusters = graph.groupBy("refusedClustersByGateway", [refusedClusters], ({ gateway }) => [gateway]);
  const rules = graph.derive(
    "refusedRules",
    quarantinesByObject,
    findRefusedRules({ routes, refusedClusters: clusters }),
  );
  return { rules, clusters, refusedClusters };
}
