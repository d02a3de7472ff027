/**
 * Which TLS listeners of a port have hostnames that overlap: a client that reuses a connection may then meet the wrong
 * one of them. https://gateway-api.sigs.k8s.io/reference/spec/#listenerconditiontype
 */
import { everyHost, type Hostname, isWildcard } from "../core/hostname.ts";
import { isAcceptable } from "./listener.ts";
import type { Listener } from "./nodes.ts";
import { protocolSupport } from "./protocol-support.ts";

/** The keys of the listeners that overlap with another one. The cost grows with the listeners, not with their pairs. */
export function overlappingListeners(listeners: readonly Listener[]): ReadonlySet<string> {
  const overlapping = new Set<string>();
  const tls = listeners.filter((listener) => isAcceptable(listener) && isChosenByServerName(listener));
  for (const group of Map.groupBy(tls, ({ port }) => port).values()) {
    const byHostname = new Map(group.map(({ hostname, key }) => [hostname, key]));
    for (const { hostname, key } of group) {
      for (const wider of widerHostnames(hostname)) {
        const other = byHostname.get(wider);
        if (other !== undefined) overlapping.add(key).add(other);
      }
    }
  }
  return overlapping;
}

/** Where TLS is passed on a browser may reuse a connection as well, by the certificate that the backend shows. */
function isChosenByServerName({ protocol }: Listener): boolean {
  return protocolSupport(protocol)?.sharing === "sni";
}

/** Every other hostname that covers this one. */
function widerHostnames(hostname: Hostname): readonly Hostname[] {
  if (hostname === everyHost) return [];
  const labels = (isWildcard(hostname) ? hostname.slice(2) : hostname).split(".");
  const wildcards = labels.slice(1).map((_label, index) => `*.${labels.slice(index + 1).join(".")}`);
  return [...wildcards, everyHost];
}
