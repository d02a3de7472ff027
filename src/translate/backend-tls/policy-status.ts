/** What the owners of BackendTLSPolicies are told, once for each Gateway that sends anything to what a policy is for. */
import type { Collection, Grouped, Reader, Transform } from "../../collection/collection.ts";
import {
  type AncestorStatus,
  type Condition,
  conditionFalse,
  conditionTrue,
  joinRejections,
  type Rejection,
  type StatusUpdate,
} from "../../core/conditions.ts";
import { kinds, type NamespacedName, objectKey, parseNamespacedName } from "../../core/keys.ts";
import { routeProgrammed } from "../../core/quarantine.ts";
import { findServicePort, type ServiceView } from "../backend.ts";
import { parseClusterName } from "../envoy/names.ts";
import type { ClusterNode } from "../nodes.ts";
import type { RefusedCluster } from "../quarantine/refused-clusters.ts";
import type { PolicyNode, PolicyTarget } from "./policy.ts";
import { targetKey } from "./port-tls.ts";

export interface PolicyStatusInputs {
  readonly controllerName: string;
  /** By target. */
  readonly winners: Collection<NamespacedName>;
  readonly services: Collection<ServiceView>;
  /** By Service. */
  readonly reaches: Grouped<PolicyReach>;
}

/** A Gateway whose routes lead to a Service port. */
export interface PolicyReach {
  readonly gateway: NamespacedName;
  readonly service: NamespacedName;
  readonly port: number;
  /** Why its proxies do not take the cluster as it is: Envoy's words. */
  readonly refusal?: string;
}

/** What leads to a Service port by a cluster. What is passed on or goes by UDP has nothing to do with policies. */
export const reachOfCluster: Transform<ClusterNode, PolicyReach> = (
  _read,
  key,
  { gateway, service, port, protocol },
) => (protocol === "passthrough" || protocol === "udp" ? [] : [[key, { gateway, service, port }]]);

/** What led to one by a cluster that proxies have refused. */
export const reachOfRefused: Transform<RefusedCluster, PolicyReach> = (_read, key, { gateway, cluster, words }) => {
  const { service, port } = parseClusterName(cluster);
  return [[key, { gateway, service, port, refusal: words }]];
};

/** The Service that something leads to, for the index by Service. */
export function reachServices({ service }: PolicyReach): readonly string[] {
  return [service];
}

/** The API takes no more. */
const mostAncestors = 16;

/** Tells a policy for each Gateway what of it counts there. One whose Services no route leads to is told nothing. */
export function policyStatus(inputs: PolicyStatusInputs): Transform<PolicyNode, StatusUpdate> {
  return (read, _key, policy) => {
    const reached = policy.targets.flatMap((target) =>
      reachesOf(read, inputs, target).map((reach) => ({ ...reach, target })),
    );
    const gateways = [...new Set(reached.map(({ gateway }) => gateway))].sort().slice(0, mostAncestors);
    const ancestors = gateways.map((gateway): AncestorStatus => {
      const own = reached.filter((reach) => reach.gateway === gateway);
      const targets = [...new Set(own.map(({ target }) => target))];
      const problems = problemsOf(read, inputs, { policy, targets });
      return {
        ancestorRef: ancestorRef(gateway),
        controllerName: inputs.controllerName,
        conditions: [...conditionsOf(policy, problems), ...refusedOf(policy, own)],
      };
    });
    const object = objectKey("BackendTLSPolicy", policy.key);
    return [[object, { kind: "Policy", object, ancestors }]];
  };
}

/** What leads to a target. To a port that there is not leads what leads to its Service. */
function reachesOf(
  read: Reader,
  { services, reaches }: PolicyStatusInputs,
  { service, port }: PolicyTarget,
): readonly PolicyReach[] {
  const found = [...(read.get(reaches, service)?.values() ?? [])];
  const view = port === undefined ? undefined : read.get(services, service);
  if (view === undefined || !view.ports.some(({ name }) => name === port)) return found;
  return found.filter((reach) => findServicePort(view, reach.port, "TCP")?.name === port);
}

/** Routes tell it too, but to whoever owns them. */
function refusedOf({ generation }: PolicyNode, reaches: readonly PolicyReach[]): readonly Condition[] {
  const sentences = reaches.flatMap(({ service, port, refusal }) =>
    refusal === undefined ? [] : [`proxies refuse port ${port} of Service ${service}: ${refusal}`],
  );
  if (sentences.length === 0) return [];
  const message = [...new Set(sentences)].sort().join("; ");
  return [conditionFalse(routeProgrammed, generation, { reason: "RefusedByProxy", message })];
}

function problemsOf(
  read: Reader,
  { winners, services }: PolicyStatusInputs,
  { policy, targets }: { readonly policy: PolicyNode; readonly targets: readonly PolicyTarget[] },
): readonly Rejection[] {
  const ofTargets = targets.flatMap((target): readonly Rejection[] => {
    const winner = read.get(winners, targetKey(target));
    if (winner !== undefined && winner !== policy.key) {
      return [
        accepted("Conflicted", `BackendTLSPolicy ${winner}, which is older or named first, is for ${label(target)}`),
      ];
    }
    const ports = read.get(services, target.service)?.ports ?? [];
    const isMissing = target.port !== undefined && !ports.some(({ name }) => name === target.port);
    return isMissing ? [accepted("TargetNotFound", `There is no ${label(target)}`)] : [];
  });
  return [...policy.rejections, ...ofTargets];
}

function conditionsOf({ generation, strangers }: PolicyNode, problems: readonly Rejection[]): readonly Condition[] {
  const left = strangers.map((target) => `${target} is left out: policies are for Services only`);
  const told = { Accepted: left.join("; "), ResolvedRefs: "" };
  return (["Accepted", "ResolvedRefs"] as const).map((type) => {
    const rejection = joinRejections(problems.filter(({ condition }) => condition === type));
    return rejection === undefined
      ? conditionTrue(type, generation, { message: told[type] })
      : conditionFalse(type, generation, rejection);
  });
}

function ancestorRef(gateway: NamespacedName): AncestorStatus["ancestorRef"] {
  const { namespace, name } = parseNamespacedName(gateway);
  return { group: kinds.Gateway.group, kind: "Gateway", ...(namespace !== undefined && { namespace }), name };
}

function label({ service, port }: PolicyTarget): string {
  return port === undefined ? `Service ${service}` : `port ${port} of Service ${service}`;
}

function accepted(reason: string, message: string): Rejection {
  return { condition: "Accepted", reason, message };
}
