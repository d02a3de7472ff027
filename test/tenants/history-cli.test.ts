import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addHistory } from "../../src/cli/history.ts";
import { sampleKnowledge } from "./sample-knowledge.ts";
import { type ServiceProxy, startServiceProxy } from "./service-proxy.ts";
import { endpointName, startTenantWorld, type TenantWorld } from "./tenant-world.ts";

let world: TenantWorld;
let proxy: ServiceProxy;

beforeEach(async () => {
  world = await startTenantWorld({
    ...sampleKnowledge,
    history: (question) =>
      (!("host" in question) || question.host === "shop.example.com") && sampleKnowledge.history !== undefined
        ? sampleKnowledge.history(question)
        : { ...question, current: [], changes: [] },
  });
  proxy = await startServiceProxy(world.address, { "shop/cart": "account-token" });
});

afterEach(async () => {
  await proxy.stop();
  await world.stop();
});

/** Runs `gatehouse history` in this process, without what the environment says. */
async function runHistory(...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let code = 0;
  const exitWith = (told: number) => {
    code = told;
  };
  const program = new Command("gatehouse").exitOverride();
  addHistory(program, { stdin: new PassThrough(), stdout, stderr, environment: {}, exitWith });
  await program.parseAsync(["history", ...args], { from: "user" });
  stdout.end();
  stderr.end();
  return { out: await text(stdout), errors: await text(stderr), code };
}

function asUser(token: string): readonly string[] {
  return ["--kubeconfig", proxy.kubeconfigOf({ token })];
}

describe("through the API server", () => {
  it("tells the platform team everything", async () => {
    const { out, errors, code } = await runHistory("shop.example.com", ...asUser("platform-token"));
    const [titles, row, ...more] = out.trimEnd().split("\n");
    expect(titles).toMatch(/^TIME +GATEWAY +HOST +PATH +FROM +TO +PROXIES +CAUSE$/);
    expect(row).toMatch(
      /^2026-01-01T00:00:00Z +edge\/public:80 +shop.example.com +PathPrefix \/vault-path +bank\/vault@3 +shop\/cart@1 +2\/2 +HTTPRoute bank\/vault is gone$/,
    );
    expect({ more, errors, code }).toEqual({ more: [], errors: "", code: 0 });
  });

  it("tells a tenant that another namespace had it, and neither which nor its name", async () => {
    const { out, code } = await runHistory("shop.example.com/x", ...asUser("shop-token"));
    expect(out).toMatch(
      / another namespace:80 +shop.example.com +PathPrefix another namespace +another namespace +shop\/cart@1 +2\/2 +another namespace$/m,
    );
    expect(out).not.toMatch(/bank|vault|edge|public|@0/);
    expect(code).toBe(0);
  });

  it("asks as a service account, and prints JSON", async () => {
    const args = [...asUser("platform-token"), "--as-service-account", "shop/cart", "-o", "json"];
    const { out } = await runHistory("http://shop.example.com:8080/?x=1", ...args);
    expect(JSON.parse(out)).toMatchObject({
      host: "shop.example.com",
      changes: [{ from: { route: "HTTPRoute/another namespace/" }, to: { route: "HTTPRoute/shop/cart" } }],
    });
  });

  it("tells who had a port, to each what they may know", async () => {
    const whole = await runHistory(":5432/tcp", ...asUser("platform-token"));
    expect(whole.out).toMatch(
      /edge\/public:5432 +\* +all TCP connections +TCPRoute bank\/vault@3 +TCPRoute shop\/cart@1 /,
    );
    const { out, code } = await runHistory(":5432/tcp", ...asUser("shop-token"));
    expect(out).toMatch(/ another namespace:5432 +\* +all TCP connections +another namespace +TCPRoute shop\/cart@1 /);
    expect(out).not.toMatch(/bank|vault|edge|public|@0/);
    expect(code).toBe(0);
  });

  it.each([":0/tcp", ":70000/udp", ":443", ":443/tls", "/cart"])("takes %s for no place", async (asked) => {
    await expect(runHistory(asked, ...asUser("shop-token"))).rejects.toThrow("write HOST, HOST/PATH, :PORT/tcp");
  });

  it("fails where nothing is known, and where nobody may be asked", async () => {
    expect(await runHistory("nobody.example.com", ...asUser("shop-token"))).toEqual({
      out: "",
      errors: "error: nothing is known about nobody.example.com\n",
      code: 1,
    });
    const stranger = await runHistory("shop.example.com", ...asUser("stolen"));
    expect(stranger).toMatchObject({ out: "", errors: expect.stringContaining("does not know this token"), code: 2 });
  });
});

it("asks the endpoint itself over TLS", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-ca-"));
  try {
    const ca = join(folder, "ca.crt");
    writeFileSync(ca, world.authority);
    const server = ["--server", `https://127.0.0.1:${world.address.port}`, "--ca", ca, "--server-name", endpointName];
    const { out, code } = await runHistory("shop.example.com", ...server, "--token", "platform-token");
    expect(out).toContain("bank/vault@3");
    expect(code).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
