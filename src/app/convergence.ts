import type { ConvergenceQuestion, GatewayCounts, ReplicaCounts } from "../core/convergence.ts";
import { isRouteKind, type NamespacedName, type ObjectKey, objectKey, parseObjectKey } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import { PublicationTrail } from "../ledger/publication-trail.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import { type Carrier, carrierKey, carriersOf, hostCarriers, isCarrier, printListeners } from "./carriers.ts";
import { ConvergenceTally, type TalliedGateway } from "./convergence-tally.ts";
import type { TranslationChanges, Translator } from "./translator.ts";

/** What each proxy of a Gateway that is connected here has acknowledged of a resource: undefined where it has none. */
export type HeldVersions = (
  gateway: NamespacedName,
  type: ResourceType,
  name: string,
) => readonly (string | undefined)[];

export interface ConvergenceOptions {
  readonly translator: Pick<Translator, "routing" | "metadata">;
  readonly table: Pick<ResourceTable, "entry">;
  readonly held: HeldVersions;
  /** Objects of which it is remembered exactly when they were published last; 10,000 by default. */
  readonly mostFollowed?: number;
}

interface Known {
  readonly generation: number | undefined;
  readonly carriers: readonly Carrier[];
  /** What carried it before: proxies have to have let go of it there. */
  readonly former: readonly Carrier[];
  /** What the listeners of a Gateway or a ListenerSet were. */
  readonly listeners?: string;
}

/** Where something has to have arrived, and from which publication on. */
interface Places {
  readonly carriers: readonly Carrier[];
  readonly former: readonly Carrier[];
  readonly publication: number;
}

/** Of one object, former places that are remembered, however often it moves. */
const mostFormer = 32;

/**
 * Knows of every object whether the proxies of this replica have what it comes to. It follows publications: an object counts
 * from the one in which it was decided anew, and a proxy has it that holds a version from that one or later of each resource
 * that carries it. So neither others in the same table nor a change without a change of bytes make any difference.
 */
export class Convergence {
  readonly #options: ConvergenceOptions;
  readonly #trail = new PublicationTrail();
  readonly #known = new Map<ObjectKey, Known>();
  /** The publication in which an object came to what it is now, in this order. */
  readonly #followed = new Map<ObjectKey, number>();
  readonly #listenerSets = new Map<NamespacedName, readonly ObjectKey[]>();
  readonly #tally = new ConvergenceTally();
  /** An object that is not followed was published no later. */
  #oldest = 1;

  constructor(options: ConvergenceOptions) {
    this.#options = options;
  }

  /** Takes what a flush has changed, after proxies can see it. */
  published(changes: TranslationChanges): void {
    const number = this.#trail.begin();
    const { routing: view } = this.#options.translator;
    for (const [gateway, list] of changes.resources) {
      for (const { type, name, resource } of list) {
        const carrier = { gateway, type, name };
        const key = carrierKey(carrier);
        // What a policy has left is followed on.
        if (isCarrier(view, carrier) || this.#trail.knows(key)) this.#trail.note(key, resource?.version);
      }
    }
    for (const route of changes.routes) this.#follow(route, number);
    const written = [...changes.objects].filter((object) => parseObjectKey(object).kind === "BackendTLSPolicy");
    for (const policy of new Set([...changes.policies, ...written])) this.#follow(policy, number);
    for (const gateway of [...changes.fleetsAdded, ...changes.fleetsRemoved]) this.#followGateway(gateway, number);
  }

  /** What is so for the proxies that are connected here. */
  answer(question: ConvergenceQuestion): ReplicaCounts {
    const { object } = question;
    const generation = this.#options.translator.metadata(object)?.generation;
    if (generation === undefined) return { gateways: [] };
    const publication = this.#publicationOf(object);
    const former = this.#known.get(object)?.former ?? [];
    const sources = { view: this.#options.translator.routing, table: this.#options.table };
    const isAboutHosts = question.kind === "hosts";
    const carriers = isAboutHosts ? hostCarriers(sources, question.hosts) : carriersOf(sources, object);
    const byGateway = Map.groupBy(carriers, ({ gateway }) => gateway);
    const left = isAboutHosts ? new Map() : Map.groupBy(former, ({ gateway }) => gateway);
    const count = (gateway: NamespacedName) =>
      this.#count(gateway, { carriers: byGateway.get(gateway) ?? [], former: left.get(gateway) ?? [], publication });
    const counts = [...byGateway.keys()].map(count);
    // A Gateway that the object has left counts until its proxies have let go of it.
    const leaving = [...left.keys()].filter((gateway) => !byGateway.has(gateway)).map(count);
    const gateways = [...counts, ...leaving.filter(({ connected, acknowledged }) => acknowledged < connected)];
    return { generation, gateways: gateways.toSorted((a, b) => (a.gateway < b.gateway ? -1 : 1)) };
  }

  /**
   * How many objects have arrived at all proxies here, by Gateway and kind; a Gateway beyond `most` counts as `other`. One
   * whose proxies are all of another replica is that replica's to tell of: here its objects would be on their way for ever.
   */
  tally(most: number): readonly TalliedGateway[] {
    this.#tally.settle((object, gateway) => this.#arrived(object, gateway));
    return this.#tally.counts(most, (gateway) => this.#options.held(gateway, "listener", "").length > 0);
  }

  #followGateway(gateway: NamespacedName, number: number): void {
    const { gateways } = this.#options.translator.routing;
    const sets = (gateways.get(gateway)?.listenerSets ?? []).map(({ key }) => key);
    const before = this.#listenerSets.get(gateway) ?? [];
    if (sets.length > 0) this.#listenerSets.set(gateway, sets);
    else this.#listenerSets.delete(gateway);
    for (const key of new Set([objectKey("Gateway", gateway), ...before, ...sets])) this.#follow(key, number);
  }

  #follow(object: ObjectKey, number: number): void {
    const { translator, table } = this.#options;
    const { routing: view } = translator;
    const { kind, name } = parseObjectKey(object);
    const isListening = kind === "Gateway" || kind === "ListenerSet";
    const parent = isListening ? view.parents.get(object) : undefined;
    const decided = isRouteKind(kind) ? view.routes.get(object) : view.backendTls.policies.get(name);
    const generation = translator.metadata(object)?.generation;
    if (generation === undefined || (isListening ? parent : decided) === undefined) {
      this.#forget(object);
      return;
    }
    const before = this.#known.get(object);
    const listeners = parent && printListeners(parent);
    // What else a Gateway comes to, such as its certificates, is nothing that its generation says.
    const isSame = before?.generation === generation && before.listeners === listeners;
    if (isListening && isSame) return;
    const carriers = carriersOf({ view, table }, object);
    const former = formerCarriers([...(before?.former ?? []), ...(before?.carriers ?? [])], carriers);
    this.#known.set(object, { generation, carriers, former, ...(listeners !== undefined && { listeners }) });
    this.#tally.published(object, new Set(carriers.map(({ gateway }) => gateway)));
    this.#followed.delete(object);
    if (number > this.#oldest) this.#followed.set(object, number);
    this.#forgetOldest();
  }

  #forget(object: ObjectKey): void {
    this.#known.delete(object);
    this.#followed.delete(object);
    this.#tally.gone(object);
  }

  #forgetOldest(): void {
    for (const [object, publication] of this.#followed) {
      if (this.#followed.size <= (this.#options.mostFollowed ?? 10_000)) return;
      this.#followed.delete(object);
      this.#oldest = Math.max(this.#oldest, publication);
    }
  }

  #publicationOf(object: ObjectKey): number {
    return this.#followed.get(object) ?? this.#oldest;
  }

  #arrived(object: ObjectKey, gateway: NamespacedName): { readonly arrived: boolean; readonly cost: number } {
    const { former = [] } = this.#known.get(object) ?? {};
    const isHere = (carrier: Carrier) => carrier.gateway === gateway;
    const carriers = carriersOf({ view: this.#options.translator.routing, table: this.#options.table }, object);
    const places = {
      carriers: carriers.filter(isHere),
      former: former.filter(isHere),
      publication: this.#publicationOf(object),
    };
    const { connected, acknowledged } = this.#count(gateway, places);
    const cost = 1 + connected * (places.carriers.length + places.former.length);
    return { arrived: connected > 0 && connected === acknowledged, cost };
  }

  #count(gateway: NamespacedName, { carriers, former, publication }: Places): GatewayCounts {
    const { held } = this.#options;
    const heldOf = (carrier: Carrier) => ({
      key: carrierKey(carrier),
      held: held(gateway, carrier.type, carrier.name),
    });
    const [wanted, left] = [carriers.map(heldOf), former.map(heldOf)];
    const connected = (wanted[0] ?? left[0])?.held.length ?? held(gateway, "listener", "").length;
    // No content has the empty version of a proxy of which nobody knows what it holds.
    const isSince = (key: string, version: string) => this.#trail.isSince(key, publication, version);
    const has = (proxy: number) =>
      wanted.every((each) => isSince(each.key, each.held[proxy] ?? "")) &&
      left.every(({ key, held: versions }) => versions[proxy] === undefined || isSince(key, versions[proxy] ?? ""));
    const proxies = Array.from({ length: connected }, (_, proxy) => proxy);
    return { gateway, connected, acknowledged: proxies.filter(has).length };
  }
}

/** What is not a place of the object any more, each once, the newest if there are too many. */
function formerCarriers(before: readonly Carrier[], now: readonly Carrier[]): readonly Carrier[] {
  const current = new Set(now.map(carrierKey));
  const former = new Map(before.map((carrier) => [carrierKey(carrier), carrier]));
  return [...former]
    .filter(([key]) => !current.has(key))
    .slice(-mostFormer)
    .map(([, carrier]) => carrier);
}
