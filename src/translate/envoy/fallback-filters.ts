import type { EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpFilter as HttpFilter } from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";

/**
 * The filters that find the table of a request whose Host has no table of its own under the spelling that the client used.
 * Envoy picks a route again when the next filter asks for it, so each step is a filter:
 *
 *     table "L/<authority as sent>" found ──────────────────────────────► routes
 *        └ none: normalise    lower case, no port, no trailing dot ► "L/<host>", or "L/*" when that changes nothing
 *                   └ none: rest      "L/*": wildcard hostnames and the catch-all
 *                              └ none, with TLS: misdirected    "https-<port>/*": 421 for every listener's hostname
 *
 * The scripts are constant; what they need to know is in the header that `scope.ts` has set.
 */
export function fallbackFilters(scheme: "http" | "https"): readonly HttpFilter[] {
  const filters = [luaFilter(normalise), luaFilter(rest)];
  return scheme === "https" ? [...filters, luaFilter(misdirected)] : filters;
}

/**
 * The name that all of them have: a hostname's own table switches them off by it, and under it Lua reads the metadata of a
 * virtual host. One name keeps what every table says about them short.
 */
export const fallbackFilterName = "gatehouse.fallback";

/** The key in a virtual host's metadata that says that a table was found. */
export const foundKey = "hit";

// A path that no route of a found virtual host matches must stay a 404 there, so the host is asked and not the route.
const found = `
local function found(handle)
  return handle:virtualHost():metadata():get("${foundKey}") ~= nil
end
`;

const normalise = `${found}
function envoy_on_request(handle)
  if found(handle) then return end
  local headers = handle:headers()
  local scope = headers:get("x-gw-scope") or ""
  local slash = string.find(scope, "/", 1, true)
  if slash == nil then return end
  local authority = headers:get(":authority") or ""
  local host = string.lower(authority)
  if string.sub(host, 1, 1) == "[" then
    host = string.match(host, "^%[[^%]]*%]") or host
  else
    host = string.match(host, "^[^:]*")
  end
  if string.sub(host, -1) == "." then host = string.sub(host, 1, -2) end
  if host == authority or host == "" then host = "*" end
  headers:replace("x-gw-scope", string.sub(scope, 1, slash) .. host)
  handle:clearRouteCache()
end
`;

const rest = `${found}
function envoy_on_request(handle)
  if found(handle) then return end
  local headers = handle:headers()
  local scope = headers:get("x-gw-scope") or ""
  local slash = string.find(scope, "/", 1, true)
  if slash == nil then return end
  local wanted = string.sub(scope, 1, slash) .. "*"
  if scope == wanted then return end
  headers:replace("x-gw-scope", wanted)
  handle:clearRouteCache()
end
`;

const misdirected = `${found}
function envoy_on_request(handle)
  if found(handle) then return end
  local headers = handle:headers()
  local port = string.match(headers:get("x-gw-scope") or "", "^https%-%d+")
  if port == nil then return end
  headers:replace("x-gw-scope", port .. "/*")
  handle:clearRouteCache()
end
`;

function luaFilter(script: string): HttpFilter {
  const typedConfig = anyOf("envoy.extensions.filters.http.lua.v3.Lua", {
    defaultSourceCode: { inlineString: script },
  });
  return { name: fallbackFilterName, typedConfig };
}
