import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFileWorld } from "../../src/app/world/file-world.ts";
import { findingKinds } from "../../src/core/finding.ts";
import { version } from "../../src/version.ts";
import { gatewayWith, platform, route, service } from "../lint/worlds.ts";
import { startFakeApiServer } from "../support/fake-api-server.ts";
import { runGatehouse } from "./gatehouse-process.ts";

const golden = fileURLToPath(new URL("../lint/golden/", import.meta.url));
const update = process.env["UPDATE_GOLDEN"] === "1";
const open = gatewayWith("port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } }");
const good = platform + route("shop", { hostnames: "[shop.example.com]" }) + service("shop");
const bad = open + route("shop") + service("shop") + route("late", { hostnames: "[late.example.com]" });
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-lint-"));
  await writeFile(join(folder, "good.yaml"), good);
});

afterAll(() => rm(folder, { recursive: true }));

async function writeKubeconfig(server: string): Promise<string> {
  const path = join(folder, "config");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "me", user: { token: "secret-token" } }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "me" } }],
    "current-context": "fake",
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

describe("gatehouse lint", () => {
  it.each(["text", "json", "sarif"])("prints what it finds as %s", async (format) => {
    const { code, stdout, stderr } = await runGatehouse(["lint", "-f", "-", "-o", format], { stdin: bad });
    expect([code, stderr]).toEqual([1, ""]);
    const path = join(golden, `findings.${format}`);
    const text = stdout.replace(`"semanticVersion": "${version}"`, '"semanticVersion": "<version>"');
    if (update) await writeFile(path, text);
    else expect(text).toBe(await readFile(path, "utf8"));
  });

  it("ends with 0 where nothing is found", async () => {
    const result = await runGatehouse(["lint", "-f", folder, "--fail-on", "warning"]);
    expect(result).toEqual({ code: 0, stdout: "Nothing found.\n", stderr: "" });
  });

  it("lets warnings pass unless it is told not to", async () => {
    const passed = await runGatehouse(["lint", "-f", "-"], { stdin: open });
    expect([passed.code, passed.stdout]).toEqual([0, expect.stringContaining("0 errors, 1 warning.\n")]);
    expect((await runGatehouse(["lint", "-f", "-", "--fail-on", "warning"], { stdin: open })).code).toBe(1);
  });

  it("looks at a cluster", async () => {
    const server = await startFakeApiServer();
    const kubeconfig = await writeKubeconfig(server.url);
    for (const { kind, object } of readFileWorld([{ path: "a.yaml", text: bad }]).objects) server.put(kind, object);
    const { code, stdout, stderr } = await runGatehouse(["lint", "--kubeconfig", kubeconfig, "-o", "json"]);
    await server.stop();
    expect([code, stderr]).toEqual([1, ""]);
    const { findings } = JSON.parse(stdout);
    expect(findings.map(({ code, object }: { code: string; object: string }) => `${code} ${object}`)).toEqual([
      "GH0001 Gateway/infra/shared",
      "GH0013 HTTPRoute/late/web",
      "GH0010 HTTPRoute/shop/web",
    ]);
    expect(server.requests.every(({ method, watch }) => method === "GET" && !watch)).toBe(true);
  });

  it.each([
    ["a file that is absent", ["-f", "nowhere.yaml"], "nowhere.yaml"],
    ["a time that is none", ["-f", "-", "--now", "tomorrow"], "--now"],
    ["an unknown format", ["-f", "-", "-o", "xml"], "--output"],
    ["a kubeconfig that is absent", ["--live", "--kubeconfig", "nowhere"], "kubeconfig"],
  ])("ends with 2 for %s", async (_name, args, word) => {
    const { code, stdout, stderr } = await runGatehouse(["lint", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(word);
  });

  it("tells its codes and its exit codes", async () => {
    const { stdout } = await runGatehouse(["lint", "--help"]);
    for (const [code, { title }] of Object.entries(findingKinds))
      expect(stdout).toMatch(new RegExp(`${code} .*${title}`));
    expect(stdout).toContain("Exit codes:");
  });
});
