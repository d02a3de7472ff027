/**
 * Hostnames that routes of a wider hostname must not answer, because they are another namespace's. Each becomes a virtual
 * host of its own beside the wider one, also in tables that nobody of the owning namespace is attached to.
 */
import type { Collection, Grouped, Reader, Transform } from "../../collection/collection.ts";
import { everyHost, type Hostname, isExact, wildcardsAbove } from "../../core/hostname.ts";
import { type GatewayResourceKey, gatewayResourceKey, type NamespacedName } from "../../core/keys.ts";
import type { OwnershipPolicy, RouteEntry, TableRoutes, UnroutedHost } from "../nodes.ts";
import { virtualHostKey } from "../virtual-host-key.ts";
import { type HostRights, hostRights, pathGrant, type RightsInputs } from "./host-rights.ts";
import { isAcmeChallenge } from "./path-cover.ts";

/** A wildcard or catch-all hostname of a table, and the namespaces whose routes answer it. Keyed by virtualHostKey. */
export interface WideHost {
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly hostname: Hostname;
  readonly namespaces: readonly string[];
  /** Absent where the Gateway enforces nothing. */
  readonly policy?: OwnershipPolicy;
}

/** A hostname below a wide one, with what the routes of the wide one may answer under it. Keyed by virtualHostKey. */
export interface Hole {
  readonly kind: "hole";
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly hostname: Hostname;
  /** The wide host, by virtualHostKey. */
  readonly wide: GatewayResourceKey;
  readonly rights: readonly { readonly namespace: string; readonly rights: HostRights }[];
  readonly policy: OwnershipPolicy;
}

export interface HoleInputs {
  readonly ownership: RightsInputs;
  /** By the hostname. */
  readonly wideHosts: Grouped<WideHost>;
}

/** Index keys of what answers a hostname: only wide hostnames. */
export function wideHostKeys(member: TableRoutes | UnroutedHost): readonly string[] {
  return hostnamesOf(member)
    .filter((hostname) => !isExact(hostname))
    .map((hostname) => virtualHostKey(member, hostname));
}

/** Index keys of a route: its table, if it has a wide hostname there. */
export function wideTableKeys({ gateway, table, hosts }: TableRoutes): readonly string[] {
  return hosts.every(({ hostname }) => isExact(hostname)) ? [] : [gatewayResourceKey(gateway, table)];
}

export interface WideHostInputs {
  /** By Gateway. */
  readonly policies: Collection<OwnershipPolicy>;
  /** Tables in which routes have wide hostnames, by {@link wideTableKeys}. */
  readonly wideTables: Collection<true>;
}

/**
 * Narrows what answers a wide hostname to the namespaces that do. In a table without routes of wide hostnames there are none
 * to tell apart.
 */
export function buildWideHost({
  policies,
  wideTables,
}: WideHostInputs): Transform<ReadonlyMap<string, TableRoutes | UnroutedHost>, WideHost> {
  return (read, key, members) => {
    const [first] = members.values();
    if (first === undefined) return [];
    const { gateway, table } = first;
    if (read.get(wideTables, gatewayResourceKey(gateway, table)) === undefined) return [];
    const policy = read.get(policies, gateway);
    const hostname = hostnamesOf(first).find((wide) => virtualHostKey(first, wide) === key) ?? everyHost;
    const routes = [...members.values()].filter((member) => member.kind === "routes");
    const counted = routes.filter(({ namespace, entries }) =>
      entries.some((entry) => !isExempt(namespace, entry, policy)),
    );
    const namespaces = [...new Set(counted.map(({ namespace }) => namespace))].sort();
    return [[key, { gateway, table, hostname, namespaces, ...(policy?.mode === "Enforce" && { policy }) }]];
  };
}

/** Finds the tables in which routes of a wider hostname would answer one that is not theirs. Keyed by virtualHostKey. */
export function findHoles({ ownership, wideHosts }: HoleInputs): Transform<unknown, Hole> {
  return (read, hostname) => {
    const decided = new Set([...(read.get(wideHosts, hostname)?.values() ?? [])].map(placeOf));
    const holes: (readonly [string, Hole])[] = [];
    for (const above of [...wildcardsAbove(hostname), everyHost]) {
      for (const wide of read.get(wideHosts, above)?.values() ?? []) {
        const place = placeOf(wide);
        if (decided.has(place)) continue;
        decided.add(place);
        const hole = holeIn(read, ownership, { hostname, wide });
        if (hole !== undefined) holes.push([`${place} ${hostname}`, hole]);
      }
    }
    return holes;
  };
}

/** The entries of a wider host that may answer in a hole. */
export function entriesInHole({ rights, policy }: Hole, { namespace, entries }: TableRoutes): readonly RouteEntry[] {
  const own = rights.find((each) => each.namespace === namespace)?.rights;
  return entries.filter((entry) => isExempt(namespace, entry, policy) || own === undefined || mayAnswer(own, entry));
}

function holeIn(
  read: Reader,
  inputs: RightsInputs,
  { hostname, wide }: { readonly hostname: Hostname; readonly wide: WideHost },
): Hole | undefined {
  const { gateway, table, policy } = wide;
  if (policy === undefined) return undefined;
  const { unclaimedHostnames } = policy;
  const rights = wide.namespaces.map((namespace) => ({
    namespace,
    // What nobody holds is for routes without hostnames to answer, whoever may come to claim it.
    rights: withoutLimits(hostRights(read, inputs, { namespace, hostname, unclaimedHostnames })),
  }));
  const isOpen = rights.every(
    ({ rights: { whole, paths } }) => whole.kind !== "refused" && paths.every(({ granted }) => granted),
  );
  if (isOpen) return undefined;
  return { kind: "hole", gateway, table, hostname, wide: virtualHostKey(wide, wide.hostname), rights, policy };
}

/** That a name can only be granted keeps nobody from answering it who answers everything. */
function withoutLimits(rights: HostRights): HostRights {
  const { whole } = rights;
  if (
    whole.kind !== "refused" ||
    (whole.refusal.criterion !== "PublicSuffix" && whole.refusal.criterion !== "Unclaimed")
  )
    return rights;
  return { ...rights, whole: { kind: "free" } };
}

function mayAnswer(rights: HostRights, { match }: RouteEntry): boolean {
  const grant = pathGrant(rights, match.path);
  return grant === "granted" || (grant === "silent" && rights.whole.kind !== "refused");
}

/** What the Gateway's own namespace may always answer: it is counted nowhere. */
function isExempt(
  namespace: string,
  { match, upgradesToHttps }: RouteEntry,
  policy: OwnershipPolicy | undefined,
): boolean {
  if (namespace !== policy?.gatewayNamespace) return false;
  return upgradesToHttps === true || (policy.acmeChallenges === "Allowed" && isAcmeChallenge(match.path));
}

function hostnamesOf(member: TableRoutes | UnroutedHost): readonly Hostname[] {
  return member.kind === "routes" ? member.hosts.map(({ hostname }) => hostname) : [member.hostname];
}

function placeOf({ gateway, table }: Pick<WideHost, "gateway" | "table">): GatewayResourceKey {
  return gatewayResourceKey(gateway, table);
}
