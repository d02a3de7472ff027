import type { DataPlaneState } from "../core/data-plane.ts";

/** Joins what several replicas have heard from the proxies of one Gateway. The order of the states makes no difference. */
export function mergeDataPlane(states: readonly DataPlaneState[]): DataPlaneState {
  const versions = new Map<string, Set<string>>();
  const refusals = new Map<string, string>();
  for (const state of states) {
    for (const [name, some] of state.listeners) {
      const all = versions.get(name) ?? new Set();
      versions.set(name, all);
      for (const version of some) all.add(version);
    }
    for (const [resource, words] of state.refusals) {
      // Proxies may put it differently: one of the wordings is told, always the same.
      const other = refusals.get(resource);
      if (other === undefined || words < other) refusals.set(resource, words);
    }
  }
  return {
    proxies: sum(states, ({ proxies }) => proxies),
    readyProxies: sum(states, ({ readyProxies }) => readyProxies),
    listeners: new Map(byKey(versions).map(([name, all]) => [name, [...all].sort()])),
    refusals: new Map(byKey(refusals)),
  };
}

function sum(states: readonly DataPlaneState[], read: (state: DataPlaneState) => number): number {
  return states.reduce((total, state) => total + read(state), 0);
}

function byKey<V>(map: ReadonlyMap<string, V>): readonly (readonly [string, V])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
