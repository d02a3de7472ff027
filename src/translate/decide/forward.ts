/** What becomes of a connection that a Gateway forwards as it is: no request of it is read. */
import type { ForwardingRival, GatewayExplanation, RequestAnswer } from "../../core/explanation.ts";
import type { Hostname } from "../../core/hostname.ts";
import { type ChainPlace, chainPlaces, isPassedOn, type PlaceInputs } from "../layer4/chain-places.ts";
import { layer4Criterion } from "../layer4-shadows.ts";
import type { Layer4Chain } from "../nodes.ts";
import type { PortRoutes } from "../route-nodes.ts";
import { objectName } from "./object-name.ts";
import { explainBackend } from "./rule-answer.ts";

/** A connection to a listener whose connections are forwarded, under the name by which it got there. */
export interface ForwardedConnection {
  readonly chain: Layer4Chain;
  readonly hostname: Hostname;
  readonly places: PlaceInputs;
  /** Why nothing is sent to a cluster, in words for a namespace; undefined where something is. */
  readonly closed: (cluster: string, namespace: string) => string | undefined;
}

/** Tells where a connection goes, and which routes it does not go to because another one comes first. */
export function forwardConnection({
  chain,
  hostname,
  places,
  closed,
}: ForwardedConnection): Pick<GatewayExplanation, "answer" | "forwarder" | "forwardRivals"> {
  const place = chainPlaces(chain, places).find((each) => each.hostname === hostname);
  const [winner, ...losers] = place?.routes ?? [];
  if (winner === undefined) return { answer: nobody(chain, place) };
  const asking = (route: PortRoutes) => ({ createdAt: route.createdAt, written: writtenAt(route, chain, hostname) });
  const rivals = losers.map(
    (loser): ForwardingRival => ({
      route: objectName(loser.route),
      criterion: layer4Criterion(asking(winner), asking(loser)),
    }),
  );
  return {
    answer: answerOf(winner, isPassedOn(chain) ? () => undefined : closed),
    forwarder: objectName(winner.route),
    ...(rivals.length > 0 && { forwardRivals: rivals }),
  };
}

function nobody({ protocol }: Layer4Chain, place: ChainPlace | undefined): RequestAnswer {
  if (place?.isHeld === true) {
    return { kind: "noConnection", reason: "Another namespace owns the server name: the connection is closed" };
  }
  const reason = protocol === "TLS" ? "No route has the server name" : "No route has the port";
  return { kind: "noConnection", reason: `${reason}: the connection is closed` };
}

function answerOf({ rule, namespace }: PortRoutes, closed: ForwardedConnection["closed"]): RequestAnswer {
  const backends = rule.backends.map((backend) => {
    const reason = backend.kind === "cluster" ? closed(backend.cluster, namespace) : undefined;
    return { ...explainBackend(backend), ...(reason !== undefined && { message: `is not connected to: ${reason}` }) };
  });
  const isUsable = rule.backends.some(({ kind, weight }) => kind === "cluster" && weight > 0);
  if (isUsable) return { kind: "forwarded", backends };
  return { kind: "noConnection", reason: "No backend of the route can be used: the connection is closed" };
}

function writtenAt({ places }: PortRoutes, { listener }: Layer4Chain, hostname: Hostname): Hostname {
  const hosts = places.flatMap((place) => (place.listener === listener ? place.hosts : []));
  return hosts.find((host) => host.hostname === hostname)?.written ?? "";
}
