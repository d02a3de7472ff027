import type { DataPlaneState } from "../core/data-plane.ts";
import type { NamespacedName } from "../core/keys.ts";

/** What one connected proxy has acknowledged. */
export interface ConnectedProxy {
  readonly firstConfigAcknowledged: boolean;
  readonly listeners: ReadonlyMap<string, string>;
}

/** Where the state of a Gateway's proxies is read. */
export interface DataPlaneSource {
  proxies(gateway: NamespacedName): readonly ConnectedProxy[];
  refusals(gateway: NamespacedName): ReadonlyMap<string, string>;
}

/** Tells what the proxies of each Gateway have said: once per turn of the event loop, and only when it is something new. */
export class DataPlaneWatch {
  readonly #source: DataPlaneSource;
  readonly #tell: (gateway: NamespacedName, state: DataPlaneState) => void;
  readonly #told = new Map<NamespacedName, DataPlaneState>();
  readonly #touched = new Set<NamespacedName>();
  #scheduled: NodeJS.Immediate | undefined;

  constructor(source: DataPlaneSource, tell: (gateway: NamespacedName, state: DataPlaneState) => void) {
    this.#source = source;
    this.#tell = tell;
  }

  /** Notes that the state of a Gateway may have changed. */
  touch(gateway: NamespacedName): void {
    this.#touched.add(gateway);
    this.#scheduled ??= setImmediate(() => this.#flush());
  }

  stop(): void {
    clearImmediate(this.#scheduled);
    this.#touched.clear();
  }

  #flush(): void {
    this.#scheduled = undefined;
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const gateway of touched) {
      const state = summarize(this.#source.proxies(gateway), this.#source.refusals(gateway));
      const previous = this.#told.get(gateway) ?? nothing;
      if (isSame(state, previous)) continue;
      if (isSame(state, nothing)) this.#told.delete(gateway);
      else this.#told.set(gateway, state);
      this.#tell(gateway, state);
    }
  }
}

const nothing: DataPlaneState = { proxies: 0, readyProxies: 0, listeners: new Map(), refusals: new Map() };

function summarize(proxies: readonly ConnectedProxy[], refusals: ReadonlyMap<string, string>): DataPlaneState {
  const listeners = new Map<string, Set<string>>();
  for (const [name, version] of proxies.flatMap((proxy) => [...proxy.listeners])) {
    // An empty version stands for a listener whose state on the proxy is unknown.
    if (version !== "") listeners.set(name, (listeners.get(name) ?? new Set()).add(version));
  }
  return {
    proxies: proxies.length,
    readyProxies: proxies.filter(({ firstConfigAcknowledged }) => firstConfigAcknowledged).length,
    listeners: new Map(Array.from(listeners, ([name, versions]) => [name, [...versions].sort()])),
    refusals,
  };
}

function isSame(a: DataPlaneState, b: DataPlaneState): boolean {
  return (
    a.proxies === b.proxies &&
    a.readyProxies === b.readyProxies &&
    hasSameEntries(a.listeners, b.listeners, hasSameItems) &&
    hasSameEntries(a.refusals, b.refusals, (one, other) => one === other)
  );
}

function hasSameEntries<V>(
  a: ReadonlyMap<string, V>,
  b: ReadonlyMap<string, V>,
  isEqual: (one: V, other: V) => boolean,
): boolean {
  const has = (key: string, value: V) => {
    const other = b.get(key);
    return other !== undefined && isEqual(value, other);
  };
  return a.size === b.size && [...a].every(([key, value]) => has(key, value));
}

function hasSameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
