/**
 * Which listeners of a Gateway cannot stand beside each other.
 * https://gateway-api.sigs.k8s.io/reference/spec/#gatewayspec
 *
 * The earlier one always keeps serving: whoever is attached to it must not suffer for what somebody wrote later. The API
 * lets no winner be picked among listeners of one Gateway that share port, protocol and hostname, but its validation
 * does not let those in; the ones of one Gateway that can meet here differ in protocol, and are distinct.
 */
import type { ObjectKey } from "../core/keys.ts";
import { isAcceptable } from "./listener.ts";
import type { Listener } from "./nodes.ts";
import { type ProtocolSupport, portKey, protocolSupport } from "./protocol-support.ts";

/** Marks the listeners that lose. They come, and go out, in order of precedence. */
export function resolveConflicts(listeners: readonly Listener[]): readonly Listener[] {
  const claims = new Map<string, Claim>();
  return listeners.map((listener) => {
    const conflict = conflictOf(listener, claims.get(portKey(listener)));
    if (conflict !== undefined) {
      return { ...listener, conflict, rejections: [{ condition: "Accepted", ...conflict }, ...listener.rejections] };
    }
    claimPort(claims, listener);
    return listener;
  });
}

/** What earlier listeners hold of one port. */
interface Claim {
  readonly sharing: ProtocolSupport["sharing"];
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

function claimPort(claims: Map<string, Claim>, listener: Listener): void {
  const support = protocolSupport(listener.protocol);
  if (support === undefined || !isAcceptable(listener)) return;
  const key = portKey(listener);
  const claim = claims.get(key) ?? { sharing: support.sharing, hostnames: new Set(), parents: new Set() };
  claim.hostnames.add(listener.hostname);
  claim.parents.add(listener.parent);
  claims.set(key, claim);
}
