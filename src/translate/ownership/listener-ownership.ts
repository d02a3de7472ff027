/** Hostnames of listeners in ListenerSets: they claim for the ListenerSet's namespace, as a route's hostnames do for its. */
import type { Collection, Grouped, Reader, Transform } from "../../collection/collection.ts";
import type { ListenerSet } from "../../core/gateway-api.ts";
import { everyHost, type Hostname, isWildcard, normalizeHostname, wildcardsAbove } from "../../core/hostname.ts";
import { nameOf, objectKey } from "../../core/keys.ts";
import { type Holding, hostnameRecordKey, type OwnershipRefusal } from "../../core/ownership.ts";
import type { OwnershipPolicy } from "../nodes.ts";
import type { Claim } from "../route-nodes.ts";
import { hostRights, type RightsInputs } from "./host-rights.ts";

export interface ListenerOwnershipInputs extends RightsInputs {
  /** By {@link wildcardOfSet}: there for wildcards below which other namespaces hold something. */
  readonly foreignBelow: Collection<true>;
  /** Namespaces that hold paths of a hostname, by hostname. */
  readonly pathHolders: Collection<readonly string[]>;
  readonly claimProblems: Collection<string>;
}

/** How the hostname of a listener came out. */
export interface JudgedListener {
  readonly refusal?: OwnershipRefusal;
  readonly claim?: Claim;
  /** It is the namespace's once it is recorded. */
  readonly pending: boolean;
}

/** Judges the hostname of one listener. A listener without one claims nothing: its routes are judged by themselves. */
export function judgeListener(
  read: Reader,
  inputs: ListenerOwnershipInputs,
  {
    set,
    hostname,
    policy,
  }: { readonly set: ListenerSet; readonly hostname: Hostname; readonly policy: OwnershipPolicy },
): JudgedListener {
  if (policy.mode === "Off" || hostname === everyHost) return { pending: false };
  const namespace = set.metadata.namespace ?? "";
  const { whole } = hostRights(read, inputs, { namespace, hostname, unclaimedHostnames: policy.unclaimedHostnames });
  if (whole.kind === "refused") return { refusal: { hostname, ...whole.refusal }, pending: false };
  // Its listener would take the hosts of others below the wildcard away from the listeners that they are attached to, and
  // its claim what others share by path.
  const key = hostnameRecordKey(hostname);
  const isTaken = read.get(inputs.foreignBelow, wildcardOfSet(nameOf(set.metadata), hostname)) === true;
  const sharers = read.get(inputs.holdings, key) === undefined ? (read.get(inputs.pathHolders, hostname) ?? []) : [];
  if (isTaken || sharers.some((sharer) => sharer !== namespace)) {
    return { refusal: { hostname, criterion: "ClaimedFirst" }, pending: false };
  }
  const object = objectKey("ListenerSet", nameOf(set.metadata));
  const claim: Claim = { key, hostname, namespace, object, createdAt: set.metadata.creationTimestamp };
  if (whole.kind === "own") return { claim, pending: false };
  const problem = read.get(inputs.claimProblems, key);
  if (problem === undefined) return { claim, pending: true };
  return { claim, refusal: { hostname, criterion: "NotRecorded", problem }, pending: false };
}

/** Index keys of a holding: every wildcard above its hostname. */
export function wildcardsOfHolding({ hostname }: Holding): readonly Hostname[] {
  return wildcardsAbove(hostname);
}

/** Finds the wildcards of a ListenerSet below which other namespaces hold something. */
export function foreignHoldings(holdingsBelow: Grouped<Holding>): Transform<ListenerSet, true> {
  return (read, key, { metadata, spec }) => {
    const hostnames = new Set(spec.listeners.map(({ hostname }) => normalizeHostname(hostname)).filter(isWildcard));
    return [...hostnames].flatMap((hostname): readonly (readonly [string, true])[] => {
      for (const { namespace } of read.get(holdingsBelow, hostname)?.values() ?? []) {
        if (namespace !== metadata.namespace) return [[wildcardOfSet(key, hostname), true]];
      }
      return [];
    });
  };
}

function wildcardOfSet(set: string, hostname: Hostname): string {
  return `${set} ${hostname}`;
}
