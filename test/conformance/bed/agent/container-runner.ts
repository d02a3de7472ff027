import { setTimeout as sleep } from "node:timers/promises";
import { ContainerLog } from "./container-log.ts";
import type { PlanResult } from "./container-plan.ts";
import { ContainerProcess, type ProcessExit } from "./container-process.ts";
import { executeInContainer } from "./exec-run.ts";
import { startFailure } from "./launch-script.ts";
import type { ContainerSpec } from "./pod.ts";
import type { ContainerState, ContainerView, Termination } from "./pod-status.ts";
import { runPreStop } from "./pre-stop.ts";
import type { ProbeTarget } from "./probe-run.ts";
import { runProbes } from "./prober.ts";

export type RestartPolicy = "Always" | "OnFailure" | "Never";

export interface RunnerInput {
  readonly container: ContainerSpec;
  readonly restart: RestartPolicy;
  readonly plan: () => PlanResult;
  readonly network: string | undefined;
  readonly podAddress: string;
  /** Folder for the container's logs and state; it exists. */
  readonly directory: string;
  readonly gracePeriodSeconds: number;
  readonly changed: () => void;
}

const firstBackoffMs = 1000;
const longestBackoffMs = 10_000;
/** A run this long forgets the failures before it. */
const steadyMs = 60_000;

/** Runs one container again and again as its restart policy says, with its probes, until it is stopped. */
export class ContainerRunner {
  readonly #input: RunnerInput;
  #state: ContainerState = { kind: "waiting", reason: "PodInitializing" };
  #last: Termination | undefined;
  #restarts = 0;
  #started = false;
  #ready = false;
  #process: ContainerProcess | undefined;
  #killReason: string | undefined;
  #logs: readonly ContainerLog[] = [];
  readonly #stop = new AbortController();
  #startedWaiters: (() => void)[] = [];

  constructor(input: RunnerInput) {
    this.#input = input;
  }

  get view(): ContainerView {
    return {
      state: this.#state,
      ...(this.#last === undefined ? {} : { last: this.#last }),
      restarts: this.#restarts,
      started: this.#started && this.#state.kind === "running",
      ready: this.#ready && this.#state.kind === "running",
    };
  }

  /** The present run, for exec and the like. */
  get process(): ContainerProcess | undefined {
    return this.#process?.running === true ? this.#process : undefined;
  }

  /** The log of the present run, or of the one before it. */
  log(run: "current" | "previous"): ContainerLog | undefined {
    return this.#logs.at(run === "current" ? -1 : -2);
  }

  /** Runs until the restart policy says that it is enough, or {@link stop}. Answers how the last run ended. */
  async run(): Promise<Termination | undefined> {
    let backoff = firstBackoffMs;
    for (;;) {
      const plan = await this.#awaitPlan();
      if (plan === undefined) return this.#last;
      const began = Date.now();
      const ended = await this.#runOnce(plan);
      const policy = this.#input.restart;
      const enough = policy === "Never" || (policy === "OnFailure" && ended.exitCode === 0);
      if (enough || this.#stop.signal.aborted) return ended;
      if (Date.now() - began >= steadyMs) backoff = firstBackoffMs;
      if (!(await this.#backOff(ended, backoff))) return ended;
      backoff = Math.min(backoff * 2, longestBackoffMs);
    }
  }

  /** Answers when the container runs and its startup probe has succeeded. */
  untilStarted(): Promise<void> {
    if (this.#started) return Promise.resolve();
    return new Promise((resolve) => this.#startedWaiters.push(resolve));
  }

  /** Runs the preStop hook, asks the container to end, and ends it when the deadline has come. */
  async stop(deadline: () => number): Promise<void> {
    this.#stop.abort();
    const process = this.process;
    if (process === undefined) return;
    if (deadline() > Date.now()) {
      await runPreStop(this.#input.container.lifecycle?.preStop, this.#target(process), deadline);
      await process.terminate();
    }
    // A hook that used up the grace period leaves two seconds to end in, as the kubelet does.
    const hooked = this.#input.container.lifecycle?.preStop !== undefined;
    const last = hooked && deadline() > 0 && deadline() <= Date.now() ? Date.now() + 2000 : 0;
    await killAt(process, () => Math.max(deadline(), last));
  }

  async #awaitPlan(): Promise<Extract<PlanResult, { kind: "ok" }> | undefined> {
    while (!this.#stop.signal.aborted) {
      const plan = this.#input.plan();
      if (plan.kind === "ok") return plan;
      this.#set({ kind: "waiting", reason: plan.reason, message: plan.message });
      await sleep(1000, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    return undefined;
  }

  async #runOnce(planned: Extract<PlanResult, { kind: "ok" }>): Promise<Termination> {
    const { plan, command, environment, programs } = planned;
    const { directory, network } = this.#input;
    const log = new ContainerLog(`${directory}/${this.#restarts}.log`);
    this.#logs = [...this.#logs.slice(-1), log];
    const process = new ContainerProcess({ plan, network, command, environment, programs, log });
    this.#process = process;
    const startedAt = timestamp();
    const probes = new AbortController();
    this.#killReason = undefined;
    this.#set({ kind: "running", startedAt });
    void runProbes(this.#target(process), this.#reports(process), probes.signal);
    const exit = await process.exited;
    probes.abort();
    this.#ready = false;
    const ended = terminationOf(exit, { startedAt, message: this.#killReason });
    this.#set(ended);
    return ended;
  }

  async #backOff(ended: Termination, backoffMs: number): Promise<boolean> {
    this.#started = false;
    const message = `back-off ${backoffMs / 1000}s restarting failed container ${this.#input.container.name}`;
    const { signal } = this.#stop;
    // The end of a run is told for itself before the wait: a watcher sees how it ended.
    this.#last = ended;
    this.#set({ kind: "waiting", reason: "CrashLoopBackOff", message });
    await sleep(backoffMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) this.#set(ended);
    else this.#restarts++;
    return !signal.aborted;
  }

  #reports(process: ContainerProcess): Parameters<typeof runProbes>[1] {
    return {
      started: () => {
        this.#started = true;
        for (const resolve of this.#startedWaiters.splice(0)) resolve();
        this.#input.changed();
      },
      ready: (ready) => {
        if (this.#ready === ready) return;
        this.#ready = ready;
        this.#input.changed();
      },
      unhealthy: (message, probe) => {
        if (this.#stop.signal.aborted) return;
        this.#killReason = message;
        const grace = probe.terminationGracePeriodSeconds ?? this.#input.gracePeriodSeconds;
        const deadline = Date.now() + grace * 1000;
        void process.terminate().then(() => killAt(process, () => deadline));
      },
    };
  }

  #target(process: ContainerProcess): ProbeTarget {
    const { container, podAddress } = this.#input;
    const execute: ProbeTarget["execute"] = (command, timeoutMs) => executeInContainer(process, command, timeoutMs);
    return { container, podAddress, execute };
  }

  #set(state: ContainerState): void {
    this.#state = state;
    this.#input.changed();
  }
}

/** Waits for the end of a process until a moment that may come nearer, and kills it then. */
async function killAt(process: ContainerProcess, deadline: () => number): Promise<void> {
  while (process.running && Date.now() < deadline()) {
    await Promise.race([process.exited, sleep(Math.min(Math.max(deadline() - Date.now(), 0), 100))]);
  }
  if (process.running) process.kill();
  await process.exited;
}

function terminationOf(exit: ProcessExit, run: { startedAt: string; message: string | undefined }): Termination {
  const failed = exit.exitCode === startFailure ? "StartError" : "Error";
  return {
    kind: "terminated",
    exitCode: exit.exitCode,
    reason: exit.exitCode === 0 ? "Completed" : failed,
    ...(run.message === undefined ? {} : { message: run.message }),
    startedAt: run.startedAt,
    finishedAt: timestamp(),
  };
}

/** Times of a status have whole seconds, as the API server keeps them. */
function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
