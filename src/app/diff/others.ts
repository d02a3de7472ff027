import { type ObjectKey, parseObjectKey } from "../../core/keys.ts";
import type { ConditionChange, OtherChange, Verdict } from "../../core/world-diff.ts";
import type { BoundRoute } from "../../translate/route-nodes.ts";
import { verdictId, verdictsOf } from "../world/verdicts.ts";
import type { IsForeign } from "./owners.ts";
import type { Snapshot } from "./snapshot.ts";

/** Lists the objects of other namespaces whose conditions or hostnames are others than before. */
export function changedOthers(before: Snapshot, after: Snapshot, isForeign: IsForeign): readonly OtherChange[] {
  const keys = new Set([...before.statuses.keys(), ...after.statuses.keys()]);
  return [...keys]
    .filter((key) => isForeign(key))
    .sort()
    .flatMap((key) => {
      const conditions = changedConditions(verdicts(before, key), verdicts(after, key));
      const [old, young] = [hostsOf(before, key), hostsOf(after, key)];
      const gained = [...young].filter((host) => !old.has(host)).sort();
      const lost = [...old].filter((host) => !young.has(host)).sort();
      if (conditions.length + gained.length + lost.length === 0) return [];
      const refused = verdicts(after, key).some((verdict) => !verdict.good && isAmong(conditions, verdict));
      return [{ object: key, gained, lost, conditions, refused }];
    });
}

function verdicts({ statuses }: Snapshot, key: ObjectKey): readonly Verdict[] {
  return verdictsOf(statuses.get(key));
}

function isAmong(conditions: readonly ConditionChange[], verdict: Verdict): boolean {
  return conditions.some(
    ({ parent, listener, type }) => parent === verdict.parent && listener === verdict.listener && type === verdict.type,
  );
}

function changedConditions(before: readonly Verdict[], after: readonly Verdict[]): readonly ConditionChange[] {
  const old = new Map(before.map((verdict) => [verdictId(verdict), verdict]));
  const young = new Map(after.map((verdict) => [verdictId(verdict), verdict]));
  return [...new Set([...old.keys(), ...young.keys()])].flatMap((id): readonly ConditionChange[] => {
    const [was, is] = [old.get(id), young.get(id)];
    const verdict = is ?? was;
    if (verdict === undefined || sayingOf(was) === sayingOf(is)) return [];
    const { parent, listener, type } = verdict;
    return [
      {
        ...(parent !== undefined && { parent }),
        ...(listener !== undefined && { listener }),
        type,
        ...(was !== undefined && { before: wordOf(was) }),
        ...(is !== undefined && { after: wordOf(is) }),
        message: is?.message ?? "",
      },
    ];
  });
}

function sayingOf(verdict: Verdict | undefined): string {
  return verdict === undefined ? "" : `${wordOf(verdict)} ${verdict.message}`;
}

function wordOf({ status, reason }: Verdict): string {
  return `${status} ${reason}`;
}

/** What a route answers, and where; nothing for other kinds. */
function hostsOf({ routing }: Snapshot, key: ObjectKey): ReadonlySet<string> {
  const route = parseObjectKey(key).kind.endsWith("Route") ? routing.routes.get(key) : undefined;
  return new Set(route === undefined ? [] : route.parents.flatMap(attachedHosts));
}

function attachedHosts({ attachments }: BoundRoute["parents"][number]): readonly string[] {
  return attachments
    .filter(({ served }) => served)
    .flatMap(({ gateway, port, hosts }) => hosts.map(({ hostname }) => `${hostname || "*"} on ${gateway}:${port}`));
}
