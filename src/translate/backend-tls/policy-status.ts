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
import {
  kinds,
  type NamespacedName,
  objectKey,
  parseGatewayResourceKey,
  parseNamespacedName,
} from "../../core/keys.ts";
import { routeProgrammed } from "../../core/quarantine.ts";
import { findServicePort, type ServiceView } from "../backend.ts";
import { parseClusterName } from "../envoy/names.ts";
import type { DatagramClusterNode } from "../layer4/datagram-clusters.ts";
import type { ClusterNode } from "../nodes.ts";
import type { RefusedCluster } from "../quarantine/refused-clusters.ts";
import { refusalOfAuthorities } from "./cluster-tls.ts";
import type { PolicyNode, PolicyTarget } from "./policy.ts";
import { targetKey } from "./port-tls.ts";

export interface PolicyStatusInputs {
  readonly controllerName: string;
  /** By target. */
  readonly winners: Collection<NamespacedName>;
  /** What Envoy said of authorities that proxies have refused, by gatewayResourceKey(gateway, SDS name). */
  readonly refusedAuthorities: Collection<string>;
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
  /** It sends datagrams there, for which no policy can do anything. */
  readonly isByDatagram?: true;
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

/** What leads there by UDP: whoever has a policy for that alone is to be told that it does nothing. */
export const reachesOfDatagrams: Transform<DatagramClusterNode, PolicyReach> = (_read, key, { backends }) => {
  const { gateway } = parseGatewayResourceKey(key);
  return backends.flatMap((backend): readonly (readonly [string, PolicyReach])[] => {
    if (backend.kind !== "cluster") return [];
    const { service, port } = parseClusterName(backend.cluster);
    return [[`${key} ${backend.cluster}`, { gateway, service, port, isByDatagram: true }]];
  });
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
        conditions: [
          ...conditionsOf(policy, problems, leftOut(read, inputs, { policy, targets })),
          ...refusedOf(read, inputs, { policy, gateway, reaches: own }),
        ],
      };
    });
    const object = objectKey("BackendTLSPolicy", policy.key);
    return [[object, { kind: "Policy", object, ancestors }]];
  };
}

/** What leads to a target. To a port that there is not, or that is none of TCP, leads what leads to its Service. */
function reachesOf(
  read: Reader,
  { services, reaches }: PolicyStatusInputs,
  { service, port }: PolicyTarget,
): readonly PolicyReach[] {
  const found = [...(read.get(reaches, service)?.values() ?? [])];
  const view = read.get(services, service);
  if (isOnlyUdp(view, port)) return found;
  const byStream = found.filter(({ isByDatagram }) => isByDatagram !== true);
  if (port === undefined || view === undefined || !view.ports.some(({ name }) => name === port)) return byStream;
  return byStream.filter((reach) => findServicePort(view, reach.port, "TCP")?.name === port);
}

/** Whether all that a target has are ports of UDP. */
function isOnlyUdp(view: ServiceView | undefined, port: string | undefined): boolean {
  const asked = view?.ports.filter(({ name }) => (port ?? name) === name) ?? [];
  return asked.length > 0 && asked.every(({ protocol }) => protocol === "UDP");
}

/** Routes tell it too, but to whoever owns them. */
function refusedOf(
  read: Reader,
  { refusedAuthorities }: PolicyStatusInputs,
  {
    policy: { generation, settings },
    gateway,
    reaches,
  }: { readonly policy: PolicyNode; readonly gateway: NamespacedName; readonly reaches: readonly PolicyReach[] },
): readonly Condition[] {
  const ofAuthorities =
    settings && refusalOfAuthorities(read, refusedAuthorities, { gateway, authorities: settings.authorities });
  const ofClusters = reaches.flatMap(({ service, port, refusal }) =>
    refusal === undefined ? [] : [`proxies refuse port ${port} of Service ${service}: ${refusal}`],
  );
  const sentences = [...(ofAuthorities === undefined ? [] : [ofAuthorities]), ...ofClusters];
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
    const view = read.get(services, target.service);
    if (isOnlyUdp(view, target.port))
      return [accepted("Invalid", `${label(target)} is UDP: policies are for TCP only`)];
    const isMissing = target.port !== undefined && view?.ports.some(({ name }) => name === target.port) !== true;
    return isMissing ? [accepted("TargetNotFound", `There is no ${label(target)}`)] : [];
  });
  return [...policy.rejections, ...ofTargets];
}

/** What a policy names and does nothing for. */
function leftOut(
  read: Reader,
  { services }: PolicyStatusInputs,
  { policy, targets }: { readonly policy: PolicyNode; readonly targets: readonly PolicyTarget[] },
): readonly string[] {
  const strangers = policy.strangers.map((target) => `${target} is left out: policies are for Services only`);
  const datagrams = targets.flatMap(({ service, port }) => {
    const ports = read.get(services, service)?.ports ?? [];
    const hasUdp = port === undefined && ports.some(({ protocol }) => protocol === "UDP");
    return hasUdp ? [`UDP ports of Service ${service} are left out: policies are for TCP only`] : [];
  });
  return [...strangers, ...datagrams];
}

function conditionsOf(
  { generation }: PolicyNode,
  problems: readonly Rejection[],
  left: readonly string[],
): readonly Condition[] {
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
