import { everyHost } from "../core/hostname.ts";
import { parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { OwnershipRefusal } from "../core/ownership.ts";

/** Says in one sentence that somebody was first. The holder is named only to somebody who may read it. */
export function claimSentence(refusal: OwnershipRefusal, audience: "may-read-holder" | "anybody"): string {
  const holder = refusal.holder?.object;
  const subject = subjectOf(refusal);
  if (audience === "anybody" || holder === undefined) return `${subject} is already claimed in this cluster.`;
  const { kind, name } = parseObjectKey(holder);
  const { namespace, name: own } = parseNamespacedName(name);
  return `${subject} is already claimed by ${kind} '${own}' in namespace '${namespace}'.`;
}

/** Whether what decided is that another object was first: only then is there a holder to be told of. */
export function isFirstCome({ criterion }: OwnershipRefusal): boolean {
  return criterion === "ClaimedFirst" || criterion === "CoveredByWildcard" || criterion === "PathClaimedFirst";
}

function subjectOf({ hostname, path, isPort }: OwnershipRefusal): string {
  if (isPort === true) return "The port of the listener";
  if (path === undefined) return `Hostname '${hostname}'`;
  return `Path '${path.value}' of ${hostname === everyHost ? "every hostname" : `hostname '${hostname}'`}`;
}
