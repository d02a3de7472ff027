/** Which policy a Service port has: the more specific wins, and the older of equals. */
import type { Collection, Transform } from "../../collection/collection.ts";
import { joinRejections } from "../../core/conditions.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { ServicePortView, ServiceView } from "../backend.ts";
import type { PolicyNode, PolicyTarget } from "./policy.ts";
import type { PortTls } from "./upstream-tls.ts";

/** Names a port of a Service. */
export function portTlsKey(service: NamespacedName, port: number): string {
  return `${service}/${port}`;
}

/** Names what a policy is for: a Service, or a port of it by its name. */
export function targetKey({ service, port = "" }: PolicyTarget): string {
  return `${service}|${port}`;
}

/** The Services that a policy is for, for the index of policies by Service. */
export function policyServices({ targets }: PolicyNode): readonly string[] {
  return [...new Set(targets.map(({ service }) => service))];
}

/** What a policy is for, for the index of policies by target. */
export function policyTargets({ targets }: PolicyNode): readonly string[] {
  return [...new Set(targets.map(targetKey))];
}

/** Finds whose word counts where several policies are for the same. */
export const findWinner: Transform<ReadonlyMap<string, PolicyNode>, NamespacedName> = (_read, key, policies) => {
  const winner = oldestOf([...policies.values()]);
  return winner === undefined ? [] : [[key, winner.key]];
};

/** Decides for each port of a Service that policies are for. A policy that cannot be kept counts like any other. */
export function buildPortTls(services: Collection<ServiceView>): Transform<ReadonlyMap<string, PolicyNode>, PortTls> {
  return (read, key, policies) => {
    const service = key as NamespacedName; // policies are grouped by Service
    const all = [...policies.values()];
    const ports = read.get(services, service)?.ports.filter(({ protocol }) => protocol === "TCP") ?? [];
    const decided = ports.flatMap((port): readonly (readonly [string, PortTls])[] => {
      const winner = winnerOf(all, service, port);
      return winner === undefined ? [] : [[portTlsKey(service, port.port), tlsOf(winner)]];
    });
    // The API takes no number twice; of what is read from files the first counts, as for routes.
    return new Map(decided.toReversed());
  };
}

function winnerOf(
  policies: readonly PolicyNode[],
  service: NamespacedName,
  port: ServicePortView,
): PolicyNode | undefined {
  const forTarget = (target: PolicyTarget) =>
    oldestOf(policies.filter(({ targets }) => targets.some((each) => targetKey(each) === targetKey(target))));
  const ofPort = port.name === "" ? undefined : forTarget({ service, port: port.name });
  return ofPort ?? forTarget({ service });
}

/** The oldest; of equally old ones the first by namespace and name. */
function oldestOf(policies: readonly PolicyNode[]): PolicyNode | undefined {
  const rank = ({ createdAt, key }: PolicyNode) => `${createdAt} ${key}`;
  return policies.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

function tlsOf({ key, settings, rejections }: PolicyNode): PortTls {
  if (settings !== undefined) return { kind: "tls", policy: key, settings };
  const message = joinRejections(rejections)?.message ?? "";
  return { kind: "refused", policy: key, message };
}
