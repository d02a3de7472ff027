import { everyHost, type Hostname } from "../../core/hostname.ts";

/** Envoy spells a wildcard as Gateway API does, and takes the longest; a chain without names serves all others. */
export function serverNameMatch(hostname: Hostname) {
  return hostname === everyHost ? { transportProtocol: "tls" } : { transportProtocol: "tls", serverNames: [hostname] };
}
