import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../wait-for.ts";
import type { ContainerSpec } from "./pod.ts";
import { isReady, type PodFixture, rootImage, startPodFixture, userImage } from "./pod-fixture.ts";

let pods: PodFixture;
beforeAll(async () => {
  pods = await startPodFixture();
}, 600_000);
afterAll(() => pods.stop());

const idle = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

function idleContainer(fields: Partial<ContainerSpec> = {}): ContainerSpec {
  return { name: "main", image: rootImage, command: ["sh", "-c", idle], ...fields };
}

async function read(pod: string, path: string): Promise<string> {
  const { code, stdout, stderr } = await pods.kubectl("exec", pod, "--", "cat", path);
  return code === 0 ? stdout : stderr;
}

function replace(kind: "secret" | "configmap", name: string, data: Record<string, string>): Promise<unknown> {
  const field = kind === "secret" ? "stringData" : "data";
  return pods.bed.api.merge(`/api/v1/namespaces/default/${kind}s/${name}`, { [field]: data });
}

it("files follow their Secret and ConfigMap while the pod runs, but not through a subPath", async () => {
  await pods.kubectl("create", "secret", "generic", "login", "--from-literal=word=one");
  await pods.kubectl("create", "configmap", "conf", "--from-literal=level=info");
  await pods.create("reader", {
    volumes: [
      { name: "login", secret: { secretName: "login" } },
      { name: "conf", configMap: { name: "conf", items: [{ key: "level", path: "deep/level" }] } },
    ],
    containers: [
      idleContainer({
        volumeMounts: [
          { name: "login", mountPath: "/login" },
          { name: "login", mountPath: "/pinned/word", subPath: "word" },
          { name: "conf", mountPath: "/conf" },
        ],
      }),
    ],
  });
  await pods.until("reader", "is ready", (status) => isReady(status));
  expect(await read("reader", "/login/word")).toBe("one");
  await replace("secret", "login", { word: "two", more: "new" });
  await replace("configmap", "conf", { level: "debug" });
  await waitFor("the new Secret", async () => (await read("reader", "/login/word")) === "two", 10);
  await waitFor("the new ConfigMap", async () => (await read("reader", "/conf/deep/level")) === "debug", 10);
  expect(await read("reader", "/login/more")).toBe("new");
  expect(await read("reader", "/pinned/word")).toBe("one");
  const { stderr } = await pods.kubectl("exec", "reader", "--", "sh", "-c", "echo x >/login/word");
  expect(stderr).toContain("Read-only file system");
  await pods.remove("reader");
});

it("a pod waits for a Secret, and for the key, that a volume needs", async () => {
  const volumes = [{ name: "late", secret: { secretName: "late", items: [{ key: "tls.crt", path: "crt" }] } }];
  await pods.create("waits", {
    volumes,
    containers: [idleContainer({ volumeMounts: [{ name: "late", mountPath: "/late" }] })],
  });
  const waits = (part: string) =>
    pods.until("waits", `waits for ${part}`, ({ phase, containerStatuses }) => {
      const waiting = containerStatuses?.[0]?.state.waiting;
      return phase === "Pending" && waiting?.reason === "ContainerCreating" && waiting.message?.includes(part) === true;
    });
  await waits('secret "late" not found');
  await pods.kubectl("create", "secret", "generic", "late", "--from-literal=other=x");
  await waits("non-existent key tls.crt");
  await replace("secret", "late", { "tls.crt": "certificate" });
  await pods.until("waits", "is ready", (status) => isReady(status));
  expect(await read("waits", "/late/crt")).toBe("certificate");
  await pods.remove("waits");
});

it("a container waits for a ConfigMap that a variable needs", async () => {
  const env = [{ name: "LEVEL", valueFrom: { configMapKeyRef: { name: "levels", key: "level" } } }];
  await pods.create("configured", {
    restartPolicy: "Never",
    containers: [idleContainer({ command: ["sh", "-c", "echo $LEVEL"], env })],
  });
  await pods.until("configured", "waits", ({ containerStatuses }) => {
    return containerStatuses?.[0]?.state.waiting?.reason === "CreateContainerConfigError";
  });
  await pods.kubectl("create", "configmap", "levels", "--from-literal=level=high");
  await pods.until("configured", "succeeds", ({ phase }) => phase === "Succeeded");
  expect(await pods.logs("configured")).toBe("high\n");
});

it("the token that admission mounts lets a pod ask the API server who it is", async () => {
  const ask = `const fs = require("fs"), at = "/var/run/secrets/kubernetes.io/serviceaccount/";
    const body = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
    const headers = { authorization: "Bearer " + fs.readFileSync(at + "token"), "content-type": "application/json" };
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const request = require("https").request({ host, port, path, method: "POST", headers, ca: fs.readFileSync(at + "ca.crt") }, async (r) => {
      let text = ""; for await (const part of r) text += part;
      const { username, extra } = JSON.parse(text).status.userInfo;
      console.log(fs.readFileSync(at + "namespace").toString(), username, extra["authentication.kubernetes.io/pod-name"][0]);
    });
    request.end(body);`;
  const ended = await pods.runToEnd("asker", "", {}, { image: userImage, command: ["node", "-e", ask] });
  expect(ended).toEqual({ exitCode: 0, log: "default system:serviceaccount:default:default asker\n" });
});

it("a token is for its audience, and for the pod's user alone", async () => {
  const sources = [{ serviceAccountToken: { path: "token", audience: "elsewhere", expirationSeconds: 600 } }];
  const container = { volumeMounts: [{ name: "t", mountPath: "/t" }] };
  const spec = { volumes: [{ name: "t", projected: { sources } }], securityContext: { runAsUser: 1234 } };
  const { log } = await pods.runToEnd("audience", "stat -L -c '%a %u' /t/token; cut -d. -f2 /t/token", spec, container);
  const [mode, claims = ""] = log.trim().split("\n");
  expect(mode).toBe("600 1234");
  const { aud, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
  expect([aud, exp - iat]).toEqual([["elsewhere"], 600]);
});

it("the pod tells of itself in files, which follow its labels", async () => {
  const items = [
    { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
    { path: "name", fieldRef: { fieldPath: "metadata.name" } },
  ];
  const volumes = [{ name: "self", downwardAPI: { items } }];
  await pods.create("self", {
    volumes,
    containers: [idleContainer({ volumeMounts: [{ name: "self", mountPath: "/self" }] })],
  });
  await pods.until("self", "is ready", (status) => isReady(status));
  expect([await read("self", "/self/labels"), await read("self", "/self/name")]).toEqual(['app="self"\n', "self"]);
  await pods.kubectl("label", "pod", "self", "tier=front");
  await waitFor("the new label", async () => (await read("self", "/self/labels")) === 'app="self"\ntier="front"\n', 10);
  await pods.remove("self");
});

it("an emptyDir is shared by the pod's containers, outlives their restarts, and is gone with the pod", async () => {
  const volumes = [{ name: "shared", emptyDir: {} }];
  const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
  const count = "echo x >>/shared/runs; sleep 0.2; exit 1";
  const spec = {
    volumes,
    containers: [
      idleContainer({ name: "main", volumeMounts }),
      idleContainer({ name: "other", image: userImage, command: ["sh", "-c", count], volumeMounts }),
    ],
  };
  await pods.create("sharing", spec);
  await waitFor("two runs", async () => (await read("sharing", "/shared/runs")) === "x\nx\n", 20);
  await pods.remove("sharing");
  await pods.create("sharing", { volumes, containers: [idleContainer({ volumeMounts })] });
  await pods.until("sharing", "is ready", (status) => isReady(status));
  expect(await read("sharing", "/shared/runs")).toContain("No such file");
});
