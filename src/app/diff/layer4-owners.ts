import type { ObjectKey } from "../../core/keys.ts";
import type { OwnerChange } from "../../core/world-diff.ts";
import type { Listener } from "../../translate/nodes.ts";
import type { IsForeign } from "./owners.ts";
import type { Snapshot } from "./snapshot.ts";

/** Lists ports and server names whose connections or datagrams go to another route than before. */
export function changedForwarding(before: Snapshot, after: Snapshot, isForeign: IsForeign): readonly OwnerChange[] {
  const [old, young] = [winnersOf(before), winnersOf(after)];
  const listeners = new Map([...listenersOf(before), ...listenersOf(after)]);
  return [...new Set([...old.keys(), ...young.keys()])].sort().flatMap((place): readonly OwnerChange[] => {
    const [was, is] = [old.get(place), young.get(place)];
    const space = place.lastIndexOf(" ");
    const listener = listeners.get(place.slice(0, space));
    if (was === is || listener === undefined) return [];
    const { gateway, port } = listener;
    const hostname = place.slice(space + 1) || "*";
    return [
      {
        ...{ gateway, port, hostname },
        ...(was !== undefined && { before: was }),
        ...(is !== undefined && { after: is }),
        foreign: isForeign(was) || isForeign(is),
      },
    ];
  });
}

function winnersOf({ routing }: Snapshot): ReadonlyMap<string, ObjectKey> {
  return new Map([...routing.layer4Winners.entries()].map(([place, { route }]) => [place, route]));
}

function listenersOf({ routing }: Snapshot): ReadonlyMap<string, Listener> {
  const nodes = [...routing.gateways.entries()].map(([, node]) => node);
  return new Map(nodes.flatMap(({ listeners }) => listeners.map((listener) => [listener.key, listener])));
}
