import type { Acknowledgement } from "../core/explanation.ts";
import { type NamespacedName, parseGatewayResourceKey } from "../core/keys.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import type { Acknowledgements } from "./explain.ts";
import type { Translator } from "./translator.ts";

export interface AcknowledgementSources {
  readonly translator: Pick<Translator, "dataPlane">;
  readonly table: Pick<ResourceTable, "entry">;
  /** What each proxy that is connected here has acknowledged of a route table: undefined where it has none. */
  readonly held: (gateway: NamespacedName, routeTable: string) => readonly (string | undefined)[];
}

/** Counts which proxies of this replica run what hostnames are answered with now. */
export function createAcknowledgements({ translator, table, held }: AcknowledgementSources): Acknowledgements {
  return (gateway, hosts): Acknowledgement | undefined => {
    const state = translator.dataPlane(gateway);
    if (state === undefined) return undefined;
    const names = new Set(hosts.map((host) => routeTableOf(table, host).name));
    const tables = [...names].map((name) => ({
      version: table.entry(gateway, "route", name)?.resource.version,
      held: held(gateway, name),
    }));
    const connected = tables[0]?.held.length ?? 0;
    const proxies = Array.from({ length: connected }, (_, proxy) => proxy);
    const acknowledged = proxies.filter((proxy) => tables.every((each) => each.held[proxy] === each.version));
    const words = [...state.refusals].map(([resource, text]) => `${resource}: ${text}`);
    return { connected, acknowledged: acknowledged.length, refusals: words.sort() };
  };
}

/** The route table in which proxies see a hostname, by its virtualHostKey: one of its own, or the one that it shares. */
export function routeTableOf(
  resources: Pick<ResourceTable, "entry">,
  virtualHost: string,
): { readonly name: string; readonly version?: string } {
  const { gateway, name: own } = parseGatewayResourceKey(virtualHost);
  const name = resources.entry(gateway, "route", own) === undefined ? own.slice(0, own.indexOf("/")) : own;
  const version = resources.entry(gateway, "route", name)?.resource.version;
  return { name, ...(version !== undefined && { version }) };
}
