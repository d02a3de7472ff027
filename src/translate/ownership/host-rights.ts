/** What a namespace may answer under a hostname. */
import type { Collection, Reader } from "../../collection/collection.ts";
import type { HttpPathMatch } from "../../core/gateway-api.ts";
import { everyHost, type Hostname, wildcardsAbove } from "../../core/hostname.ts";
import { type Holding, hostnameRecordKey, type OwnershipRefusal } from "../../core/ownership.ts";
import { isBelow } from "../../core/path.ts";
import { type GrantInputs, type GrantLevel, grantLevels, isChosen } from "./hostname-grants.ts";
import { claimedPath } from "./path-cover.ts";
import { isPublicSuffix } from "./public-suffix.ts";

export interface RightsInputs extends GrantInputs {
  /** By RecordKey. */
  readonly holdings: Collection<Holding>;
}

/** Whether the platform grants something to a namespace; `silent`: it says nothing about it. */
export type Grant = "granted" | "refused" | "silent";

/** About a hostname as a whole: `free` belongs to nobody yet. */
export type HostVerdict =
  | { readonly kind: "own" | "free" }
  | { readonly kind: "refused"; readonly refusal: Pick<OwnershipRefusal, "criterion" | "holder"> };

/** What a namespace may answer under a hostname: what is said of paths comes before what is said of the whole. */
export interface HostRights {
  readonly whole: HostVerdict;
  readonly paths: readonly { readonly path: string; readonly granted: boolean }[];
}

/** Who asks, and what a Gateway adds to the rule. */
export interface Asker {
  readonly namespace: string;
  readonly hostname: Hostname;
  readonly unclaimedHostnames: "Allowed" | "Forbidden";
}

/** Finds what a namespace may answer. The nearest record decides: that of the hostname, else of a wildcard above it. */
export function hostRights(read: Reader, inputs: RightsInputs, asker: Asker): HostRights {
  const { hostname, namespace } = asker;
  const levels = hostname === everyHost ? [] : grantLevels(read, inputs, hostname);
  const paths = levels.flatMap(({ path, choices }) =>
    path === undefined ? [] : [{ path, granted: isChosen(read, inputs, choices, namespace) }],
  );
  return { whole: wholeVerdict(read, inputs, { ...asker, levels }), paths };
}

/** What is said about the path of a match in particular. A regular expression may only match what is granted as a whole. */
export function pathGrant({ paths }: Pick<HostRights, "paths">, match: HttpPathMatch): Grant {
  if (paths.length === 0) return "silent";
  const { type, value } = claimedPath(match);
  if (type === "RegularExpression" && paths.some(({ path, granted }) => !granted && isBelow(path, value)))
    return "refused";
  const deciding = paths.find(({ path }) => isBelow(value, path));
  if (deciding === undefined) return "silent";
  return deciding.granted ? "granted" : "refused";
}

interface AskerAndGrants extends Asker {
  readonly levels: readonly GrantLevel[];
}

function wholeVerdict(read: Reader, inputs: RightsInputs, asker: AskerAndGrants): HostVerdict {
  const { hostname, namespace, levels } = asker;
  const grant = wholeGrant(read, inputs, levels, namespace);
  if (grant === "refused") return { kind: "refused", refusal: { criterion: "GrantedToOthers" } };
  if (grant === "silent") {
    if (asker.unclaimedHostnames === "Forbidden") return { kind: "refused", refusal: { criterion: "Unclaimed" } };
    if (hostname !== everyHost && isPublicSuffix(hostname)) {
      return { kind: "refused", refusal: { criterion: "PublicSuffix" } };
    }
  }
  if (hostname === everyHost) return { kind: "free" };
  for (const held of [hostname, ...wildcardsAbove(hostname)]) {
    const holding = read.get(inputs.holdings, hostnameRecordKey(held));
    if (holding === undefined) continue;
    if (holding.namespace === namespace) return { kind: "own" };
    // What the platform has granted to others since is nobody's for having come first.
    if (wholeGrant(read, inputs, levels, holding.namespace) === "refused") continue;
    const holder = { namespace: holding.namespace, object: holding.object };
    return {
      kind: "refused",
      refusal: { criterion: held === hostname ? "ClaimedFirst" : "CoveredByWildcard", holder },
    };
  }
  return { kind: "free" };
}

function wholeGrant(read: Reader, inputs: GrantInputs, levels: readonly GrantLevel[], namespace: string): Grant {
  const level = levels.find(({ path }) => path === undefined);
  if (level === undefined) return "silent";
  return isChosen(read, inputs, level.choices, namespace) ? "granted" : "refused";
}
