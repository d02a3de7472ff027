import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../api.ts";
import type { NodeAgentOptions } from "../node-agent-options.ts";
import type { AddressPool } from "./addresses.ts";
import { planContainer } from "./container-plan.ts";
import { ContainerRunner, type RestartPolicy } from "./container-runner.ts";
import type { PodPlace } from "./downward.ts";
import type { ObjectStore } from "./keyed-objects.ts";
import { type ContainerSpec, isSidecar, type Pod, podPath } from "./pod.ts";
import { hostnameOf, hostsText, resolverText } from "./pod-files.ts";
import { createPipes, createPodNetwork, networkFile, removePodNetwork } from "./pod-network.ts";
import { buildPodStatus, type ContainerView, type PodView } from "./pod-status.ts";
import { PodVolumes } from "./pod-volumes.ts";
import { PodStatusWriter } from "./status-writer.ts";

export interface WorkerInput {
  readonly options: NodeAgentOptions;
  readonly objects: ObjectStore;
  readonly addresses: AddressPool;
  /** Unique on the node: names the pod's link and network namespace. */
  readonly linkName: string;
}

/** Carries one pod from its binding to its removal. */
export class PodWorker {
  pod: Pod;
  readonly #input: WorkerInput;
  readonly #directory: string;
  readonly #startTime = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  readonly #runners = new Map<string, ContainerRunner>();
  readonly #stopped = new AbortController();
  readonly #status: PodStatusWriter;
  #address: string | undefined;
  /** Whether there may be a network of the pod's own, and an address that is taken. */
  #attempted = false;
  #sandboxReady = false;
  #waiting: ContainerView["state"] = { kind: "waiting", reason: "ContainerCreating" };
  #volumes: PodVolumes | undefined;
  #ended: PodView["ended"];
  #deadline = Number.POSITIVE_INFINITY;
  #life: Promise<void> | undefined;
  #removal: Promise<void> | undefined;

  constructor(pod: Pod, input: WorkerInput) {
    this.pod = pod;
    this.#input = input;
    this.#directory = `${input.options.stateDirectory}/pods/${pod.metadata.uid}`;
    this.#status = new PodStatusWriter(input.options.api, () => ({ pod: this.pod, status: this.#buildStatus() }));
  }

  /** The pod's address; undefined before it has one and after its end. */
  get address(): string | undefined {
    return this.#address;
  }

  /** File of the pod's network namespace; undefined when it shares the node's. */
  get network(): string | undefined {
    return this.pod.spec.hostNetwork === true ? undefined : networkFile(this.#input.linkName);
  }

  runner(container: string): ContainerRunner | undefined {
    return this.#runners.get(container);
  }

  /** Starts the pod. What fails is told in its status and tried again. */
  start(): void {
    this.#life = this.#live();
  }

  /** Takes a newer version of the pod. */
  update(pod: Pod): void {
    this.pod = pod;
    this.#volumes?.update(pod);
    // Others write conditions that readiness depends on.
    if ((pod.spec.readinessGates ?? []).length > 0) this.#changed();
  }

  /** Ends the pod within a grace period, which a second call can only shorten, and takes every trace of it away. */
  remove(graceSeconds: number): Promise<void> {
    this.#deadline = Math.min(this.#deadline, graceSeconds === 0 ? 0 : Date.now() + graceSeconds * 1000);
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopped;
    this.#changed();
    while (!signal.aborted && !(await this.#prepare())) {
      await sleep(1000, undefined, { signal }).catch(() => {});
    }
    if (signal.aborted) return;
    if (!(await this.#initialize())) {
      if (!signal.aborted) await this.#finish("Failed");
      return;
    }
    const ends = await Promise.all(
      this.pod.spec.containers.map((container) => this.#runners.get(container.name)?.run()),
    );
    if (!signal.aborted) await this.#finish(ends.every((end) => end?.exitCode === 0) ? "Succeeded" : "Failed");
  }

  /** Makes what containers need. Answers whether all of it is there. */
  async #prepare(): Promise<boolean> {
    try {
      if (!this.#sandboxReady) await this.#createSandbox();
      const missing = await this.#volumes?.setUp();
      if (missing === undefined) return true;
      this.#wait(missing);
    } catch (error) {
      this.#wait(error instanceof Error ? error.message : String(error));
    }
    return false;
  }

  async #createSandbox(): Promise<void> {
    const { options, addresses, linkName } = this.#input;
    const shared = this.pod.spec.hostNetwork === true;
    this.#address ??= shared ? options.nodeAddress : addresses.take();
    if (this.#address === undefined) throw new Error("no pod address is free");
    const containers = [...(this.pod.spec.initContainers ?? []), ...this.pod.spec.containers];
    rmSync(this.#directory, { recursive: true, force: true });
    for (const { name } of containers) mkdirSync(`${this.#directory}/${name}`, { recursive: true });
    this.#writeEtc(this.#address);
    const pipes = containers.map(({ name }) => `${this.#directory}/${name}/output`);
    if (shared) await createPipes(pipes);
    else {
      // What an attempt before this one left would be in the way.
      if (this.#attempted) await removePodNetwork(linkName);
      this.#attempted = true;
      const { bridge, nodeAddress: gateway } = options;
      await createPodNetwork({ name: linkName, address: this.#address, bridge, gateway, pipes });
    }
    const place = this.#place(this.#address);
    const directory = `${this.#directory}/.volumes`;
    this.#volumes = new PodVolumes(this.pod, { api: options.api, objects: this.#input.objects, directory, place });
    for (const container of containers) this.#runners.set(container.name, this.#createRunner(container, place));
    this.#sandboxReady = true;
    this.#changed();
  }

  /** Runs the init containers in their order. Answers whether the others may start. */
  async #initialize(): Promise<boolean> {
    for (const container of this.pod.spec.initContainers ?? []) {
      const runner = this.#runners.get(container.name);
      if (runner === undefined || this.#stopped.signal.aborted) return false;
      if (isSidecar(container)) {
        void runner.run();
        await Promise.race([runner.untilStarted(), aborted(this.#stopped.signal)]);
      } else if ((await runner.run())?.exitCode !== 0) return false;
    }
    return !this.#stopped.signal.aborted;
  }

  #createRunner(container: ContainerSpec, place: PodPlace): ContainerRunner {
    const { options, objects } = this.#input;
    const { images, kubernetesService } = options;
    const directory = `${this.#directory}/${container.name}`;
    const plan = (): ReturnType<typeof planContainer> =>
      planContainer({
        ...{ pod: this.pod, container, place, objects, images, kubernetesService, directory },
        volume: (name) => this.#volumes?.source(name) ?? directory,
        etc: `${this.#directory}/.etc`,
        output: `${directory}/output`,
        hostname: hostnameOf(this.pod),
      });
    return new ContainerRunner({
      ...{ container, plan, directory, network: this.network, podAddress: place.podAddress },
      restart: restartPolicy(this.pod, container),
      gracePeriodSeconds: this.pod.spec.terminationGracePeriodSeconds ?? 30,
      changed: () => this.#changed(),
    });
  }

  /** The pod has ended by itself: its sidecars end too, and its address is free. */
  async #finish(phase: "Succeeded" | "Failed"): Promise<void> {
    const deadline = Date.now() + (this.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    await this.#stopSidecars(() => Math.min(deadline, this.#deadline));
    this.#ended = phase;
    await this.#status.changed();
    await this.#dismantle();
  }

  async #remove(): Promise<void> {
    const { api } = this.#input.options;
    this.#stopped.abort();
    const main = this.pod.spec.containers.map(({ name }) => this.#runners.get(name)?.stop(() => this.#deadline));
    const init = (this.pod.spec.initContainers ?? []).filter((container) => !isSidecar(container));
    const rest = init.map(({ name }) => this.#runners.get(name)?.stop(() => this.#deadline));
    await Promise.all([...main, ...rest]);
    await this.#stopSidecars(() => this.#deadline);
    await this.#life;
    await this.#status.changed();
    await this.#dismantle();
    rmSync(this.#directory, { recursive: true, force: true });
    const options = { gracePeriodSeconds: 0, preconditions: { uid: this.pod.metadata.uid } };
    await retried(() => api.remove(podPath(this.pod), { apiVersion: "v1", kind: "DeleteOptions", ...options }));
  }

  async #stopSidecars(deadline: () => number): Promise<void> {
    // The last one that was started may need those before it.
    for (const container of (this.pod.spec.initContainers ?? []).filter(isSidecar).reverse()) {
      await this.#runners.get(container.name)?.stop(deadline);
    }
  }

  async #dismantle(): Promise<void> {
    this.#volumes?.close();
    this.#sandboxReady = false;
    if (!this.#attempted) return;
    this.#attempted = false;
    await removePodNetwork(this.#input.linkName);
    if (this.#address !== undefined) this.#input.addresses.release(this.#address);
  }

  #writeEtc(address: string): void {
    const { nodeAddress, clusterDomain } = this.#input.options;
    const etc = `${this.#directory}/.etc`;
    mkdirSync(etc, { recursive: true });
    writeFileSync(`${etc}/hosts`, hostsText(this.pod, address, clusterDomain));
    writeFileSync(`${etc}/hostname`, `${hostnameOf(this.pod)}\n`);
    writeFileSync(`${etc}/resolv.conf`, resolverText(this.pod, nodeAddress, clusterDomain));
  }

  #place(podAddress: string): PodPlace {
    const { nodeAddress, nodeName } = this.#input.options;
    return { podAddress, nodeAddress, nodeName };
  }

  #wait(message: string): void {
    this.#waiting = { kind: "waiting", reason: "ContainerCreating", message };
    this.#changed();
  }

  #changed(): void {
    void this.#status.changed();
  }

  #buildStatus(): object {
    const all = [...(this.pod.spec.initContainers ?? []), ...this.pod.spec.containers];
    const idle: ContainerView = { state: this.#waiting, restarts: 0, started: false, ready: false };
    const views = all.map(({ name }) => [name, this.#viewOf(name) ?? idle] as const);
    const view: PodView = {
      startTime: this.#startTime,
      podAddress: this.#address,
      nodeAddress: this.#input.options.nodeAddress,
      sandboxReady: this.#sandboxReady,
      containers: new Map(views),
      ended: this.#ended,
    };
    return buildPodStatus(this.pod, view, new Date().toISOString().replace(/\.\d+Z$/, "Z"));
  }

  /** A container that was never tried tells what the pod waits for. */
  #viewOf(name: string): ContainerView | undefined {
    const view = this.#runners.get(name)?.view;
    const untried = view?.state.kind === "waiting" && view.state.reason === "PodInitializing";
    return untried && "message" in this.#waiting ? undefined : view;
  }
}

function restartPolicy(pod: Pod, container: ContainerSpec): RestartPolicy {
  const policy = pod.spec.restartPolicy ?? "Always";
  if (pod.spec.containers.some(({ name }) => name === container.name)) return policy;
  if (isSidecar(container)) return "Always";
  return policy === "Never" ? "Never" : "OnFailure";
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function retried(action: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      await action();
      return;
    } catch (error) {
      // Gone already, or another pod has its name.
      if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return;
      await sleep(250);
    }
  }
}
