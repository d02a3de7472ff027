import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { runGatehouse, startGatehouse } from "./gatehouse-process.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-cli-"));
  await writeFile(join(folder, "platform.yaml"), platform);
  await writeFile(join(folder, "cart.yaml"), namespace("cart") + route("cart"));
});

afterAll(() => rm(folder, { recursive: true }));

describe("gatehouse serve", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("ends in peace on %s", async (signal) => {
    const gatehouse = await startGatehouse(folder);
    const { code, stdout, stderr } = await gatehouse.stop(signal);
    expect([code, stdout]).toEqual([0, ""]);
    const lines = stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(["listening", "stopping", "stopped"]));
    expect(lines.find(({ msg }) => msg === "listening")).toMatchObject({ xds: gatehouse.xds, debug: gatehouse.debug });
  });

  it.each([
    { name: "plaintext xDS for strangers", args: ["--xds-address", "0.0.0.0:0"], word: "--xds-address" },
    { name: "debug pages for strangers", args: ["--debug-address", "0.0.0.0:0"], word: "--debug-allow-remote" },
    { name: "an unknown log level", args: ["--log-level", "loud"], word: "--log-level" },
    { name: "an unknown flag", args: ["--no-such-flag"], word: "--no-such-flag" },
  ])("refuses $name with one clear line", async ({ args, word }) => {
    const { code, stdout, stderr } = await runGatehouse(["serve", "--manifests", folder, ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    const [first, ...rest] = stderr.trim().split("\n");
    expect(first).toMatch(/^error: /);
    expect(first).toContain(word);
    expect(rest.filter((line) => line.startsWith("error: "))).toEqual([]);
  });

  it("needs a folder, by flag or by environment", async () => {
    const missing = await runGatehouse(["serve"]);
    expect([missing.code, missing.stderr]).toEqual([2, "error: --manifests (or GATEHOUSE_MANIFESTS) is required\n"]);
    const environment = { GATEHOUSE_MANIFESTS: join(folder, "nowhere"), GATEHOUSE_XDS_ADDRESS: "127.0.0.1:0" };
    const flags = ["--health-address", "127.0.0.1:0", "--debug-address", "127.0.0.1:0"];
    const absent = await runGatehouse(["serve", ...flags], { environment });
    expect(absent.code).toBe(1);
    const last = JSON.parse(absent.stderr.trim().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ level: 60, err: { message: expect.stringContaining("cannot read the folder") } });
  });
});

it.each([
  { flag: "--health-address", words: "something else listens there" },
  { flag: "--debug-address", words: "something else listens there" },
  { flag: "--xds-address", words: "address already in use" },
])("gatehouse serve says whose $flag is taken", async ({ flag, words }) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo; // it listens on TCP
  const free = ["--health-address", "--debug-address", "--xds-address"].flatMap((each) => [each, "127.0.0.1:0"]);
  const args = ["serve", "--manifests", folder, ...free, flag, `127.0.0.1:${port}`];
  const { code, stderr } = await runGatehouse(args);
  await new Promise((resolve) => other.close(resolve));
  expect(code).toBe(1);
  const { msg } = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
  expect(msg).toMatch(new RegExp(`^cannot go on: cannot (listen|serve xDS) on 127.0.0.1:${port}: .*${words}`));
});

describe("gatehouse translate", () => {
  it("prints resources and statuses of files, folders and standard input", async () => {
    const fromFolder = await runGatehouse(["translate", "-f", folder]);
    const fromInput = await runGatehouse(["translate", "-f", "-", "-o", "json"], {
      stdin: platform + namespace("cart") + route("cart"),
    });
    expect([fromFolder.code, fromFolder.stderr, fromInput.code]).toEqual([0, "", 0]);
    expect(parse(fromFolder.stdout)).toEqual(JSON.parse(fromInput.stdout));
    const { gateways, statuses } = parse(fromFolder.stdout);
    expect(gateways).toMatchObject([{ gateway: "infra/shared" }]);
    const kinds = new Set(gateways[0].resources.map(({ type }: { type: string }) => type));
    expect([...kinds]).toEqual(["cluster", "endpoint", "listener", "route"]);
    expect(statuses.map(({ object }: { object: string }) => object)).toEqual([
      "Gateway/infra/shared",
      "GatewayClass/gatehouse",
      "HTTPRoute/cart/cart",
    ]);
  });

  it("tells every problem on standard error and still translates the rest", async () => {
    const broken =
      "---\nkind: Pod\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: x }\n";
    const { code, stdout, stderr } = await runGatehouse(["translate", "-f", "-"], { stdin: platform + broken });
    expect(code).toBe(1);
    expect(parse(stdout).gateways).toMatchObject([{ gateway: "infra/shared" }]);
    expect(stderr.split("\n").filter((line) => line.startsWith("standard input, document")).length).toBeGreaterThan(1);
  });

  it("says which file cannot be read", async () => {
    const { code, stderr } = await runGatehouse(["translate", "-f", join(folder, "nowhere.yaml")]);
    expect([code, stderr.includes("nowhere.yaml")]).toEqual([2, true]);
  });
});

describe("gatehouse bootstrap", () => {
  it("prints the bootstrap of a Gateway's proxy", async () => {
    const args = ["bootstrap", "--gateway", "infra/shared", "--xds-address", "127.0.0.1:4", "--node-id", "a"];
    const yaml = await runGatehouse(args);
    const json = await runGatehouse([...args, "-o", "json"]);
    expect([yaml.code, json.code]).toEqual([0, 0]);
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
    expect(JSON.parse(json.stdout)).toMatchObject({ node: { id: "a", cluster: "infra/shared" } });
    expect(json.stdout).toContain('"port_value": 4');
  });

  it("knows the limits of the machine that it is for", async () => {
    const limits = ["--max-heap-mib", "512", "--max-connections", "7"];
    const { stdout } = await runGatehouse(["bootstrap", "--gateway", "infra/shared", "-o", "json", ...limits]);
    const [heap, connections] = JSON.parse(stdout).overload_manager.resource_monitors;
    expect(heap.typed_config.max_heap_size_bytes).toBe(512 * 1_048_576);
    expect(connections.typed_config.max_active_downstream_connections).toBe(7);
  });

  it.each([
    { name: "a Gateway without a namespace", args: ["--gateway", "shared"] },
    { name: "no Gateway", args: [] },
    { name: "plaintext to another machine", args: ["--gateway", "infra/shared", "--xds-address", "gatehouse:18000"] },
    { name: "a limit of nothing", args: ["--gateway", "infra/shared", "--max-connections", "0"] },
    { name: "a port that is none", args: ["--gateway", "infra/shared", "--xds-address", "127.0.0.1:99999"] },
  ])("refuses $name", async ({ args }) => {
    const { code, stdout, stderr } = await runGatehouse(["bootstrap", ...args]);
    expect([code, stdout, stderr.startsWith("error: ")]).toEqual([2, "", true]);
  });
});

describe("gatehouse", () => {
  it("tells its version and its verbs", async () => {
    expect((await runGatehouse(["version"])).stdout).toMatch(/^gatehouse \d+\.\d+\.\d+\n$/);
    const help = await runGatehouse(["--help"]);
    expect(help.code).toBe(0);
    for (const verb of ["serve", "translate", "status", "bootstrap", "version"]) expect(help.stdout).toContain(verb);
  });

  it.each([
    { args: ["explain", "route", "shop/cart"], code: 2 },
    { args: ["lint"], code: 2 },
    { args: ["diff", "-f", "-"], code: 2 },
    { args: ["history", "shop.example.com"], code: 2 },
    { args: ["try", "GET", "http://shop.example.com/"], code: 1 },
    { args: ["wait", "httproute/shop/cart", "--timeout", "1ms"], code: 2 },
  ])("$args says that there is no kubeconfig, where there is none", async ({ args, code }) => {
    const environment = { HOME: folder, KUBECONFIG: "", KUBERNETES_SERVICE_HOST: "" };
    const told = await runGatehouse(args, { environment, stdin: namespace("cart") });
    expect([told.code, told.stdout]).toEqual([code, ""]);
    expect(told.stderr).toMatch(/no kubeconfig: neither --kubeconfig nor KUBECONFIG names one/);
    expect(told.stderr).not.toContain("localhost");
  });

  it("tells the default of a duration as one is written", async () => {
    expect((await runGatehouse(["wait", "--help"])).stdout).toContain("(default: 60s)");
  });

  it("refuses a verb that it does not know", async () => {
    expect((await runGatehouse(["destroy"])).code).toBe(2);
  });
});
