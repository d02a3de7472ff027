import { equal } from "../collection/equal.ts";
import type { FleetSpec, FleetState } from "../core/fleet.ts";
import { type NamespacedName, namespacedName } from "../core/keys.ts";
import type { KubeClient, RawObject } from "../core/kube-client.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { FleetMemory } from "./fleet-memory.ts";
import { FleetWorker } from "./fleet-worker.ts";
import { Leftovers } from "./leftovers.ts";
import type { FleetObjectKind } from "./render/fleet-object.ts";
import { fleetAddress } from "./render/metadata.ts";
import { renderFleet } from "./render/render-fleet.ts";
import type { RenderOptions } from "./render/render-options.ts";
import type { FleetReport } from "./report.ts";
import { Rollout } from "./rollout.ts";
import { deploymentProblem } from "./state/deployment-state.ts";
import { fleetState } from "./state/fleet-state.ts";
import { nodeAddresses, nodeFacts } from "./state/node-addresses.ts";
import { ObservedFleets } from "./state/observed-fleets.ts";

/** What the provisioner is told about: the objects of fleets, nodes, and Services named as `addressService`. */
export type ProvisionObservedKind = FleetObjectKind | "Node" | "AddressService";

export interface ProvisionerOptions {
  readonly client: KubeClient;
  readonly render: RenderOptions;
  /** Classes with this controller name are ours. */
  readonly controllerName: string;
  readonly scheduler: Scheduler;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** How a fleet is, whenever that changes; undefined when no fleet is wanted any more. */
  readonly onState: (gateway: NamespacedName, state: FleetState | undefined) => void;
  /** The Services to observe as `AddressService`, whenever that changes; sorted. */
  readonly onAddressServices: (services: readonly NamespacedName[]) => void;
  readonly report: (report: FleetReport) => void;
  /** An error of ours; the fleet is left alone until something about it changes. */
  readonly onError: (gateway: string, error: unknown) => void;
}

/** Fleets that are worked on at the same time. */
const mostAtOnce = 8;

/** Runs the proxies of all Gateways: every replica tells how they are, the leader brings them where they should be. */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #fleets = new Map<NamespacedName, FleetMemory>();
  /** By `namespace/name` of a fleet's objects. */
  readonly #gateways = new Map<string, NamespacedName>();
  readonly #observed = new ObservedFleets();
  readonly #nodes = new Map<NamespacedName, RawObject>();
  readonly #services = new Map<NamespacedName, RawObject>();
  readonly #rollout = new Rollout();
  readonly #worker: FleetWorker;
  readonly #leftovers: Leftovers;
  readonly #queue = new Set<NamespacedName>();
  readonly #working = new Map<NamespacedName, Promise<void>>();
  #nodeAddresses: readonly string[] = [];
  #addressServices: readonly NamespacedName[] = [];
  #isLeader = false;
  #isStarted = false;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    const isLeading = () => this.#isLeader && this.#isStarted;
    const shared = { ...options, observed: this.#observed, isLeading };
    this.#worker = new FleetWorker({
      ...shared,
      rollout: this.#rollout,
      lookAgain: (gateway) => this.#enqueue(gateway),
    });
    this.#leftovers = new Leftovers({ ...shared, isWanted: (name) => this.#gateways.has(name) });
  }

  /** Lets writing begin. Call it once everything that exists has been set and observed. */
  start(): void {
    this.#isStarted = true;
    this.#takeUp();
  }

  /** Ends all writing and resolves when no request is under way. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#layDown();
    await this.idle();
  }

  /** Resolves when nothing is under way: what is left waits for time to pass or for something to be told. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.values());
    await this.#leftovers.idle();
  }

  /** Tells whether this replica leads: only the leader writes. */
  lead(isLeader: boolean): void {
    if (this.#isLeader === isLeader) return;
    this.#isLeader = isLeader;
    if (isLeader) this.#takeUp();
    else this.#layDown();
  }

  /** Tells the fleet that a Gateway should have; undefined when it should have none of ours. */
  setFleet(gateway: NamespacedName, spec: FleetSpec | undefined): void {
    if (spec === undefined) this.#dropFleet(gateway);
    else this.#keepFleet(gateway, spec);
    this.#tellAddressServices();
  }

  /** Tells an object as it is now, or with undefined that it is gone. */
  observe(kind: ProvisionObservedKind, name: NamespacedName, object: RawObject | undefined): void {
    if (kind === "Node") {
      this.#observeNode(name, object);
      return;
    }
    if (kind === "AddressService") {
      setOrDelete(this.#services, name, object);
      this.#tellStates(({ parameters }) => !parameters.managed);
      return;
    }
    if (!this.#observed.set(kind, name, object)) return;
    const gateway = this.#gateways.get(name);
    if (gateway === undefined) this.#leftovers.noticed(name);
    else {
      this.#tellState(gateway);
      this.#seen(gateway);
    }
  }

  #keepFleet(gateway: NamespacedName, spec: FleetSpec): void {
    const known = this.#fleets.get(gateway);
    if (known !== undefined && equal(known.spec, spec)) return;
    const wanted = spec.frozen ? [] : renderFleet(spec, this.#options.render);
    if (known === undefined) {
      this.#fleets.set(gateway, new FleetMemory(spec, wanted));
      this.#gateways.set(nameOf(spec), gateway);
    } else known.want(spec, wanted);
    this.#rollout.resume(gateway);
    this.#tellState(gateway);
    this.#enqueue(gateway);
  }

  #dropFleet(gateway: NamespacedName): void {
    const known = this.#fleets.get(gateway);
    if (known === undefined) return;
    known.drop();
    this.#fleets.delete(gateway);
    this.#gateways.delete(nameOf(known.spec));
    this.#queue.delete(gateway);
    this.#rollout.forget(gateway);
    this.#options.onState(gateway, undefined);
    this.#leftovers.noticed(nameOf(known.spec));
    this.#nextTurn();
  }

  #observeNode(name: NamespacedName, node: RawObject | undefined): void {
    setOrDelete(this.#nodes, name, node && nodeFacts(node));
    const addresses = nodeAddresses(this.#nodes.values());
    // A node tells that it lives every few seconds.
    if (equal(addresses, this.#nodeAddresses)) return;
    this.#nodeAddresses = addresses;
    this.#tellStates(() => true);
  }

  #tellStates(concerns: (spec: FleetSpec) => boolean): void {
    for (const [gateway, { spec }] of this.#fleets) if (concerns(spec)) this.#tellState(gateway);
  }

  #tellState(gateway: NamespacedName): void {
    const memory = this.#fleets.get(gateway);
    if (memory === undefined) return;
    const { spec } = memory;
    const { addressService } = spec.parameters;
    const serviceName = addressService && namespacedName(addressService.namespace, addressService.name);
    const observed = this.#observed.get(nameOf(spec));
    const state = fleetState(spec, {
      observed,
      nodeAddresses: this.#nodeAddresses,
      addressService: serviceName === undefined ? undefined : this.#services.get(serviceName),
      refusal: memory.refusal ?? this.#heldUp(gateway, deploymentProblem(observed.get("Deployment"))),
    });
    if (equal(state, memory.state)) return;
    memory.state = state;
    this.#options.onState(gateway, state);
  }

  #heldUp(gateway: NamespacedName, problem: string | undefined): string | undefined {
    if (problem === undefined || !this.#rollout.holdsUpOthers(gateway)) return undefined;
    return `${problem}. Other Gateways do not get the change of class or version before this one is Ready`;
  }

  #tellAddressServices(): void {
    const named = [...this.#fleets.values()].flatMap(({ spec: { parameters } }) => parameters.addressService ?? []);
    const services = [...new Set(named.map(({ namespace, name }) => namespacedName(namespace, name)))].toSorted();
    if (equal(services, this.#addressServices)) return;
    this.#addressServices = services;
    this.#options.onAddressServices(services);
  }

  #takeUp(): void {
    if (!this.#isLeader || !this.#isStarted) return;
    // Who is awaited has to be known before anybody gets a turn.
    for (const memory of this.#fleets.values()) if (!memory.spec.frozen) this.#worker.look(memory);
    for (const gateway of this.#fleets.keys()) this.#enqueue(gateway);
    for (const name of this.#observed.names()) if (!this.#gateways.has(name)) this.#leftovers.noticed(name);
  }

  #layDown(): void {
    this.#queue.clear();
    this.#leftovers.forget();
    this.#rollout.clear();
    for (const [gateway, memory] of this.#fleets) {
      memory.settle();
      memory.forgetAnswers();
      memory.refusal = undefined;
      this.#tellState(gateway);
    }
  }

  /** Something about a fleet was seen. While it waits to try again, that is no reason to try sooner. */
  #seen(gateway: NamespacedName): void {
    const memory = this.#fleets.get(gateway);
    if (memory?.cancelRetry === undefined) this.#enqueue(gateway);
  }

  #enqueue(gateway: NamespacedName): void {
    if (!this.#isLeader || !this.#isStarted) return;
    this.#queue.add(gateway);
    this.#pump();
  }

  #pump(): void {
    for (const gateway of this.#queue) {
      if (this.#working.size >= mostAtOnce) return;
      if (this.#working.has(gateway)) continue;
      this.#queue.delete(gateway);
      const memory = this.#fleets.get(gateway);
      if (memory === undefined) continue;
      if (memory.spec.frozen) {
        this.#rollout.forget(gateway);
        this.#nextTurn();
      } else this.#working.set(gateway, this.#work(gateway, memory));
    }
  }

  async #work(gateway: NamespacedName, memory: FleetMemory): Promise<void> {
    // Several changes at once make one look.
    await Promise.resolve();
    try {
      await this.#worker.work(memory);
    } catch (error) {
      this.#rollout.postpone(gateway);
      this.#options.onError(gateway, error);
    }
    this.#working.delete(gateway);
    if (!this.#fleets.has(gateway)) this.#rollout.forget(gateway);
    this.#tellState(gateway);
    this.#nextTurn();
    this.#pump();
  }

  #nextTurn(): void {
    if (!this.#isLeader || !this.#isStarted) return;
    const gateway = this.#rollout.next();
    if (gateway !== undefined) this.#enqueue(gateway);
  }
}

function nameOf(spec: FleetSpec): NamespacedName {
  const { namespace, name } = fleetAddress(spec);
  return namespacedName(namespace, name);
}

function setOrDelete(map: Map<NamespacedName, RawObject>, name: NamespacedName, object: RawObject | undefined): void {
  if (object === undefined) map.delete(name);
  else map.set(name, object);
}
