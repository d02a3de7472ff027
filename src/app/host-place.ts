import { type NamespacedName, parseGatewayResourceKey } from "../core/keys.ts";
import { scopeName } from "../translate/envoy/names.ts";
import type { ResourceTable } from "../xds/resource-table.ts";

/** Where proxies see a hostname. */
export interface HostPlace {
  readonly gateway: NamespacedName;
  /** The route table: one of its own, or one that it shares. */
  readonly name: string;
  readonly version?: string;
  /** The scope that leads there, where the table is cut by hostname. */
  readonly scope?: string;
}

/** The route table in which proxies see a hostname, by its virtualHostKey. */
export function placeOfHost(resources: Pick<ResourceTable, "entry">, virtualHost: string): HostPlace {
  const { gateway, name: own } = parseGatewayResourceKey(virtualHost);
  const shared = own.slice(0, own.indexOf("/"));
  const name =
    [own, shared, scopeName(shared, "*")].find((each) => {
      const entry = resources.entry(gateway, "route", each);
      // One that lingers is for connections from before: proxies that come now do not ask for it.
      return entry !== undefined && entry.resource.lingers !== true;
    }) ?? shared;
  const version = resources.entry(gateway, "route", name)?.resource.version;
  const isScoped = name !== shared && resources.entry(gateway, "scope", name) !== undefined;
  return { gateway, name, ...(version !== undefined && { version }), ...(isScoped && { scope: name }) };
}
