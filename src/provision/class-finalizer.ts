import {
  type KubeClient,
  type KubeFailure,
  patchTypes,
  type RawObject,
  type ResourceKind,
  resourcePath,
} from "../core/kube-client.ts";
import { backoff, type Scheduler } from "../core/scheduler.ts";
import { isEarlierState } from "./state/earlier-state.ts";

/** Keeps a GatewayClass from being deleted while Gateways use it. https://gateway-api.sigs.k8s.io/api-types/gatewayclass/ */
export const gatewayExistsFinalizer = "gateway-exists-finalizer.gateway.networking.k8s.io";

export interface ClassFinalizerOptions {
  readonly client: KubeClient;
  readonly scheduler: Scheduler;
  /** At least 0, less than 1. */
  readonly random: () => number;
  /** A write that was refused; it is tried again. */
  readonly onRefused: (className: string, message: string) => void;
}

interface ClassMemory {
  inUse?: boolean;
  observed?: RawObject;
  failures: number;
  cancelRetry?: (() => void) | undefined;
  working?: Promise<void> | undefined;
}

/** Sets the finalizer on classes of ours that Gateways use, and takes it from those that none does. Only the leader writes. */
export class ClassFinalizer {
  readonly #options: ClassFinalizerOptions;
  readonly #classes = new Map<string, ClassMemory>();
  #isLeader = false;

  constructor(options: ClassFinalizerOptions) {
    this.#options = options;
  }

  /** Tells whether this replica leads. Say so only once every use is known: a class that seems unused loses the finalizer. */
  lead(isLeader: boolean): void {
    this.#isLeader = isLeader;
    for (const [name, memory] of this.#classes) {
      settle(memory);
      this.#look(name, memory);
    }
  }

  /** Tells whether any Gateway uses a class of ours; undefined when the class is none of ours, which is left as it is. */
  setUse(className: string, inUse: boolean | undefined): void {
    const memory = this.#memoryOf(className);
    if (inUse === undefined) delete memory.inUse;
    else memory.inUse = inUse;
    this.#look(className, memory);
  }

  /** Tells a class as it is now, or with undefined that it is gone. */
  observe(className: string, object: RawObject | undefined): void {
    const memory = this.#memoryOf(className);
    if (object === undefined) delete memory.observed;
    else if (memory.observed === undefined || !isEarlierState(object, memory.observed)) memory.observed = object;
    if (object === undefined && memory.inUse === undefined) this.#classes.delete(className);
    this.#look(className, memory);
  }

  /** Ends all writing and resolves when no request is under way. */
  async stop(): Promise<void> {
    this.lead(false);
    await this.idle();
  }

  /** Resolves when no request is under way. */
  async idle(): Promise<void> {
    const working = () => [...this.#classes.values()].flatMap((memory) => memory.working ?? []);
    while (working().length > 0) await Promise.all(working());
  }

  #memoryOf(className: string): ClassMemory {
    const memory = this.#classes.get(className) ?? { failures: 0 };
    this.#classes.set(className, memory);
    return memory;
  }

  #look(className: string, memory: ClassMemory): void {
    if (!this.#isLeader || memory.working !== undefined || memory.cancelRetry !== undefined) return;
    if (memory.observed === undefined || wantedFinalizers(memory.observed, memory.inUse) === undefined) return;
    memory.working = this.#write(className, memory);
  }

  async #write(className: string, memory: ClassMemory): Promise<void> {
    const problem = await this.#writeOnce(className, memory);
    memory.working = undefined;
    if (problem === undefined) {
      settle(memory);
      this.#look(className, memory);
      return;
    }
    this.#options.onRefused(className, problem);
    if (this.#isLeader) this.#retry(className, memory);
  }

  /** On a conflict the class is read again; what is wanted may then be there already. */
  async #writeOnce(className: string, memory: ClassMemory): Promise<string | undefined> {
    const path = resourcePath(gatewayClasses, { name: className });
    let current = memory.observed;
    for (let attempt = 0; attempt < mostConflicts; attempt++) {
      const finalizers = current && wantedFinalizers(current, memory.inUse);
      if (current === undefined || finalizers === undefined || !this.#isLeader) return undefined;
      const body = { metadata: { resourceVersion: current.metadata.resourceVersion, finalizers } };
      const result = await this.#options.client.request<RawObject>({
        method: "PATCH",
        path,
        body,
        contentType: patchTypes.merge,
      });
      if (result.kind === "failed" && result.status !== 409) return failed(memory, result);
      const read =
        result.kind === "ok" ? result : await this.#options.client.request<RawObject>({ method: "GET", path });
      if (read.kind === "failed") return failed(memory, read);
      current = read.value;
      memory.observed = current;
    }
    return `GatewayClass ${className} is changed by others all the time`;
  }

  #retry(className: string, memory: ClassMemory): void {
    const { scheduler, random } = this.#options;
    memory.failures++;
    memory.cancelRetry = scheduler.after(backoff(memory.failures, { ...waits, random }), () => {
      memory.cancelRetry = undefined;
      this.#look(className, memory);
    });
  }
}

const gatewayClasses: ResourceKind = { group: "gateway.networking.k8s.io", version: "v1", plural: "gatewayclasses" };
const mostConflicts = 5;
const waits = { first: 1_000, most: 300_000 } as const;

/** The finalizers that a class should have; undefined when it has them. None can be added to a class that is being deleted. */
function wantedFinalizers({ metadata }: RawObject, inUse: boolean | undefined): readonly string[] | undefined {
  const { finalizers = [], deletionTimestamp } = metadata;
  const isSet = finalizers.includes(gatewayExistsFinalizer);
  if (inUse === undefined || inUse === isSet) return undefined;
  if (!inUse) return finalizers.filter((finalizer) => finalizer !== gatewayExistsFinalizer);
  return deletionTimestamp === undefined ? [...finalizers, gatewayExistsFinalizer] : undefined;
}

/** A class that is gone wants nothing any more. */
function failed(memory: ClassMemory, { status, message }: KubeFailure): string | undefined {
  if (status !== 404) return message;
  delete memory.observed;
  return undefined;
}

function settle(memory: ClassMemory): void {
  memory.cancelRetry?.();
  memory.cancelRetry = undefined;
  memory.failures = 0;
}
