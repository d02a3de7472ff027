/**
 * Ports that ListenerSets open on a Gateway: among those who want one that not all of them can have, whoever had it first comes
 * first. The age of a ListenerSet alone would let an old one that adds a listener take a port, and what comes there, from a younger
 * one. Nobody is kept from a port by that: who comes second shares it as far as protocols and hostnames go.
 *
 *     tcp:8443        what is spoken there; with a protocol that shares nothing, all of it
 *     tcp:8443:rest   what comes for a hostname that no listener has
 *     udp:8443        all of it, for a UDP listener or for the HTTP/3 of an HTTPS listener
 */
import type { Collection, Reader } from "../../collection/collection.ts";
import { everyHost } from "../../core/hostname.ts";
import { type NamespacedName, objectKey } from "../../core/keys.ts";
import { type HeldPath, type Holding, heldPort, pathRecordKey } from "../../core/ownership.ts";
import { isAcceptable } from "../listener.ts";
import type { Listener } from "../nodes.ts";
import { http3Key, portKey, protocolSupport } from "../protocol-support.ts";
import type { Claim } from "../route-nodes.ts";

/** What holds on the ports of a Gateway. */
export interface GatewayPorts {
  readonly gateway: NamespacedName;
  /** The Gateway's own listeners, which come before all others. */
  readonly own: readonly Listener[];
  /** What those have of ports. */
  readonly taken: ReadonlySet<string>;
  /** Ports whose HTTPS listeners are to be served by HTTP/3 as well. */
  readonly http3Ports: ReadonlySet<number>;
}

/** Tells what holds on the ports of a Gateway. */
export function gatewayPorts(ports: Omit<GatewayPorts, "taken">): GatewayPorts {
  const { own, http3Ports } = ports;
  return { ...ports, taken: new Set(own.filter(isAcceptable).flatMap((listener) => placesOf(listener, http3Ports))) };
}

/** What a listener of a ListenerSet claims of its port: nothing that the Gateway's own listeners have anyway. */
export function portClaims(
  listener: Listener,
  { namespace, createdAt }: Pick<Claim, "namespace" | "createdAt">,
  { gateway, http3Ports, taken }: Omit<GatewayPorts, "own">,
): readonly Claim[] {
  if (!isAcceptable(listener)) return [];
  return placesOf(listener, http3Ports)
    .filter((place) => !taken.has(place))
    .map((place) => {
      const path = heldPlace(gateway, place);
      const key = pathRecordKey(everyHost, path);
      return { key, hostname: everyHost, path, namespace, object: listener.parent, createdAt };
    });
}

/**
 * Orders the listeners of a port before their age does: those of who opened the port first, as they decide what is spoken there;
 * then that of who had the rest of it first, unless it is the same. Of the rest there is one: whoever opened the port does not
 * take it from others.
 */
export function portRank(
  read: Reader,
  holdings: Collection<Holding>,
  listener: Listener,
  { gateway, http3Ports }: Pick<GatewayPorts, "gateway" | "http3Ports">,
): number {
  const holderOf = (place: string) =>
    read.get(holdings, pathRecordKey(everyHost, heldPlace(gateway, place)))?.namespace;
  const places = placesOf(listener, http3Ports);
  const rest = places.find(isRest);
  const holderOfRest = rest === undefined ? undefined : holderOf(rest);
  if (holderOfRest !== undefined && holderOfRest !== listener.namespace) return ranks.others;
  const opened = places.some((place) => !isRest(place) && holderOf(place) === listener.namespace);
  if (opened) return ranks.first;
  return holderOfRest === undefined ? ranks.others : ranks.rest;
}

const ranks = { first: 1, rest: 2, others: 3 };

function placesOf(listener: Listener, http3Ports: ReadonlySet<number>): readonly string[] {
  const support = protocolSupport(listener.protocol);
  if (support === undefined) return [];
  const port = portKey(listener);
  const takesRest = support.sharing !== "nothing" && listener.hostname === everyHost;
  const http3 = http3Key(listener, http3Ports);
  return [port, ...(takesRest ? [`${port}/rest`] : []), ...(http3 === undefined ? [] : [http3])];
}

function isRest(place: string): boolean {
  return place.endsWith("/rest");
}

function heldPlace(gateway: NamespacedName, place: string): HeldPath {
  return heldPort(objectKey("Gateway", gateway), place.replaceAll("/", ":"));
}
