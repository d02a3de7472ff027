import type { NamespacedName } from "../core/keys.ts";

/** More streams a connection are refused. A proxy needs one; HTTP/2 is told the same number. */
export const streamsAConnection = 4;

/** More connections a proxy are refused: the one that it has, and the one that takes its place. */
const connectionsAProxy = 2;

/** A fleet has so many connections when nobody knows how many proxies it should have. */
const proxiesOfUnknownFleet = 1_000;

/** Besides two for each proxy of a fleet: for those that a rollout adds. */
const spareConnections = 8;

/** How many proxies a Gateway should have at most; undefined where nobody knows, because users run them. */
export type FleetSize = (gateway: NamespacedName) => number | undefined;

/** A connection that has proven whose it is. */
export interface ProvenConnection {
  readonly gateway: NamespacedName;
  /** Its other end, with the port. */
  readonly address: string;
}

interface OpenConnection {
  readonly gateway: NamespacedName;
  streams: number;
  proxy?: string;
}

/**
 * Counts connections and their streams. A certificate is a fleet's and not a proxy's, so that one proxy's share of it is
 * told by where it connects from and by the id that it gives itself: a proxy that runs wild does not change its id, and one
 * that does is still held by the size of its fleet, and hurts no other.
 */
export class ConnectionLimits {
  readonly #fleetSize: FleetSize;
  readonly #connections = new Map<string, OpenConnection>();
  readonly #fleets = new Map<NamespacedName, number>();
  readonly #proxies = new Map<string, number>();

  constructor(fleetSize: FleetSize = () => undefined) {
    this.#fleetSize = fleetSize;
  }

  /** Counts a stream, unless it is one too many; then it says why. */
  enter({ gateway, address }: ProvenConnection): string | undefined {
    const connection = this.#connections.get(address);
    if (connection !== undefined) {
      if (connection.streams >= streamsAConnection) return `a connection has at most ${streamsAConnection} streams`;
      connection.streams += 1;
      return undefined;
    }
    const open = this.#fleets.get(gateway) ?? 0;
    const most = 2 * (this.#fleetSize(gateway) ?? proxiesOfUnknownFleet) + spareConnections;
    if (open >= most) return `the proxies of ${gateway} have ${open} connections already, the most for their number`;
    this.#connections.set(address, { gateway, streams: 1 });
    this.#fleets.set(gateway, open + 1);
    return undefined;
  }

  /** Notes which proxy a connection is of, unless that has too many; then it says why. */
  identify(address: string, nodeId: string): string | undefined {
    const connection = this.#connections.get(address);
    if (connection === undefined || connection.proxy !== undefined) return undefined;
    const host = address.slice(0, address.lastIndexOf(":"));
    const proxy = JSON.stringify([connection.gateway, host, nodeId]);
    const open = this.#proxies.get(proxy) ?? 0;
    if (open >= connectionsAProxy) return `the proxy ${nodeId} has ${open} connections already`;
    connection.proxy = proxy;
    this.#proxies.set(proxy, open + 1);
    return undefined;
  }

  /** A stream that was counted is over. */
  leave(address: string): void {
    const connection = this.#connections.get(address);
    if (connection === undefined) return;
    connection.streams -= 1;
    if (connection.streams > 0) return;
    this.#connections.delete(address);
    decrement(this.#fleets, connection.gateway);
    if (connection.proxy !== undefined) decrement(this.#proxies, connection.proxy);
  }
}

function decrement<K>(counts: Map<K, number>, key: K): void {
  const count = (counts.get(key) ?? 1) - 1;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
