import { expect, it } from "vitest";
import type { Pod, PodCondition } from "./pod.ts";
import { buildPodStatus, type ContainerView, type PodView, type Termination } from "./pod-status.ts";

const running: ContainerView = {
  ...{ state: { kind: "running", startedAt: "t1" }, restarts: 0, started: true, ready: true },
};
const waiting: ContainerView = {
  ...{ state: { kind: "waiting", reason: "ContainerCreating" }, restarts: 0, started: false, ready: false },
};
const ended = (exitCode: number): Termination => ({
  ...{
    kind: "terminated",
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    startedAt: "t1",
    finishedAt: "t2",
  },
});
const done = (exitCode: number): ContainerView => ({
  ...{ state: ended(exitCode), restarts: 0, started: false, ready: false },
});

function podOf(conditions: readonly PodCondition[] = [], gates: readonly string[] = []): Pod {
  return {
    metadata: { name: "p", generation: 3 },
    spec: {
      initContainers: [{ name: "setup", image: "i" }],
      containers: [
        { name: "one", image: "i" },
        { name: "two", image: "i" },
      ],
      readinessGates: gates.map((conditionType) => ({ conditionType })),
    },
    status: { conditions },
  };
}

function viewOf(setup: ContainerView, one: ContainerView, two: ContainerView, end?: "Succeeded" | "Failed"): PodView {
  const containers = new Map(Object.entries({ setup, one, two }));
  const place = { startTime: "t0", podAddress: "10.244.1.1", nodeAddress: "10.244.0.1", sandboxReady: true };
  return { ...place, containers, ended: end };
}

function conditions(status: object): Record<string, string> {
  const list = "conditions" in status && Array.isArray(status.conditions) ? status.conditions : [];
  return Object.fromEntries(
    list.map(({ type, status: value, lastTransitionTime }) => [type, `${value} ${lastTransitionTime}`]),
  );
}

it.each([
  {
    name: "waits for its init containers",
    view: viewOf(waiting, waiting, waiting),
    phase: "Pending",
    ready: "False",
    initialized: "False",
  },
  {
    name: "runs, one container not ready",
    view: viewOf(done(0), running, { ...running, ready: false }),
    phase: "Running",
    ready: "False",
    initialized: "True",
  },
  { name: "is ready", view: viewOf(done(0), running, running), phase: "Running", ready: "True", initialized: "True" },
  {
    name: "has failed in an init container",
    view: viewOf(done(1), waiting, waiting, "Failed"),
    phase: "Failed",
    ready: "False",
    initialized: "False",
  },
  {
    name: "has succeeded",
    view: viewOf(done(0), done(0), done(0), "Succeeded"),
    phase: "Succeeded",
    ready: "False",
    initialized: "True",
  },
])("a pod that $name", ({ view, phase, ready, initialized }) => {
  const status = buildPodStatus(podOf(), view, "now");
  expect(status).toMatchObject({ phase, observedGeneration: 3, podIPs: [{ ip: "10.244.1.1" }], startTime: "t0" });
  expect(conditions(status)).toMatchObject({
    ...{
      Ready: `${ready} now`,
      ContainersReady: `${ready} now`,
      Initialized: `${initialized} now`,
      PodScheduled: "True now",
    },
  });
});

it("a pod whose container is restarted still counts as running", () => {
  const backOff: ContainerView = { ...waiting, restarts: 2, last: ended(1) };
  const status = buildPodStatus(podOf(), viewOf(done(0), backOff, backOff), "now");
  expect(status).toMatchObject({
    phase: "Running",
    containerStatuses: [{ restartCount: 2, lastState: { terminated: { exitCode: 1 } } }, {}],
  });
});

it("the time of a condition stays until its status changes, and foreign conditions stay", () => {
  const before: PodCondition[] = [
    { type: "Ready", status: "False", lastTransitionTime: "old" },
    { type: "Initialized", status: "True", lastTransitionTime: "old" },
    { type: "example.com/gate", status: "True", lastTransitionTime: "old" },
  ];
  const status = buildPodStatus(podOf(before), viewOf(done(0), running, running), "now");
  expect(conditions(status)).toMatchObject({
    Ready: "True now",
    Initialized: "True old",
    "example.com/gate": "True old",
  });
});

it("a readiness gate that nobody has opened keeps the pod from being ready", () => {
  const closed = buildPodStatus(podOf([], ["example.com/gate"]), viewOf(done(0), running, running), "now");
  expect(conditions(closed)).toMatchObject({ Ready: "False now", ContainersReady: "True now" });
  const open = podOf([{ type: "example.com/gate", status: "True" }], ["example.com/gate"]);
  expect(conditions(buildPodStatus(open, viewOf(done(0), running, running), "now"))).toMatchObject({
    Ready: "True now",
  });
});

it("an init container is ready when it has done its work", () => {
  const status = buildPodStatus(podOf(), viewOf(done(0), running, running), "now");
  expect(status).toMatchObject({
    initContainerStatuses: [{ name: "setup", ready: true, state: { terminated: { exitCode: 0 } } }],
  });
});
