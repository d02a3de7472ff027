/**
 * Which listeners of a Gateway cannot stand beside each other.
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec
 *
 * The earlier one always keeps serving: whoever is attached to it must not suffer for what somebody wrote later. The API would
 * have none of the conflicting listeners of one Gateway accepted; docs/departures.md says so.
 */
import type { Rejection } from "../core/conditions.ts";
import type { ObjectKey } from "../core/keys.ts";
import { isAcceptable } from "./listener.ts";
import type { Listener } from "./nodes.ts";
import { http3Key, type ProtocolSupport, portKey, protocolSupport } from "./protocol-support.ts";

/** What decides about ports besides the listeners themselves. */
export interface PortRules {
  /** Ports whose HTTPS listeners are to be served by HTTP/3 as well, on the UDP port of the same number. */
  readonly http3Ports: ReadonlySet<number>;
  /** What comes before the order of precedence; the lowest is first. */
  readonly rankOf: (listener: Listener) => number;
}

const noRules: PortRules = { http3Ports: new Set(), rankOf: () => 0 };

/** Marks the listeners that lose. They come, and go out, in order of precedence. */
export function resolveConflicts(listeners: readonly Listener[], rules: PortRules = noRules): readonly Listener[] {
  const claims = new Map<string, Claim>();
  const judged = new Map<Listener, Listener>();
  const ranked = listeners.map((listener) => ({ listener, rank: rules.rankOf(listener) }));
  // Sorting keeps the order of those of one rank.
  for (const { listener } of ranked.sort((a, b) => a.rank - b.rank)) {
    judged.set(listener, judgeListener(listener, claims));
    if (judged.get(listener) === listener) claimPort(claims, listener, rules);
  }
  return listeners.map((listener) => judged.get(listener) ?? listener);
}

function judgeListener(listener: Listener, claims: ReadonlyMap<string, Claim>): Listener {
  const claim = claims.get(portKey(listener));
  if (claim?.sharing === "http3") {
    // Who writes both has decided: HTTP/3 is what cannot be had then.
    const isTaken = isAcceptable(listener) && [...claim.parents].some((parent) => parent !== listener.parent);
    return isTaken ? { ...listener, rejections: [...listener.rejections, takenByHttp3(listener)] } : listener;
  }
  const conflict = conflictOf(listener, claim);
  if (conflict === undefined) return listener;
  return { ...listener, conflict, rejections: [{ condition: "Accepted", ...conflict }, ...listener.rejections] };
}

/** What earlier listeners hold of one port. */
interface Claim {
  /** `http3`: it is the UDP port of HTTPS listeners. */
  readonly sharing: ProtocolSupport["sharing"] | "http3";
  readonly hostnames: Set<string>;
  readonly parents: Set<ObjectKey>;
}

function conflictOf(listener: Listener, claim: Claim | undefined): Listener["conflict"] {
  if (claim === undefined) return undefined;
  const support = protocolSupport(listener.protocol);
  if (support === undefined) return foreignPortConflict(listener, claim);
  if (!isAcceptable(listener)) return undefined;
  if (support.sharing !== claim.sharing) return protocolConflict(listener);
  if (support.sharing === "nothing") return portConflict(listener);
  if (!claim.hostnames.has(listener.hostname)) return undefined;
  const hostname = listener.hostname === "" ? "every hostname" : `hostname ${listener.hostname}`;
  return {
    reason: "HostnameConflict",
    message: `another listener that takes precedence serves ${hostname} on port ${listener.port}`,
  };
}

/**
 * A protocol that is not served is UnsupportedProtocol among the listeners of its own object; on a port that another
 * object holds it is a conflict first.
 */
function foreignPortConflict(listener: Listener, { parents }: Claim): Listener["conflict"] {
  const isForeign = [...parents].some((parent) => parent !== listener.parent);
  return isForeign ? protocolConflict(listener) : undefined;
}

function protocolConflict({ port, protocol }: Listener): Listener["conflict"] {
  const message = `another listener that takes precedence serves port ${port} with a protocol that cannot share it with ${protocol}`;
  return { reason: "ProtocolConflict", message };
}

/** There are no hostnames to conflict about: the protocol is what lets no two listeners have a port. */
function portConflict({ port, protocol }: Listener): Listener["conflict"] {
  const message = `another listener that takes precedence serves port ${port}, which ${protocol} shares with nobody`;
  return { reason: "ProtocolConflict", message };
}

function takenByHttp3({ port }: Listener): Rejection {
  const message = `UDP port ${port} is taken: HTTP/3 is served there`;
  return { condition: "Accepted", reason: "PortUnavailable", message };
}

function claimPort(claims: Map<string, Claim>, listener: Listener, { http3Ports }: PortRules): void {
  const support = protocolSupport(listener.protocol);
  if (support === undefined || !isAcceptable(listener)) return;
  addClaim(claims, portKey(listener), { listener, sharing: support.sharing });
  const http3 = http3Key(listener, http3Ports);
  if (http3 !== undefined && (claims.get(http3)?.sharing ?? "http3") === "http3") {
    addClaim(claims, http3, { listener, sharing: "http3" });
  }
}

function addClaim(
  claims: Map<string, Claim>,
  key: string,
  { listener: { hostname, parent }, sharing }: Pick<Claim, "sharing"> & { readonly listener: Listener },
): void {
  const before = claims.get(key);
  const claim: Claim = before?.sharing === sharing ? before : { sharing, hostnames: new Set(), parents: new Set() };
  claim.hostnames.add(hostname);
  claim.parents.add(parent);
  claims.set(key, claim);
}
