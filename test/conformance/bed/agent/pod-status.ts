import { type ContainerSpec, isSidecar, type Pod, type PodCondition } from "./pod.ts";

/** The state of a container as the API names it. */
export type ContainerState =
  | { readonly kind: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly kind: "running"; readonly startedAt: string }
  | Termination;

/** How a run of a container ended. */
export interface Termination {
  readonly kind: "terminated";
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What the agent knows of one container. */
export interface ContainerView {
  readonly state: ContainerState;
  readonly last?: Termination;
  readonly restarts: number;
  readonly started: boolean;
  readonly ready: boolean;
}

/** What the agent knows of a pod. */
export interface PodView {
  readonly startTime: string;
  readonly podAddress: string | undefined;
  readonly nodeAddress: string;
  readonly sandboxReady: boolean;
  readonly containers: ReadonlyMap<string, ContainerView>;
  /** Set when the pod has ended for good. */
  readonly ended: "Succeeded" | "Failed" | undefined;
}

/** Builds `status` of a pod. Conditions that the agent does not own stay; a time of transition stays with its status. */
export function buildPodStatus(pod: Pod, view: PodView, now: string): object {
  const { podAddress, nodeAddress, startTime, containers } = view;
  const init = pod.spec.initContainers ?? [];
  const statuses = (specs: typeof pod.spec.containers): readonly object[] =>
    specs.flatMap((spec) => containerStatus(spec, containers.get(spec.name), init.includes(spec) && !isSidecar(spec)));
  return {
    observedGeneration: pod.metadata.generation,
    phase: phaseOf(pod, view),
    startTime,
    hostIP: nodeAddress,
    hostIPs: [{ ip: nodeAddress }],
    ...(podAddress === undefined ? {} : { podIP: podAddress, podIPs: [{ ip: podAddress }] }),
    conditions: conditionsOf(pod, view, now),
    ...(init.length === 0 ? {} : { initContainerStatuses: statuses(init) }),
    containerStatuses: statuses(pod.spec.containers),
  };
}

function phaseOf(pod: Pod, view: PodView): string {
  if (view.ended !== undefined) return view.ended;
  const begun = pod.spec.containers.some(({ name }) => view.containers.get(name)?.state.kind !== "waiting");
  const restarted = pod.spec.containers.some(({ name }) => (view.containers.get(name)?.restarts ?? 0) > 0);
  return begun || restarted ? "Running" : "Pending";
}

function conditionsOf(pod: Pod, view: PodView, now: string): readonly PodCondition[] {
  const before = pod.status?.conditions ?? [];
  const own = ownConditions(pod, view).map((condition) => {
    const same = before.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, lastTransitionTime: same?.lastTransitionTime ?? now };
  });
  const foreign = before.filter(({ type }) => !own.some((condition) => condition.type === type));
  return [...own, ...foreign];
}

function ownConditions(pod: Pod, view: PodView): readonly PodCondition[] {
  const unready = unreadyContainers(pod, view);
  const closedGates = (pod.spec.readinessGates ?? []).filter(
    ({ conditionType }) =>
      !pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === "True"),
  );
  const completed = view.ended === "Succeeded" ? { reason: "PodCompleted" } : view.ended && { reason: "PodFailed" };
  const names = unready.map((name) => name).join(" ");
  const why = completed ?? { reason: "ContainersNotReady", message: `containers with unready status: [${names}]` };
  const gates = { reason: "ReadinessGatesNotReady", message: "a readiness gate of the pod is not true" };
  return [
    condition("PodReadyToStartContainers", view.sandboxReady && view.ended === undefined),
    condition("Initialized", isInitialized(pod, view), { reason: "ContainersNotInitialized" }),
    condition("Ready", unready.length + closedGates.length === 0, unready.length === 0 ? gates : why),
    condition("ContainersReady", unready.length === 0, why),
    condition("PodScheduled", true),
  ];
}

function unreadyContainers(pod: Pod, view: PodView): readonly string[] {
  const lasting = [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers];
  return lasting.map(({ name }) => name).filter((name) => view.containers.get(name)?.ready !== true);
}

function isInitialized(pod: Pod, view: PodView): boolean {
  return (pod.spec.initContainers ?? []).every((container) => {
    const known = view.containers.get(container.name);
    if (isSidecar(container)) return known?.started === true || view.ended !== undefined;
    return known?.state.kind === "terminated" && known.state.exitCode === 0;
  });
}

function condition(type: string, holds: boolean, otherwise: { reason?: string; message?: string } = {}): PodCondition {
  return holds ? { type, status: "True" } : { type, status: "False", ...otherwise };
}

function containerStatus(
  { name, image }: ContainerSpec,
  view: ContainerView | undefined,
  completes: boolean,
): readonly object[] {
  if (view === undefined) return [];
  // An init container is ready when it has done its work, and not before.
  const ready = completes ? view.state.kind === "terminated" && view.state.exitCode === 0 : view.ready;
  return [
    {
      name,
      image,
      imageID: image,
      ...(view.state.kind === "waiting" && view.restarts === 0
        ? {}
        : { containerID: `process://${name}-${view.restarts}` }),
      ready,
      started: view.started,
      restartCount: view.restarts,
      state: stateObject(view.state),
      lastState: view.last === undefined ? {} : stateObject(view.last),
    },
  ];
}

function stateObject({ kind, ...fields }: ContainerState): object {
  return { [kind]: fields };
}
