import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../wait-for.ts";
import { isReady, type PodFixture, rootImage, startPodFixture, userImage } from "./pod-fixture.ts";

let pods: PodFixture;
beforeAll(async () => {
  pods = await startPodFixture();
  const idle = "echo one; echo two >&2; echo three; trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done";
  await pods.create("shell", { containers: [{ name: "main", image: rootImage, command: ["sh", "-c", idle] }] });
  await pods.until("shell", "is ready", (status) => isReady(status));
}, 600_000);
afterAll(() => pods.stop());

it("logs hold what was written to either output, and are cut as the reader asks", async () => {
  await waitFor("the log", async () => (await pods.logs("shell")) === "one\ntwo\nthree\n");
  expect(await pods.logs("shell", "--tail=1")).toBe("three\n");
  expect(await pods.logs("shell", "--timestamps", "--tail=1")).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z three\n$/);
  expect(await pods.logs("shell", "--since-time=2100-01-01T00:00:00Z")).toBe("");
});

it("logs are followed to the end of the container", async () => {
  const writer = "for i in 1 2 3; do echo $i; sleep 0.3; done";
  await pods.create("writer", {
    restartPolicy: "Never",
    containers: [{ name: "main", image: rootImage, command: ["sh", "-c", writer] }],
  });
  await pods.until("writer", "has begun", ({ phase }) => phase !== "Pending");
  expect(await pods.logs("writer", "--follow")).toBe("1\n2\n3\n");
});

it("the log of the run before is kept", async () => {
  const command = ["sh", "-c", "test -e /data/x && exec sleep 1000; echo first >/data/x; echo first; exit 1"];
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  const containers = [{ name: "main", image: rootImage, command, volumeMounts }];
  await pods.create("again", {
    terminationGracePeriodSeconds: 1,
    volumes: [{ name: "data", emptyDir: {} }],
    containers,
  });
  await pods.until("again", "runs again", ({ containerStatuses }) => {
    return containerStatuses?.[0]?.restartCount === 1 && containerStatuses[0].state.running !== undefined;
  });
  expect([await pods.logs("again"), await pods.logs("again", "--previous")]).toEqual(["", "first\n"]);
});

it("programs write to /dev/stdout whoever they run as", async () => {
  const ended = await pods.runToEnd(
    "stdout",
    "echo out >>/dev/stdout; echo err >>/dev/stderr",
    {},
    { image: userImage },
  );
  expect(ended).toEqual({ exitCode: 0, log: "out\nerr\n" });
});

it("exec hands over input, both outputs and the exit status", async () => {
  const script = "cat; echo out; echo err >&2; exit 7";
  const run = await pods.bed.run(["kubectl", "exec", "-i", "shell", "--", "sh", "-c", script], { input: "in\n" });
  expect(run).toMatchObject({ code: 7, stdout: "in\nout\n", stderr: expect.stringContaining("err\n") });
});

it("exec carries megabytes unchanged in both directions", async () => {
  const input = "0123456789abcdef".repeat(200_000);
  const run = await pods.bed.run(["kubectl", "exec", "-i", "shell", "--", "cat"], { input });
  expect(run.stdout === input).toBe(true);
});

it("exec is inside the container, as its user and with its variables", async () => {
  const container = {
    ...{ name: "main", image: userImage, command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"] },
    env: [{ name: "WORD", value: "a b" }],
    securityContext: { capabilities: { drop: ["ALL"] }, allowPrivilegeEscalation: false },
  };
  await pods.create("inside", { containers: [container] });
  await pods.until("inside", "is ready", (status) => isReady(status));
  const look = 'id -u; hostname; echo "$WORD"; grep -E "CapBnd|NoNewPrivs" /proc/self/status; cat /proc/1/comm';
  const { stdout } = await pods.kubectl("exec", "inside", "--", "sh", "-c", look);
  expect(stdout.replaceAll("\t", " ")).toBe("65532\ninside\na b\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nsh\n");
});

it("exec -it has a terminal, with the size of the caller's", async () => {
  const inner = `kubectl exec -it shell -- sh -c 'sleep 0.5; stty size; test -t 0 && test -t 1 && exit 4'`;
  const { code, stdout } = await pods.bed.run(["script", "-qec", `stty rows 33 cols 77; ${inner}`, "/dev/null"]);
  expect({ code, size: stdout.includes("33 77") }).toEqual({ code: 4, size: true });
});

it("port-forward reaches what listens on the pod's loopback only, many times over", async () => {
  const serve = `require("http").createServer((q, r) => r.end("x".repeat(+q.url.slice(1)))).listen(8080, "127.0.0.1");
    process.on("SIGTERM", () => process.exit(0))`;
  await pods.create("web", { containers: [{ name: "main", image: userImage, command: ["node", "-e", serve] }] });
  await pods.until("web", "is ready", (status) => isReady(status));
  const client = `const { spawn } = require("child_process"), kubectl = spawn("kubectl", ["port-forward", "pod/web", ":8080"]);
    kubectl.stdout.once("data", async (line) => {
      const [, port] = /127.0.0.1:(\\d+)/.exec(line);
      const get = async (n) => (await (await fetch("http://127.0.0.1:" + port + "/" + n)).text()).length;
      console.log(JSON.stringify(await Promise.all([1, 2, 3000000, 4, 5].map(get))));
      kubectl.kill();
    });`;
  const { stdout } = await pods.bed.run([process.execPath, "-e", client]);
  expect(stdout.trim()).toBe("[1,2,3000000,4,5]");
});

it("port-forward tells that nothing listens", async () => {
  const client = `const { spawn } = require("child_process"), kubectl = spawn("kubectl", ["port-forward", "pod/shell", ":9999"]);
    kubectl.stderr.pipe(process.stdout);
    kubectl.stdout.once("data", (line) => fetch("http://127.0.0.1:" + /127.0.0.1:(\\d+)/.exec(line)[1]).catch(() => {}));`;
  const { stdout } = await pods.bed.run([process.execPath, "-e", client]);
  expect(stdout).toContain("ECONNREFUSED");
});

it("nobody without a certificate of the cluster is let in", async () => {
  const ask = `fetch("https://10.244.0.1:10250/containerLogs/default/shell/main").then(() => console.log("in"), (e) => console.log("refused"))`;
  const { stdout } = await pods.bed.run([process.execPath, "-e", ask], { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
  expect(stdout).toBe("refused\n");
});
