import type { NamespacedName } from "../core/keys.ts";
import type { KubeClient } from "../core/kube-client.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { type ActionOutcome, carryOut } from "./apply/carry-out.ts";
import type { FleetMemory } from "./fleet-memory.ts";
import { type FleetAction, type FleetPlan, isAwaited, planFleet } from "./plan.ts";
import { fleetAddress } from "./render/metadata.ts";
import type { FleetReport } from "./report.ts";
import type { Rollout } from "./rollout.ts";
import { isDeploymentReady } from "./state/deployment-state.ts";
import type { ObservedFleets } from "./state/observed-fleets.ts";

/** What the work on a fleet needs of the rest. */
export interface WorkerOptions {
  readonly client: KubeClient;
  readonly observed: ObservedFleets;
  readonly rollout: Rollout;
  readonly scheduler: Scheduler;
  readonly random: () => number;
  readonly isLeading: () => boolean;
  readonly report: (report: FleetReport) => void;
  /** Has the fleet looked at again. */
  readonly lookAgain: (gateway: NamespacedName) => void;
}

/** Brings single fleets where they should be. Who calls it makes sure that no fleet is worked on twice at a time. */
export class FleetWorker {
  readonly #options: WorkerOptions;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Looks at a fleet without writing: the rollout learns how it is. */
  look(memory: FleetMemory): FleetPlan {
    const { spec, wanted } = memory;
    const { rollout, observed, scheduler } = this.#options;
    const fleet = observed.get(nameOf(memory));
    const plan = planFleet({
      fleet: spec,
      wanted,
      observed: fleet,
      isApplied: (object, actual) => memory.isApplied(object, actual),
      hasTurn: rollout.hasTurn(spec.gateway),
      hasDrifted: (object, actual) =>
        memory.hasDrifted(object, actual) && memory.repairDelay(object.kind, scheduler.now()) === 0,
    });
    const deployment = fleet.get("Deployment");
    const isReady = deployment !== undefined && isDeploymentReady(deployment);
    const { generation } = deployment?.metadata ?? {};
    if (isReady) memory.readyGeneration = generation;
    const wasReady = memory.readyGeneration !== undefined && memory.readyGeneration === generation;
    rollout.note(spec.gateway, { waits: plan.waits, isReady, isAwaited: isAwaited(fleet) && !wasReady });
    return plan;
  }

  /** Does what is to be done for a fleet now. */
  async work(memory: FleetMemory): Promise<void> {
    const { rollout, isLeading } = this.#options;
    const { spec } = memory;
    const isOver = () => !isLeading() || memory.isDropped || memory.spec !== spec;
    const plan = this.look(memory);
    const refusals = [...plan.taken];
    const done: FleetAction[] = [];
    let retryAfterMs: number | undefined;
    for (const action of plan.actions) {
      if (isOver()) return;
      // What the Deployment says of itself holds for everything before it.
      if (refusals.length > 0 && isChangeOfDeployment(action)) continue;
      const outcome = await carryOut(this.#options.client, action, memory.spec.uid);
      if (outcome.kind === "refused") {
        refusals.push(outcome.message);
        retryAfterMs = Math.max(retryAfterMs ?? 0, outcome.retryAfterMs ?? 0);
      } else {
        this.#noteDone(memory, action, outcome);
        if (outcome.kind !== "unchanged") done.push(action);
      }
    }
    this.#reportDone(memory, done);
    if (isOver()) return;
    this.#noteRefusals(memory, refusals);
    const { gateway } = memory.spec;
    if (retryAfterMs !== undefined) this.#retry(memory, retryAfterMs);
    else {
      memory.settle();
      this.#repairLater(memory);
    }
    if (refusals.length > 0) rollout.postpone(gateway);
    else rollout.resume(gateway);
    rollout.endTurn(gateway);
    this.look(memory);
  }

  #noteDone(memory: FleetMemory, action: FleetAction, outcome: ActionOutcome): void {
    if (action.kind === "remove") this.#options.observed.set(action.of, nameOf(memory), undefined);
    if (!isWrite(action) || outcome.kind === "refused" || outcome.kind === "done") return;
    const { kind } = action.wanted;
    memory.noteAnswer(action.wanted, outcome.object);
    this.#options.observed.set(kind, nameOf(memory), outcome.object);
    if (action.kind === "repair") memory.noteRepair(kind, this.#options.scheduler.now());
  }

  /** One report for all that was done of a sort: a new Gateway is one event. */
  #reportDone(memory: FleetMemory, done: readonly FleetAction[]): void {
    const { gateway } = memory.spec;
    for (const sort of sorts) {
      const kinds = done.flatMap((action) => {
        if (action.kind !== sort.kind) return [];
        return action.kind === "remove" ? [action.of] : "wanted" in action ? [action.wanted.kind] : [];
      });
      if (kinds.length === 0) continue;
      const message = `${sort.words} ${nameOf(memory)}: ${kinds.join(", ")}`;
      this.#options.report({ gateway, type: sort.type, reason: sort.reason, message });
    }
  }

  #noteRefusals(memory: FleetMemory, refusals: readonly string[]): void {
    const refusal = refusals.length === 0 ? undefined : [...new Set(refusals)].join("; ");
    if (refusal === memory.refusal) return;
    const before = memory.refusal;
    memory.refusal = refusal;
    const { gateway } = memory.spec;
    if (refusal !== undefined) {
      this.#options.report({ gateway, type: "Warning", reason: "ProxiesRefused", message: refusal });
    } else if (before !== undefined) {
      const message = "All objects of the proxies are applied again";
      this.#options.report({ gateway, type: "Normal", reason: "ProxiesRecovered", message });
    }
  }

  #retry(memory: FleetMemory, atLeast: number): void {
    const { scheduler, random, rollout, lookAgain } = this.#options;
    const { gateway } = memory.spec;
    memory.cancelRetry?.();
    memory.cancelRetry = scheduler.after(Math.max(atLeast, memory.nextDelay(random)), () => {
      memory.cancelRetry = undefined;
      rollout.resume(gateway);
      lookAgain(gateway);
    });
  }

  /** An object that somebody changes again and again is repaired later each time. */
  #repairLater(memory: FleetMemory): void {
    const { observed, scheduler, lookAgain } = this.#options;
    const fleet = observed.get(nameOf(memory));
    const delays = memory.wanted.flatMap((wanted) => {
      const actual = fleet.get(wanted.kind);
      const delay = memory.repairDelay(wanted.kind, scheduler.now());
      return actual !== undefined && delay > 0 && memory.hasDrifted(wanted, actual) ? [delay] : [];
    });
    if (delays.length === 0) return;
    memory.cancelRetry = scheduler.after(Math.min(...delays), () => {
      memory.cancelRetry = undefined;
      lookAgain(memory.spec.gateway);
    });
  }
}

/** What is told of each sort of action. */
const sorts = [
  { kind: "create", type: "Normal", reason: "ProxiesApplied", words: "Created" },
  { kind: "change", type: "Normal", reason: "ProxiesApplied", words: "Changed" },
  { kind: "repair", type: "Warning", reason: "ProxiesRepaired", words: "Undid what somebody else had changed of" },
  { kind: "remove", type: "Normal", reason: "ProxiesRemoved", words: "Removed of" },
] as const;

function isWrite(
  action: FleetAction,
): action is Extract<FleetAction, { readonly kind: "create" | "change" | "repair" }> {
  return action.kind === "create" || action.kind === "change" || action.kind === "repair";
}

function isChangeOfDeployment(action: FleetAction): boolean {
  return action.kind === "change" && action.wanted.kind === "Deployment";
}

/** `namespace/name` of the objects of a fleet. */
function nameOf({ spec }: FleetMemory): string {
  const { namespace, name } = fleetAddress(spec);
  return `${namespace}/${name}`;
}
