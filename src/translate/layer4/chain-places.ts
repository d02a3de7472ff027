/** The server names that are told apart in one listener whose connections are forwarded. */
import { covers, type Hostname, wildcardsAbove } from "../../core/hostname.ts";
import type { EnvoyListener, FilterChain, Layer4Chain } from "../nodes.ts";
import type { Hole } from "../ownership/holes.ts";
import type { PortRoutes } from "../route-nodes.ts";
import { mayForward } from "./held-names.ts";
import { type PlaceWinners, placeWinners } from "./place-winners.ts";

/** A name of a listener with the routes that it may go to, the one that has it first; none: it is closed. */
export interface ChainPlace extends PlaceWinners {
  /** It is another namespace's than that of the routes of a wider name. */
  readonly isHeld?: true;
}

export interface PlaceInputs {
  readonly node: Pick<EnvoyListener, "chains">;
  readonly portRoutes: readonly PortRoutes[];
  /** Names below wide ones of the listener that are somebody's. */
  readonly holes: readonly Hole[];
}

/** Whether what comes is TLS, and goes on as it is: whatever its backends ask of others is nothing to it. */
export function isPassedOn({ protocol, tls }: Pick<Layer4Chain, "protocol" | "tls">): boolean {
  return protocol === "TLS" && tls === undefined;
}

/** Lists the names that routes ask for, those below them that are somebody else's, and the listener's own. */
export function chainPlaces(chain: Layer4Chain, { node, portRoutes, holes }: PlaceInputs): readonly ChainPlace[] {
  const asked = placeWinners(chain.listener, portRoutes);
  const known = new Map(asked.map((place) => [place.hostname, place]));
  const isElsewhere = (name: Hostname) =>
    node.chains.some(
      (other) => other !== chain && covers(nameOf(other), name) && covers(chain.hostname, nameOf(other)),
    );
  const held = holes
    .filter(({ table, hostname }) => table === chain.listener && !known.has(hostname) && !isElsewhere(hostname))
    .map((hole): ChainPlace => {
      const above = wildcardsAbove(hole.hostname).find((name) => known.has(name));
      const wide = above === undefined ? [] : (known.get(above)?.routes ?? []);
      return { hostname: hole.hostname, routes: wide.filter((route) => mayForward(hole, route)), isHeld: true };
    })
    .sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
  const places = [...asked, ...held];
  if (places.some(({ hostname }) => hostname === chain.hostname)) return places;
  return [...places, { hostname: chain.hostname, routes: [] }];
}

function nameOf(chain: FilterChain): Hostname {
  return chain.kind === "http" ? (chain.tls?.hostname ?? "") : chain.hostname;
}
