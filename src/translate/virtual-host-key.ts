import { everyHost, type Hostname } from "../core/hostname.ts";
import { type GatewayResourceKey, gatewayResourceKey, type NamespacedName } from "../core/keys.ts";
import { scopeName } from "./envoy/names.ts";

/** The key of a hostname in a table of a Gateway; its last part is the name of the scope that it may get. */
export function virtualHostKey(
  { gateway, table }: { readonly gateway: NamespacedName; readonly table: string },
  hostname: Hostname,
): GatewayResourceKey {
  return gatewayResourceKey(gateway, scopeName(table, hostname === everyHost ? "*" : hostname));
}
