import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isReady, type PodFixture, rootImage, startPodFixture, userImage } from "./pod-fixture.ts";

let pods: PodFixture;
beforeAll(async () => {
  pods = await startPodFixture();
}, 600_000);
afterAll(() => pods.stop());

const listenOn80 =
  "require('net').createServer().on('error', (e) => { console.log(e.code); process.exit(1) }).listen(80, () => { console.log('listens'); process.exit(0) })";

it("a pod that writes to its read-only root fails, and what is mounted stays writable", async () => {
  const ended = await pods.runToEnd(
    "read-only",
    "for f in /x /etc/x /tmp/x /usr/x /data/x; do (echo 1 >$f) 2>/dev/null && echo $f; done; echo 2 >/dev/null && echo null",
    { volumes: [{ name: "data", emptyDir: {} }] },
    {
      securityContext: { readOnlyRootFilesystem: true },
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    },
  );
  expect(ended).toEqual({ exitCode: 0, log: "/data/x\nnull\n" });
});

it("a pod that may write to its root leaves nothing on the machine, nor for its next run", async () => {
  const mark = `/etc/bed-mark-${process.pid}`;
  await pods.create("writer", {
    restartPolicy: "OnFailure",
    containers: [
      {
        name: "main",
        image: rootImage,
        command: ["sh", "-c", `ls ${mark} 2>/dev/null; echo 1 >${mark}; sleep 0.5; exit 1`],
      },
    ],
  });
  await pods.until("writer", "restarts", ({ containerStatuses }) => (containerStatuses?.[0]?.restartCount ?? 0) > 0);
  expect(await pods.logs("writer")).toBe("");
  expect(existsSync(mark)).toBe(false);
  await pods.remove("writer");
});

it.each([
  { name: "user", who: "a user", security: { runAsUser: 1234 }, want: { exitCode: 1, log: "EACCES\n" } },
  {
    name: "user-with",
    who: "a user with the capability",
    security: { runAsUser: 1234, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } },
    want: { exitCode: 0, log: "listens\n" },
  },
  { name: "root", who: "root", security: { runAsUser: 0 }, want: { exitCode: 0, log: "listens\n" } },
  {
    name: "root-without",
    who: "root without the capability",
    security: { runAsUser: 0, capabilities: { drop: ["ALL"] } },
    want: { exitCode: 1, log: "EACCES\n" },
  },
])("a low port for $who", async ({ name, security, want }) => {
  const container = { image: userImage, command: ["node", "-e", listenOn80], securityContext: security };
  expect(await pods.runToEnd(`port-${name}`, "", {}, container)).toEqual(want);
});

it("runAsNonRoot refuses an image of root, and takes one of a user", async () => {
  const securityContext = { runAsNonRoot: true };
  await pods.create("root-refused", { securityContext, containers: [{ name: "main", image: rootImage }] });
  const seen = await pods.until(
    "root-refused",
    "is refused",
    ({ containerStatuses }) => containerStatuses?.[0]?.state.waiting?.message?.includes("runAsNonRoot") === true,
  );
  expect(seen).toMatchObject({
    phase: "Pending",
    containerStatuses: [{ state: { waiting: { reason: "CreateContainerConfigError" } } }],
  });
  await pods.remove("root-refused");
  const taken = await pods.runToEnd("user-taken", "id -u", { securityContext }, { image: userImage });
  expect(taken).toEqual({ exitCode: 0, log: "65532\n" });
});

it("the user, its groups and the pod's own decide about files", async () => {
  await pods.kubectl("create", "secret", "generic", "guarded", "--from-literal=key=value");
  const volumes = [{ name: "guarded", secret: { secretName: "guarded", defaultMode: 0o400 } }];
  const container = { volumeMounts: [{ name: "guarded", mountPath: "/guarded" }] };
  const read = "id -g; id -G; cat /guarded/key 2>&1";
  const stranger = { securityContext: { runAsUser: 1234 }, volumes };
  expect((await pods.runToEnd("stranger", read, stranger, container)).log).toBe(
    "0\n0\ncat: /guarded/key: Permission denied\n",
  );
  const member = { securityContext: { runAsUser: 1234, runAsGroup: 5, supplementalGroups: [8], fsGroup: 77 }, volumes };
  expect((await pods.runToEnd("member", read, member, container)).log).toBe("5\n5 8 77\nvalue\n");
});

it("capabilities that are dropped are gone, and no program gives new ones where that is forbidden", async () => {
  const securityContext = { capabilities: { drop: ["ALL"] }, allowPrivilegeEscalation: false };
  const command =
    "touch /x && chown 5 /x 2>/dev/null || echo refused; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status";
  const { log } = await pods.runToEnd("dropped", command, {}, { securityContext });
  expect(log.replaceAll(/[\t ]+/g, " ")).toBe(
    "refused\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\n",
  );
  expect((await pods.runToEnd("kept", "touch /x && chown 5 /x && echo done")).log).toBe("done\n");
});

it("a pod has processes, a name, an address and a resolver of its own", async () => {
  const command =
    "sh -c 'echo $PPID'; hostname; cat /etc/hostname; ip -4 -o addr show eth0 | awk '{print $4}'; grep -v '^127\\|^::' /etc/hosts; cat /etc/resolv.conf";
  const { log } = await pods.runToEnd("alone", command);
  const lines = log.trim().split("\n");
  const { podIP } = (await pods.status("alone")) ?? {};
  expect(lines.slice(0, 5)).toEqual(["1", "alone", "alone", `${podIP}/32`, `${podIP}\talone`]);
  expect(lines.slice(5)).toEqual([
    "nameserver 10.244.0.1",
    "search default.svc.cluster.local svc.cluster.local cluster.local",
    "options ndots:5",
  ]);
});

it("pods use the same port side by side and reach one another by address", async () => {
  const serve = "require('http').createServer((q, r) => r.end(require('os').hostname())).listen(8080)";
  for (const name of ["left", "right"]) {
    const readinessProbe = { httpGet: { port: 8080 } };
    await pods.create(name, {
      containers: [{ name: "main", image: userImage, command: ["node", "-e", serve], readinessProbe }],
    });
  }
  const left = await pods.until("left", "is ready", (status) => isReady(status));
  const right = await pods.until("right", "is ready", (status) => isReady(status));
  const ask = `for (const a of ["${left.podIP}", "${right.podIP}"]) console.log(await (await fetch("http://" + a + ":8080")).text())`;
  const container = { image: userImage, command: ["node", "--input-type=module", "-e", ask] };
  expect((await pods.runToEnd("asker", "", {}, container)).log).toBe("left\nright\n");
});

it("a pod of the node's network has the node's address", async () => {
  const { log } = await pods.runToEnd("outer", "ip -4 -o addr show br0 | awk '{print $4}'", { hostNetwork: true });
  expect(log).toBe("10.244.0.1/16\n");
  expect((await pods.status("outer"))?.podIP).toBe("10.244.0.1");
});
