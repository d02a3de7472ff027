/** What is told of one object from what all replicas have counted. */
import type { ConvergenceReport, HeardReplicas, ProxyCounts, ReplicaCounts } from "../core/convergence.ts";
import { type NamespacedName, type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { Obstacle } from "./obstacle.ts";

export interface CountedObject {
  readonly object: ObjectKey;
  readonly own: ReplicaCounts;
  /** What the other replicas have counted; undefined for one that did not answer. */
  readonly others: readonly (ReplicaCounts | undefined)[];
  /** What stands in the way, as this replica sees it. */
  readonly obstacle: Obstacle | undefined;
  /** Gateways that the object names itself. */
  readonly named: ReadonlySet<NamespacedName>;
}

/** Puts together what replicas have counted. Only who has translated the newest generation can say who acknowledged it. */
export function reportConvergence(counted: CountedObject): ConvergenceReport {
  const { object, own, others } = counted;
  const heard = [own, ...others.filter((each) => each !== undefined)];
  const replicas: HeardReplicas = { answered: heard.length, known: others.length + 1 };
  const generation = newestGeneration(heard);
  const gateways = sumCounts(heard, generation);
  const { kind, name } = parseObjectKey(object);
  const { namespace = "", name: objectName } = parseNamespacedName(name);
  return {
    object: { kind, namespace, name: objectName },
    ...(generation !== undefined && { generation }),
    ...verdict(counted, { generation, gateways, replicas }),
    gateways: [...gateways].map(([gateway, counts]) => ({
      gateway: { kind: "Gateway", namespace: "", ...parseNamespacedName(gateway) },
      ...counts,
      ...(counted.named.has(gateway) && { named: true }),
    })),
    replicas,
  };
}

/** The newest generation that a replica has translated. */
export function newestGeneration(heard: readonly ReplicaCounts[]): number | undefined {
  const generations = heard.flatMap(({ generation }) => generation ?? []);
  return generations.length === 0 ? undefined : Math.max(...generations);
}

/** Adds up what replicas have counted. Proxies of one that is behind have acknowledged nothing of this generation. */
export function sumCounts(
  heard: readonly ReplicaCounts[],
  generation: number | undefined,
): ReadonlyMap<NamespacedName, ProxyCounts> {
  const sums = new Map<NamespacedName, ProxyCounts>();
  for (const replica of heard) {
    for (const { gateway, connected, acknowledged } of replica.gateways) {
      const sum = sums.get(gateway) ?? { connected: 0, acknowledged: 0 };
      const counts = replica.generation === generation ? acknowledged : 0;
      sums.set(gateway, { connected: sum.connected + connected, acknowledged: sum.acknowledged + counts });
    }
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Summed {
  readonly generation: number | undefined;
  readonly gateways: ReadonlyMap<NamespacedName, ProxyCounts>;
  readonly replicas: HeardReplicas;
}

type Verdict = Pick<ConvergenceReport, "state" | "reason" | "message">;

function verdict({ own, others, obstacle }: CountedObject, { generation, gateways, replicas }: Summed): Verdict {
  if (generation === undefined) return pending("NotFound", "no replica of the control plane knows of it");
  const silent = replicas.known - replicas.answered;
  const waiting = [...gateways].find(([, { connected, acknowledged }]) => acknowledged < connected);
  if (own.generation === generation && obstacle !== undefined) return obstacle;
  const behind = [own, ...others].filter((each) => each !== undefined && each.generation !== generation).length;
  if (behind > 0)
    return pending(
      "ReplicaBehind",
      `${behind} of ${replicas.known} replicas have not read generation ${generation} yet`,
    );
  if (waiting !== undefined) return pending("Waiting", told(generation, waiting));
  if (silent > 0) return pending("ReplicasSilent", `${replicas.answered} of ${replicas.known} replicas answered`);
  const empty = [...gateways].find(([, { connected }]) => connected === 0);
  if (empty !== undefined || gateways.size === 0)
    return pending("NoProxies", `no proxy of ${empty?.[0] ?? "its Gateway"} is connected`);
  const proxies = [...gateways.values()].reduce((sum, { connected }) => sum + connected, 0);
  const message = `generation ${generation} is acknowledged by all proxies, ${proxies} of ${proxies}`;
  return { state: "converged", reason: "Acknowledged", message };
}

function told(generation: number, [gateway, counts]: readonly [NamespacedName, ProxyCounts]): string {
  const { connected, acknowledged } = counts;
  return `generation ${generation} is acknowledged by ${acknowledged} of ${connected} proxies of ${gateway}`;
}

function pending(reason: Verdict["reason"], message: string): Verdict {
  return { state: "pending", reason, message };
}
