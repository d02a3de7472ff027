/** What a connected proxy has of the tenants: everything that was there before the attacker came, part by part. */
import { hash } from "node:crypto";
import { decodeMessage, encodeMessage } from "../../proto/messages.ts";
import { covers } from "../../src/core/hostname.ts";
import type { ResourceType } from "../../src/core/xds-resource.ts";
import { attacker, forged, isTenants } from "./tenants.ts";

/** Digests by the name of a part: a cluster, a filter chain, the routes of a virtual host that are not the attacker's. */
export type TenantView = ReadonlyMap<string, string>;

/** Names under which only their owner may have routes. */
const exclusive = [
  "api.techresolve.com",
  "*.wild.example.com",
  "bank.teams.example.com",
  "bank.apps.example.com",
  "granted.example.com",
  "*.granted.example.com",
  "manual.example.com",
  "parts.example.com",
  "store.example.net",
  "rpc.example.com",
  "cert.example.com",
];

/** What one resource says of tenants. Parts that are the attacker's alone are left out; intrusions are not. */
export function viewOf(type: ResourceType, name: string, bytes: Uint8Array): TenantView {
  switch (type) {
    case "listener":
      return listenerView(name, bytes);
    case "route":
      return routeTableView(name, bytes);
    case "endpoint":
      return isAttackers(name) ? endpointsView(name, bytes) : new Map([[`${type} ${name}`, digest(bytes)]]);
    default:
      return isAttackers(name) ? new Map() : new Map([[`${type} ${name}`, digest(bytes)]]);
  }
}

/** What is not as it was; empty when nobody has lost or gained anything that was theirs. */
export function differences(before: TenantView, after: TenantView): readonly string[] {
  const lost = [...before].flatMap(([part, was]) => {
    const is = after.get(part);
    return is === was ? [] : [`${part}: ${is === undefined ? "gone" : "other than before"}`];
  });
  const intruders = [...after].filter(([part]) => part.startsWith(intrusion) && !before.has(part));
  return [...lost, ...intruders.map(([part]) => part)];
}

const intrusion = "intrusion";

function listenerView(name: string, bytes: Uint8Array): TenantView {
  const { filterChains = [], ...rest } = decodeMessage("envoy.config.listener.v3.Listener", bytes);
  const chains = filterChains.map((chain) => {
    const encoded = encodeMessage("envoy.config.listener.v3.FilterChain", chain);
    return [`listener ${name} chain ${chain.name ?? ""}`, digest(encoded)] as const;
  });
  return new Map([[`listener ${name}`, digest(encodeMessage("envoy.config.listener.v3.Listener", rest))], ...chains]);
}

function routeTableView(name: string, bytes: Uint8Array): TenantView {
  const { virtualHosts = [], ...rest } = decodeMessage("envoy.config.route.v3.RouteConfiguration", bytes);
  const view = new Map([[`table ${name}`, digest(encodeMessage("envoy.config.route.v3.RouteConfiguration", rest))]]);
  for (const { routes = [], domains = [], ...host } of virtualHosts) {
    const theirs = routes.filter((route) => !isAttackers(route.name ?? ""));
    const kept = digest(encodeMessage("envoy.config.route.v3.VirtualHost", { ...host, routes: theirs }));
    // One that answers alike for many hosts is one for each of them.
    for (const domain of domains) view.set(`host ${domain} of ${name}`, kept);
    const taken = domains.filter((domain) => exclusive.some((hostname) => covers(hostname, domain)));
    if (theirs.length === routes.length) continue;
    for (const domain of taken) view.set(`${intrusion} in host ${domain} of ${name}`, "");
  }
  return view;
}

/** Where what is sent to the attacker's backends goes: not to a pod or a Service of somebody else. */
function endpointsView(name: string, bytes: Uint8Array): TenantView {
  // A label that is made up counts until Kubernetes has deleted its slice, some seconds: there is no Kubernetes here.
  if (name.split("/").includes(forged)) return new Map();
  const { endpoints = [] } = decodeMessage("envoy.config.endpoint.v3.ClusterLoadAssignment", bytes);
  const addresses = endpoints.flatMap(({ lbEndpoints = [] }) =>
    lbEndpoints.map(({ endpoint }) => endpoint?.address?.socketAddress?.address ?? ""),
  );
  return new Map(addresses.filter(isTenants).map((address) => [`${intrusion} at ${address} by ${name}`, ""]));
}

function isAttackers(name: string): boolean {
  return name.split("/").includes(attacker);
}

function digest(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}
