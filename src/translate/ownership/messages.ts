/** What people are told of refused hostnames. Names nobody: whoever has it may be of another namespace. */
import { assertNever } from "../../core/assert-never.ts";
import { joinRejections, type Rejection } from "../../core/conditions.ts";
import { everyHost } from "../../core/hostname.ts";
import type { OwnershipRefusal, RefusalCriterion } from "../../core/ownership.ts";

/** One sentence without a full stop: what is refused, and what decided. */
export function describeRefusal(refusal: OwnershipRefusal): string {
  const what = subjectOf(refusal);
  switch (refusal.criterion) {
    case "ClaimedFirst":
      return `${what} is already claimed by a route of another namespace, which had it accepted first`;
    case "CoveredByWildcard":
      return `${what} lies below a wildcard that a route of another namespace had accepted first`;
    case "GrantedToOthers":
      return `${what} is granted to other namespaces by a HostnameClaim`;
    case "PathClaimedFirst":
      return `${what} is already claimed by a route of another namespace, which had ${refusal.path === undefined ? "it" : "the path"} accepted first on this listener`;
    case "PublicSuffix":
      return `${what} is a public suffix or a single label: only a HostnameClaim can grant it`;
    case "Unclaimed":
      return `${what} is granted to nobody: this Gateway serves only hostnames that a HostnameClaim grants`;
    case "OtherRoute":
      return `${what} is already claimed by another route of this namespace, and this Gateway gives a hostname to one route only`;
    case "NotRecorded":
      return `${what} is not recorded yet as this namespace's${refusal.problem === undefined ? "" : `: ${refusal.problem}`}`;
    default:
      return assertNever(refusal.criterion);
  }
}

/** One rejection for all that was refused; undefined when nothing was. */
export function refusalRejection(refusals: readonly OwnershipRefusal[]): Rejection | undefined {
  return joinRejections(
    refusals.map((refusal) => ({
      condition: "Accepted",
      reason: reasons[refusal.criterion],
      message: describeRefusal(refusal),
    })),
  );
}

const reasons = {
  ClaimedFirst: "HostnameClaimed",
  CoveredByWildcard: "HostnameClaimed",
  GrantedToOthers: "HostnameClaimed",
  PathClaimedFirst: "HostnameClaimed",
  OtherRoute: "HostnameClaimed",
  PublicSuffix: "HostnameNotGranted",
  Unclaimed: "HostnameNotGranted",
  NotRecorded: "Pending",
} as const satisfies Record<RefusalCriterion, string>;

function subjectOf({ hostname, path, isPort }: OwnershipRefusal): string {
  if (isPort === true) return "The port of the listener";
  const host = hostname === everyHost ? "every hostname" : `hostname '${hostname}'`;
  const subject = path === undefined ? host : `${pathNames[path.type]} '${path.value}' of ${host}`;
  return `${subject.charAt(0).toUpperCase()}${subject.slice(1)}`;
}

const pathNames = { Exact: "path", PathPrefix: "path prefix", RegularExpression: "path pattern" } as const;
