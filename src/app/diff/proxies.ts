import { equal } from "../../collection/equal.ts";
import type { NamespacedName } from "../../core/keys.ts";
import type { ProxyChange } from "../../core/world-diff.ts";
import { resourceTypes } from "../../core/xds-resource.ts";
import { parseResourceId, type Snapshot } from "./snapshot.ts";

/** Lists what the proxies of each Gateway are sent, in the order of Gateways. */
export function changedProxies(before: Snapshot, after: Snapshot): readonly ProxyChange[] {
  const gateways = new Set([
    ...before.gateways,
    ...after.gateways,
    ...before.resources.keys(),
    ...after.resources.keys(),
  ]);
  return [...gateways].sort().flatMap((gateway) => {
    const resources = changedResources(
      before.resources.get(gateway) ?? new Map(),
      after.resources.get(gateway) ?? new Map(),
    );
    const fleet = fleetChange(before, after, gateway);
    return resources.length === 0 && fleet === "unchanged" ? [] : [{ gateway, fleet, resources }];
  });
}

type ResourceChanges = ProxyChange["resources"];

function changedResources(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ResourceChanges {
  const ids = [...new Set([...before.keys(), ...after.keys()])];
  const changes = ids.flatMap((id): ResourceChanges => {
    const [was, is] = [before.get(id), after.get(id)];
    if (was === is) return [];
    return [{ ...parseResourceId(id), change: was === undefined ? "added" : is === undefined ? "removed" : "changed" }];
  });
  return changes.sort(
    (a, b) => resourceTypes.indexOf(a.type) - resourceTypes.indexOf(b.type) || (a.name < b.name ? -1 : 1),
  );
}

/** How the proxies are run: ports, parameters, addresses. That a Gateway's text changed alone changes nothing about it. */
function fleetChange(before: Snapshot, after: Snapshot, gateway: NamespacedName): ProxyChange["fleet"] {
  if (!before.gateways.has(gateway)) return "added";
  if (!after.gateways.has(gateway)) return "removed";
  const run = ({ fleetSpecs }: Snapshot) => ({ ...fleetSpecs.get(gateway), generation: 0 });
  return equal(run(before), run(after)) ? "unchanged" : "changed";
}
