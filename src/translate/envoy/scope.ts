import {
  EnvoyConfigCoreV3HeaderValueOptionHeaderAppendAction as AppendAction,
  type EnvoyConfigCommonMutationRulesV3HeaderMutation as HeaderMutation,
  type EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3ScopedRoutes as ScopedRoutes,
} from "../../../proto/gen/types.ts";
import { encodeMessage } from "../../../proto/messages.ts";
import type { Hostname } from "../../core/hostname.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import { adsConfigSource } from "./ads.ts";
import { scopeName } from "./names.ts";
import { xdsResource } from "./resource.ts";

/** The header by which a proxy picks a request's scope. It is always overwritten, and removed before the backend. */
export const scopeHeader = "x-gw-scope";

/**
 * Prints the scope of one hostname of a table, or of the rest of them (`*`). It carries no routes: it names the route
 * configuration of the same name, and its own name is its key.
 */
export function printScope(table: string, hostname: Hostname | "*"): XdsResource {
  const name = scopeName(table, hostname);
  const bytes = encodeMessage("envoy.config.route.v3.ScopedRouteConfiguration", {
    name,
    routeConfigurationName: name,
    key: { fragments: [{ stringKey: name }] },
  });
  return xdsResource("scope", name, bytes);
}

/** Makes a connection manager look routes up by the header, up to its first ':', so that a port does not count. */
export const scopedRoutes: ScopedRoutes = {
  // A name for Envoy's own books: all connection managers see all scopes anyhow.
  name: "hostnames",
  scopeKeyBuilder: {
    fragments: [{ headerValueExtractor: { name: scopeHeader, elementSeparator: ":", index: 0 } }],
  },
  rdsConfigSource: adsConfigSource,
  scopedRds: { scopedRdsConfigSource: adsConfigSource },
};

/** Sets the header to the table and the authority, whatever the client sent in it. */
export function scopeHeaderMutation(table: string): HeaderMutation {
  return {
    append: {
      header: { key: scopeHeader, value: `${table.replaceAll("%", "%%")}/%REQ(:AUTHORITY)%` },
      appendAction: AppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
    },
  };
}
