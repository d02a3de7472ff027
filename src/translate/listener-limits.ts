/** Which listeners a class lets its Gateways, and the ListenerSets attached to them, have. */
import type { Rejection } from "../core/conditions.ts";
import type { ParameterBounds } from "../core/gateway-parameters.ts";
import { covers, normalizeHostname } from "../core/hostname.ts";
import type { Listener } from "./nodes.ts";

/** What a class has against a listener; `path` is where the listener is written. */
export function beyondBounds(
  { port, protocol, hostname }: Pick<Listener, "port" | "protocol" | "hostname">,
  path: string,
  { ports, protocols, hostnames }: ParameterBounds = {},
): readonly Rejection[] {
  const rejections: Rejection[] = [];
  const refuse = (reason: string, message: string) => rejections.push({ condition: "Accepted", reason, message });
  if (ports !== undefined && !ports.some(({ from, to }) => from <= port && port <= to)) {
    const allowed = ports.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
    refuse("PortUnavailable", `${path}.port is ${port}, the class allows only ${allowed}`);
  }
  if (protocols !== undefined && !protocols.includes(protocol)) {
    refuse("UnsupportedProtocol", `${path}.protocol is ${protocol}, the class allows only ${protocols.join(", ")}`);
  }
  if (hostnames !== undefined && !hostnames.some((allowed) => covers(normalizeHostname(allowed), hostname))) {
    const asked = hostname === "" ? "every host" : hostname;
    refuse("UnsupportedValue", `${path}.hostname is ${asked}, the class allows only ${hostnames.join(", ")}`);
  }
  return rejections;
}
