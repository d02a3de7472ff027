import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RawObject } from "../../../../src/core/kube-client.ts";
import { waitFor } from "../wait-for.ts";
import type { ContainerSpec, Pod } from "./pod.ts";
import { isReady, type PodFixture, rootImage, type SeenStatus, startPodFixture, userImage } from "./pod-fixture.ts";

let pods: PodFixture;
beforeAll(async () => {
  pods = await startPodFixture();
}, 600_000);
afterAll(() => pods.stop());

/** A shell that ends when it is asked to. */
const idle = "trap 'echo asked; exit 0' TERM; while :; do sleep 0.1; done";

function shell(name: string, command: string, fields: Partial<ContainerSpec> = {}): ContainerSpec {
  return { name, image: rootImage, command: ["sh", "-c", command], ...fields };
}

it("a readiness probe that fails makes the pod not ready, again and again", async () => {
  const readinessProbe = { exec: { command: ["test", "-e", "/ok"] }, periodSeconds: 1, failureThreshold: 1 };
  await pods.create("moody", { containers: [shell("main", idle, { readinessProbe })] });
  const first = await pods.until("moody", "runs", ({ phase }) => phase === "Running");
  expect(isReady(first)).toBe(false);
  for (const wanted of ["True", "False", "True"] as const) {
    await pods.kubectl("exec", "moody", "--", wanted === "True" ? "touch" : "rm", "/ok");
    const seen = await pods.until("moody", `turns ${wanted}`, (status) => isReady(status, wanted));
    expect(seen.containerStatuses?.[0]).toMatchObject({ ready: wanted === "True", restartCount: 0 });
  }
  await pods.remove("moody");
});

it.each([
  {
    kind: "http",
    readinessProbe: { httpGet: { port: "web", path: "/health" }, periodSeconds: 1, failureThreshold: 1 },
  },
  { kind: "tcp", readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 } },
])("a pod is ready when its $kind port answers", async ({ kind, readinessProbe }) => {
  const serve = `const s = require("http").createServer((q, r) => { r.statusCode = q.url === "/health" ? 200 : 500; r.end() });
    setTimeout(() => s.listen(8080), 1500); process.on("SIGTERM", () => process.exit(0))`;
  const ports = [{ name: "web", containerPort: 8080 }];
  const name = `served-by-${kind}`;
  await pods.create(name, {
    containers: [{ name: "main", image: userImage, command: ["node", "-e", serve], ports, readinessProbe }],
  });
  const running = await pods.until(name, "runs", ({ phase }) => phase === "Running");
  expect(isReady(running)).toBe(false);
  await pods.until(name, "is ready", (status) => isReady(status));
  await pods.remove(name);
});

it("a failing liveness probe restarts the container, and nothing does before the startup probe has succeeded", async () => {
  const livenessProbe = { exec: { command: ["test", "-e", "/alive"] }, periodSeconds: 1, failureThreshold: 1 };
  const startupProbe = { exec: { command: ["test", "-e", "/begun"] }, periodSeconds: 1, failureThreshold: 100 };
  const main = shell("main", idle, { livenessProbe, startupProbe });
  await pods.create("mortal", { terminationGracePeriodSeconds: 5, containers: [main] });
  await pods.until("mortal", "runs", ({ phase }) => phase === "Running");
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(await pods.status("mortal")).toMatchObject({
    containerStatuses: [{ restartCount: 0, started: false, ready: false }],
  });
  await pods.kubectl("exec", "mortal", "--", "touch", "/alive", "/begun");
  await pods.until("mortal", "is ready", (status) => isReady(status));
  await pods.kubectl("exec", "mortal", "--", "rm", "/alive");
  const seen = await pods.until(
    "mortal",
    "was restarted",
    ({ containerStatuses }) => containerStatuses?.[0]?.restartCount === 1,
  );
  expect(seen.containerStatuses?.[0]?.lastState.terminated?.message).toContain("liveness probe failed");
  await pods.remove("mortal");
});

it("init containers run in order, a sidecar beside the rest, and the pod succeeds without waiting for it", async () => {
  const volumes = [{ name: "shared", emptyDir: {} }];
  const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
  const note = (word: string): string => `echo ${word} >>/shared/order`;
  await pods.create("ordered", {
    restartPolicy: "Never",
    volumes,
    initContainers: [
      shell("first", note("first"), { volumeMounts }),
      shell("beside", `${note("beside")}; touch /shared/up; ${idle}`, {
        volumeMounts,
        restartPolicy: "Always",
        startupProbe: { exec: { command: ["test", "-e", "/shared/up"] }, periodSeconds: 1 },
      }),
      shell("second", note("second"), { volumeMounts }),
    ],
    containers: [shell("main", `${note("main")}; cat /shared/order`, { volumeMounts })],
  });
  const seen = await pods.until("ordered", "succeeds", ({ phase }) => phase === "Succeeded");
  expect(await pods.logs("ordered", "-c", "main")).toBe("first\nbeside\nsecond\nmain\n");
  expect(seen.initContainerStatuses?.map(({ state }) => state.terminated?.exitCode)).toEqual([0, 0, 0]);
});

it("an init container that fails holds the others back, and fails a pod that is never restarted", async () => {
  const spec = { initContainers: [shell("setup", "exit 3")], containers: [shell("main", idle)] };
  await pods.create("failed-init", { ...spec, restartPolicy: "Never" });
  const seen = await pods.until("failed-init", "fails", ({ phase }) => phase === "Failed");
  expect(seen).toMatchObject({
    initContainerStatuses: [{ state: { terminated: { exitCode: 3 } } }],
    containerStatuses: [{ state: { waiting: { reason: "PodInitializing" } } }],
  });
  await pods.create("retried-init", spec);
  await pods.until(
    "retried-init",
    "tries again",
    ({ initContainerStatuses }) => (initContainerStatuses?.[0]?.restartCount ?? 0) > 0,
  );
  expect((await pods.status("retried-init"))?.phase).toBe("Pending");
  await pods.remove("retried-init");
});

it("a container is restarted as the pod's policy says", async () => {
  expect((await pods.runToEnd("never", "exit 7")).exitCode).toBe(7);
  expect((await pods.status("never"))?.phase).toBe("Failed");
  await pods.create("always", { containers: [shell("main", "exit 0")] });
  const seen = await pods.until(
    "always",
    "restarts",
    ({ containerStatuses }) => (containerStatuses?.[0]?.restartCount ?? 0) > 1,
  );
  expect(seen.containerStatuses?.[0]?.lastState.terminated).toMatchObject({ exitCode: 0, reason: "Completed" });
  await pods.remove("always");
});

it("a program that is not there is told as what it is", async () => {
  const seen = await pods.runToEnd("absent", "", {}, { command: ["no-such-program"] });
  expect(seen.exitCode).toBe(127);
  await pods.create("unknown-image", { containers: [{ name: "main", image: "nginx" }] });
  await pods.until(
    "unknown-image",
    "waits",
    ({ containerStatuses }) => containerStatuses?.[0]?.state.waiting?.reason === "ErrImagePull",
  );
  await pods.remove("unknown-image");
});

/** Deletes a pod and answers the statuses that were seen on its way. */
async function statusesUntilGone(name: string, ...options: string[]): Promise<readonly SeenStatus[]> {
  const seen: SeenStatus[] = [];
  const stop = new AbortController();
  type SeenPod = Pick<Pod, "metadata"> & { readonly status: SeenStatus };
  const path = `/api/v1/namespaces/default/pods?fieldSelector=metadata.name%3D${name}`;
  pods.bed.api.watch<SeenPod & RawObject>(path, (_, pod) => seen.push(pod.status), stop.signal);
  await waitFor("the watch", async () => seen.length > 0);
  await pods.remove(name, ...options);
  await waitFor(
    "the last status",
    async () => seen.at(-1)?.containerStatuses?.[0]?.state.terminated !== undefined,
    5,
  ).catch(() => undefined);
  stop.abort();
  return seen;
}

/** Follows the log of a pod that has said something; answers the whole of it once the container has ended. */
async function followLog(name: string): Promise<{ readonly whole: Promise<string> }> {
  let seen = "";
  const onOutput = (text: string): void => {
    seen += text;
  };
  const run = pods.bed.run(["kubectl", "logs", name, "--follow"], { onOutput });
  await waitFor("the first line", async () => seen !== "");
  return { whole: run.then(({ stdout }) => stdout) };
}

it("the preStop hook has run before the container is asked to end", async () => {
  const lifecycle = {
    preStop: { exec: { command: ["sh", "-c", "echo hook >/proc/1/fd/1; sleep 0.5; echo hooked >/proc/1/fd/1"] } },
  };
  await pods.create("polite", { containers: [shell("main", `echo up; ${idle}`, { lifecycle })] });
  await pods.until("polite", "is ready", (status) => isReady(status));
  const log = await followLog("polite");
  const seen = await statusesUntilGone("polite");
  expect(await log.whole).toBe("up\nhook\nhooked\nasked\n");
  expect(seen.at(-1)?.containerStatuses?.[0]?.state.terminated?.exitCode).toBe(0);
});

it("a preStop hook by HTTP carries its headers", async () => {
  const serve = `require("http").createServer((q, r) => { console.log(q.method, q.url, q.headers["x-token"]); r.end() }).listen(8080, () => console.log("up"));
    process.on("SIGTERM", () => { console.log("asked"); process.exit(0) })`;
  const preStop = { httpGet: { port: 8080, path: "/drain", httpHeaders: [{ name: "x-token", value: "abc" }] } };
  const readinessProbe = { tcpSocket: { port: 8080 } };
  await pods.create("drained", {
    containers: [
      { name: "main", image: userImage, command: ["node", "-e", serve], lifecycle: { preStop }, readinessProbe },
    ],
  });
  await pods.until("drained", "is ready", (status) => isReady(status));
  const log = await followLog("drained");
  await pods.remove("drained");
  expect(await log.whole).toBe("up\nGET /drain abc\nasked\n");
});

it("the end of the grace period is the end of every process", async () => {
  const deaf = "trap '' TERM; sleep 1000 & while :; do sleep 0.1; done";
  await pods.create("deaf", { terminationGracePeriodSeconds: 1, containers: [shell("main", deaf)] });
  await pods.until("deaf", "is ready", (status) => isReady(status));
  const seen = await statusesUntilGone("deaf");
  expect(seen.at(-1)?.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode: 137 });
  expect((await pods.bed.run(["pgrep", "-f", "sleep 1000"])).stdout).toBe("");
});

it("a hook that never ends does not outlive the grace period", async () => {
  const lifecycle = { preStop: { exec: { command: ["sleep", "600"] } } };
  await pods.create("endless", { terminationGracePeriodSeconds: 1, containers: [shell("main", idle, { lifecycle })] });
  await pods.until("endless", "is ready", (status) => isReady(status));
  const seen = await statusesUntilGone("endless");
  expect(seen.at(-1)?.containerStatuses?.[0]?.state.terminated?.exitCode).toBe(0);
});

it("a pod that is deleted by force, or while it waits, is gone too, and no pod leaves a trace", async () => {
  await pods.create("forced", {
    terminationGracePeriodSeconds: 600,
    containers: [shell("main", "trap '' TERM; while :; do sleep 0.1; done")],
  });
  await pods.create("stuck", {
    volumes: [{ name: "v", secret: { secretName: "never" } }],
    containers: [shell("main", idle)],
  });
  await pods.until("forced", "is ready", (status) => isReady(status));
  await pods.until(
    "stuck",
    "waits",
    ({ containerStatuses }) => containerStatuses?.[0]?.state.waiting?.message !== undefined,
  );
  await pods.remove("forced", "--force", "--grace-period=0");
  await pods.remove("stuck");
  await pods.kubectl("delete", "pod", "--all", "--wait=true");
  const left = async (): Promise<string> => {
    const { stdout } = await pods.bed.run([
      "sh",
      "-c",
      "ip netns list; ip -o link show type veth; grep -c agent/pods /proc/mounts",
    ]);
    return `${stdout.trim()} ${readdirSync(`${pods.bed.layout.agentState}/pods`).join(" ")}`;
  };
  await waitFor("every trace to vanish", async () => (await left()) === "0 ");
});
