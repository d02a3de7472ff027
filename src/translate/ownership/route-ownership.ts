/** What of its hostnames on a listener is a route's to answer: the one place where claims are enforced, for every kind. */
import type { Collection, Grouped, Reader } from "../../collection/collection.ts";
import { assertNever } from "../../core/assert-never.ts";
import type { AllowedRoutes, HttpPathMatch } from "../../core/gateway-api.ts";
import { everyHost } from "../../core/hostname.ts";
import { type ObjectKey, parseObjectKey } from "../../core/keys.ts";
import { hostnameRecordKey, type OwnershipRefusal, type RecordKey } from "../../core/ownership.ts";
import type { OwnershipPolicy, ParentListener } from "../nodes.ts";
import type { AttachedHost, Claim } from "../route-nodes.ts";
import { type HostRights, hostRights, pathGrant, type RightsInputs } from "./host-rights.ts";
import { isAcmeChallenge } from "./path-cover.ts";
import { heldLengths, judgePath, type SharedHost, type SharedPathInputs } from "./shared-paths.ts";
import { otherRouteHolds, type WrittenHostname } from "./unique-route.ts";

export interface OwnershipInputs extends RightsInputs, SharedPathInputs {
  /** Namespaces that hold paths of a hostname, by hostname. */
  readonly pathHolders: Collection<readonly string[]>;
  /** Why something could not be recorded, by RecordKey. */
  readonly claimProblems: Collection<string>;
  /** The routes that write a hostname, by hostname. */
  readonly writers: Grouped<WrittenHostname>;
}

/** One match of a route, as far as claims ask. */
export interface OwnedMatch {
  /** Within the route, see `matchId`. */
  readonly id: string;
  readonly path: HttpPathMatch;
  /** It only sends the request to the same place by HTTPS. */
  readonly upgradesToHttps: boolean;
}

/** A route that asks for hostnames. */
export interface OwnedRoute {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly createdAt: string;
  readonly hasHostnames: boolean;
  readonly matches: readonly OwnedMatch[];
}

/** The listener on which it asks. */
export interface OwnedListener {
  readonly key: string;
  readonly ownership: OwnershipPolicy;
  readonly standing: ParentListener["standing"];
  readonly hostNamespace?: string;
  readonly allowedNamespaces: AllowedRoutes["namespaces"];
}

/** What came of it. */
export interface JudgedHosts {
  /** Those that are left, with what is withheld of each. */
  readonly hosts: readonly AttachedHost[];
  readonly refusals: readonly OwnershipRefusal[];
  readonly claims: readonly Claim[];
  /** Something of it is the route's once it is recorded. */
  readonly pending: boolean;
}

/** Judges the hostnames under which a listener would send requests to a route. */
export function judgeHosts(
  read: Reader,
  inputs: OwnershipInputs,
  { route, listener }: { readonly route: OwnedRoute; readonly listener: OwnedListener },
  hosts: readonly AttachedHost[],
): JudgedHosts {
  const { mode } = listener.ownership;
  if (mode === "Off" || listener.standing === "refused") return { hosts, refusals: [], claims: [], pending: false };
  // Whose hostname the listener's is comes before what its routes may have of it.
  if (listener.standing === "pending") return { hosts: [], refusals: [], claims: [], pending: true };
  const judged = hosts.map((host) => new HostJudge(read, inputs, { route, listener, host }).judge());
  const refusals = judged.flatMap((each) => each.refusals);
  // What would be refused is told, and nothing is claimed: claims count among Gateways that enforce.
  if (mode === "Warn") {
    return {
      hosts,
      refusals: refusals.filter(({ criterion }) => criterion !== "NotRecorded"),
      claims: [],
      pending: false,
    };
  }
  return {
    hosts: judged.flatMap(({ host }) => (host === undefined ? [] : [host])),
    refusals,
    claims: judged.flatMap(({ claims }) => claims),
    pending: judged.some(({ pending }) => pending),
  };
}

/** What is told of besides the hostname: what is forwarded as it is knows no paths, and some of it no hostnames. */
function subjectOf(route: ObjectKey, path: HttpPathMatch): Pick<OwnershipRefusal, "path" | "isPort"> {
  switch (parseObjectKey(route).kind) {
    case "TLSRoute":
      return {};
    case "TCPRoute":
    case "UDPRoute":
      return { isPort: true };
    default:
      return { path };
  }
}

interface Case {
  readonly route: OwnedRoute;
  readonly listener: OwnedListener;
  readonly host: AttachedHost;
}

/** How the matches of a route come out that nothing else is said about. */
type Basis = "own" | "shared" | "waiting" | Pick<OwnershipRefusal, "criterion" | "holder">;

/** One hostname of one listener, while it is judged. */
class HostJudge {
  readonly #read: Reader;
  readonly #inputs: OwnershipInputs;
  readonly #case: Case;
  readonly #withheld = new Set<string>();
  readonly #refusals: OwnershipRefusal[] = [];
  readonly #claims: Claim[] = [];
  #isSharing = false;
  #pending = false;

  constructor(read: Reader, inputs: OwnershipInputs, asked: Case) {
    this.#read = read;
    this.#inputs = inputs;
    this.#case = asked;
  }

  judge(): Omit<JudgedHosts, "hosts"> & { readonly host: AttachedHost | undefined } {
    const { route, host } = this.#case;
    const asking = route.matches.filter((match) => !this.#isExempt(match));
    const rights = this.#rightsOf(route.namespace);
    const undecided = asking.filter((match) => this.#isUndecided(rights, match));
    // A route without a rule that could be served holds its hostname all the same.
    if (undecided.length > 0 || route.matches.length === 0) this.#judgeRest(rights, undecided);
    const isLeft = route.matches.length === 0 || route.matches.some(({ id }) => !this.#withheld.has(id));
    // Among those who share a hostname nobody comes first for having written it: paths are what they have.
    const placed = this.#isSharing ? { ...host, written: everyHost } : host;
    const withheld = this.#withheld.size === 0 ? placed : { ...placed, withheld: this.#withheld };
    return {
      host: isLeft ? withheld : undefined,
      refusals: this.#refusals,
      claims: this.#claims,
      pending: this.#pending,
    };
  }

  /** Whether the Gateway's own namespace may answer it whoever has the hostname. */
  #isExempt({ path, upgradesToHttps }: OwnedMatch): boolean {
    const { route, listener } = this.#case;
    const { gatewayNamespace, acmeChallenges } = listener.ownership;
    if (route.namespace !== gatewayNamespace) return false;
    return (acmeChallenges === "Allowed" && isAcmeChallenge(path)) || (upgradesToHttps && !route.hasHostnames);
  }

  #rightsOf(namespace: string): HostRights {
    const { hostname } = this.#case.host;
    const { unclaimedHostnames } = this.#case.listener.ownership;
    return hostRights(this.#read, this.#inputs, { namespace, hostname, unclaimedHostnames });
  }

  #isUndecided(rights: HostRights, match: OwnedMatch): boolean {
    const grant = pathGrant(rights, match.path);
    if (grant === "refused") this.#refuse(match, { criterion: "GrantedToOthers" });
    return grant === "silent";
  }

  #judgeRest(rights: HostRights, matches: readonly OwnedMatch[]): void {
    const basis = this.#basis(rights);
    switch (basis) {
      case "own":
        return;
      case "shared":
        this.#judgeAllShared(matches);
        return;
      case "waiting":
        this.#await(hostnameRecordKey(this.#case.host.hostname), matches);
        return;
      default:
        for (const { id } of matches) this.#withheld.add(id);
        this.#refusals.push({ hostname: this.#case.host.hostname, ...basis });
    }
  }

  #basis({ whole }: HostRights): Basis {
    switch (whole.kind) {
      case "own":
        return this.#hasGuests() || this.#wasSharedBefore() ? "shared" : this.#claimHost("own");
      case "free":
        return this.#isShared() ? "shared" : this.#claimHost("waiting");
      case "refused": {
        const isCovered = whole.refusal.criterion === "CoveredByWildcard" && this.#wasSharedBefore();
        return isCovered || this.#isGuest() ? "shared" : whole.refusal;
      }
      default:
        return assertNever(whole);
    }
  }

  /** What nobody holds is shared by routes that do not name it, and by those that come to where others share it already. */
  #isShared(): boolean {
    const { route, host } = this.#case;
    if (!route.hasHostnames || host.hostname === everyHost) return true;
    const sharers = this.#read.get(this.#inputs.pathHolders, host.hostname) ?? [];
    return sharers.some((namespace) => namespace !== route.namespace);
  }

  /** Who came to share the paths of a hostname goes on doing so when a wildcard above it is claimed. */
  #wasSharedBefore(): boolean {
    const { hostname } = this.#case.host;
    if (this.#read.get(this.#inputs.holdings, hostnameRecordKey(hostname)) !== undefined) return false;
    return (this.#read.get(this.#inputs.pathHolders, hostname) ?? []).length > 0;
  }

  /** Where others are admitted the paths of whoever holds the listener's hostname are held like theirs. */
  #hasGuests(): boolean {
    const { route, listener } = this.#case;
    const { from } = listener.allowedNamespaces;
    return listener.hostNamespace === route.namespace && from !== "Same" && from !== "None";
  }

  /** Whoever holds the hostname of a listener in a ListenerSet of its own lets in whom that listener admits. */
  #isGuest(): boolean {
    const { route, listener } = this.#case;
    const { hostNamespace } = listener;
    if (hostNamespace === undefined || hostNamespace === route.namespace) return false;
    return this.#rightsOf(hostNamespace).whole.kind === "own";
  }

  #claimHost(basis: "own" | "waiting"): Basis {
    const { route, listener, host } = this.#case;
    if (!route.hasHostnames) return basis;
    const key = hostnameRecordKey(host.hostname);
    if (listener.ownership.uniqueness === "Route") {
      const holding = this.#read.get(this.#inputs.holdings, key);
      const other = otherRouteHolds(this.#read.get(this.#inputs.writers, host.written), route, holding);
      if (other !== undefined) {
        return { criterion: "OtherRoute", holder: { namespace: route.namespace, object: other } };
      }
    }
    this.#claim({ key, hostname: host.hostname });
    return basis;
  }

  #judgeAllShared(matches: readonly OwnedMatch[]): void {
    const { listener, host } = this.#case;
    this.#isSharing = true;
    const shared = { listener: listener.key, hostname: host.hostname };
    const isHeld = heldLengths(this.#read, this.#inputs, shared);
    for (const match of matches) this.#judgeShared(match, shared, isHeld);
  }

  #judgeShared(match: OwnedMatch, shared: SharedHost, isHeld: (length: number) => boolean): void {
    const { route, host } = this.#case;
    const mayHold = (namespace: string) => namespace === route.namespace || this.#mayHold(namespace, match);
    const asker = { namespace: route.namespace, path: match.path, isHeld, mayHold };
    const verdict = judgePath(this.#read, this.#inputs, shared, asker);
    if (verdict.kind === "refused") {
      const { namespace, object } = verdict.holding;
      this.#refuse(match, { criterion: "PathClaimedFirst", holder: { namespace, object } });
      return;
    }
    const { key, path } = verdict;
    this.#claim({ key, hostname: host.hostname, path });
    if (verdict.kind === "free") this.#await(key, [match]);
  }

  /** What the platform has granted to others since is nobody's for having come first. */
  #mayHold(namespace: string, { path }: OwnedMatch): boolean {
    const rights = this.#rightsOf(namespace);
    const grant = pathGrant(rights, path);
    if (grant !== "silent") return grant === "granted";
    return rights.whole.kind !== "refused" || rights.whole.refusal.criterion !== "GrantedToOthers";
  }

  /** Until it is recorded it is not the route's; where it cannot be, the owner is told. */
  #await(key: RecordKey, matches: readonly OwnedMatch[]): void {
    for (const { id } of matches) this.#withheld.add(id);
    const problem = this.#read.get(this.#inputs.claimProblems, key);
    if (problem === undefined) this.#pending = true;
    else this.#refusals.push({ hostname: this.#case.host.hostname, criterion: "NotRecorded", problem });
  }

  #refuse({ id, path }: OwnedMatch, refusal: Pick<OwnershipRefusal, "criterion" | "holder">): void {
    const { route, host } = this.#case;
    this.#withheld.add(id);
    this.#refusals.push({ hostname: host.hostname, ...subjectOf(route.key, path), ...refusal });
  }

  #claim(claim: Pick<Claim, "key" | "hostname" | "path">): void {
    const { key, namespace, createdAt } = this.#case.route;
    this.#claims.push({ ...claim, namespace, object: key, createdAt });
  }
}
