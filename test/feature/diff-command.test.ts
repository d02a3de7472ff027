import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFileWorld } from "../../src/app/world/file-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";
import { runGatehouse } from "./gatehouse-process.ts";

const cases = fileURLToPath(new URL("../diff/", import.meta.url));
const world = join(cases, "world.yaml");
const change = (name: string) => join(cases, "cases", `${name}.yaml`);
let folder = "";
let kubeconfig = "";
let server: FakeApiServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-diff-"));
  kubeconfig = join(folder, "config");
  server = await startFakeApiServer();
  for (const { kind, object } of readFileWorld([{ path: world, text: await readFile(world, "utf8") }]).objects) {
    server.put(kind, object);
  }
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster: { server: server.url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: { token: "secret-token" } }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "me" } }],
    "current-context": "fake",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

describe("gatehouse diff", () => {
  it.each([
    ["new-hostname", 0],
    ["narrower-gateway", 1],
    ["takeover", 1],
  ])("against a folder prints what %s does, and ends with %i", async (name, code) => {
    const result = await runGatehouse(["diff", "-f", change(name), "--manifests", world]);
    expect([result.code, result.stderr]).toEqual([code, ""]);
    expect(result.stdout).toBe(await readFile(join(cases, "cases", `${name}.txt`), "utf8"));
  });

  it("reads the change from standard input, deletes, and prints JSON", async () => {
    const stdin = await readFile(change("delete-route"), "utf8");
    const args = ["diff", "-f", "-", "--manifests", world, "--delete", "-o", "json"];
    const { code, stdout } = await runGatehouse(args, { stdin });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "WorldDiff",
      verdict: "unaffected",
      objects: [{ object: "HTTPRoute/shop/web", action: "delete" }],
    });
  });

  it("compares with the live cluster, and leaves it as it is", async () => {
    const live = ["--kubeconfig", kubeconfig, "-o", "json"];
    const { code, stdout, stderr } = await runGatehouse(["diff", "-f", change("takeover"), ...live]);
    expect([code, stderr]).toEqual([1, ""]);
    const offline = JSON.parse(await readFile(join(cases, "cases", "takeover.json"), "utf8"));
    const { verdict, objects, owners, requests, others } = JSON.parse(stdout);
    expect({ verdict, objects, owners, requests, others }).toEqual({
      verdict: offline.verdict,
      objects: offline.objects,
      owners: offline.owners,
      requests: offline.requests,
      others: offline.others,
    });
    expect(server.requests.every(({ method, watch }) => method === "GET" && !watch)).toBe(true);
  });

  it("says so where Secrets may not be listed", async () => {
    const end = server.fail(/\/secrets$/, { status: 403, reason: "Forbidden", message: "secrets is forbidden" });
    const { code, stdout } = await runGatehouse(["diff", "-f", change("new-hostname"), "--kubeconfig", kubeconfig]);
    end();
    expect(code).toBe(0);
    expect(stdout).toContain("Secrets may not be listed");
  });

  it.each([
    ["a change that is absent", ["-f", "nowhere.yaml", "--manifests", world], "nowhere.yaml"],
    ["a world that is absent", ["-f", change("takeover"), "--manifests", "nowhere"], "nowhere"],
    ["a folder and the cluster at once", ["-f", change("takeover"), "--manifests", world, "--live"], "not both"],
    ["a kubeconfig that is absent", ["-f", change("takeover"), "--kubeconfig", "nowhere"], "kubeconfig"],
    ["no change", ["--manifests", world], "--filename"],
  ])("ends with 2 for %s", async (_name, args, word) => {
    const { code, stdout, stderr } = await runGatehouse(["diff", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(word);
  });

  it("ends with 2 for a change of which something cannot be taken, and passes over what is not ours", async () => {
    const broken =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: web }\nspec: { rules: 1 }\n";
    const args = ["diff", "-f", "-", "--manifests", world];
    const refused = await runGatehouse(args, { stdin: broken });
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("HTTPRoute default/web: spec.rules");
    const stranger = "---\napiVersion: v1\nkind: Pod\nmetadata: { name: x }\n";
    const passed = await runGatehouse(args, { stdin: (await readFile(change("new-hostname"), "utf8")) + stranger });
    expect([passed.code, passed.stderr.includes("Pod x")]).toEqual([0, true]);
  });

  it("tells its exit codes", async () => {
    expect((await runGatehouse(["diff", "--help"])).stdout).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 /);
  });
});
