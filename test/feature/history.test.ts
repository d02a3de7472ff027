import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HistoryReport } from "../../src/core/history.ts";
import { freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { eventually, type GatehouseProcess, runGatehouse, startGatehouse } from "./gatehouse-process.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

let folder = "";
let ledger = "";
let gatehouse: GatehouseProcess;
let envoy: RunningEnvoy;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-history-"));
  ledger = join(await mkdtemp(join(tmpdir(), "gatehouse-ledger-")), "ledger.jsonl");
  await write("platform.yaml", platform);
  await write("cart.yaml", namespace("cart") + route("cart"));
  const address = await freeLoopbackAddress();
  gatehouse = await startGatehouse(folder, ["--bind-address", address, "--ledger-file", ledger]);
  const bootstrap = ["bootstrap", "--gateway", "infra/shared", "--xds-address", gatehouse.xds, "-o", "json"];
  const { stdout } = await runGatehouse([...bootstrap, "--admin-address", "127.0.0.1:0"]);
  envoy = await startEnvoy({ bootstrap: JSON.parse(stdout) });
});

afterEach(async () => {
  await envoy?.stop();
  await gatehouse?.stop();
  await rm(folder, { recursive: true });
  await rm(join(ledger, ".."), { recursive: true });
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
}

/** Another route of the cart's namespace, for a path of its hostname. */
function checkout(path: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: checkout, namespace: cart }
spec:
  parentRefs: [{ name: shared, namespace: infra }]
  hostnames: [cart.example.com]
  rules:
    - matches: [{ path: { type: PathPrefix, value: ${path} } }]
      backendRefs: [{ name: cart, port: 80 }]
`;
}

function tcpRoute(name: string, created: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: ${name}, namespace: cart, creationTimestamp: "${created}" }
spec:
  parentRefs: [{ name: shared, namespace: infra, sectionName: sql }]
  rules: [{ backendRefs: [{ name: cart, port: 80 }] }]
`;
}

function history(asked: string, ...more: readonly string[]) {
  return runGatehouse(["history", asked, "--server", `http://${gatehouse.debug}`, ...more]);
}

async function report(asked: string): Promise<HistoryReport> {
  return JSON.parse((await history(asked, "-o", "json")).stdout);
}

/** What every change was, the newest first, once all of them are acknowledged by the one proxy. */
async function changes(asked: string, count: number): Promise<readonly string[]> {
  return await eventually(async () => {
    const found = (await report(asked)).changes;
    expect(found.map(({ proxies }) => proxies)).toEqual(Array(count).fill({ connected: 1, acknowledged: 1 }));
    const name = (answer?: { readonly route: string }) => answer?.route.replace("HTTPRoute/cart/", "") ?? "nobody";
    return found.map(({ path, from, to, cause }) => `${path?.value}: ${name(from)} -> ${name(to)}, ${cause}`);
  });
}

it("tells who answers a path, who did before, why that changed, and who has heard of it", async () => {
  await eventually(async () => {
    expect((await history("cart.example.com/pay")).stdout).toMatch(
      /^now +infra\/shared:8080 +cart.example.com .*cart\/cart@1$/m,
    );
  });

  await write("checkout.yaml", checkout("/pay"));
  expect(await changes("cart.example.com/pay/now", 1)).toEqual([
    "/pay: cart -> checkout, HTTPRoute cart/checkout generation 1 changed",
  ]);

  await write("checkout.yaml", checkout("/checkout"));
  const moved = await changes("cart.example.com", 3);
  expect(moved).toHaveLength(3);
  expect(moved).toContain("/pay: checkout -> cart, HTTPRoute cart/checkout generation 2 changed");
  expect(moved).toContain("/checkout: cart -> checkout, HTTPRoute cart/checkout generation 2 changed");

  await rm(join(folder, "checkout.yaml"));
  expect(await changes("CART.example.com./checkout", 2)).toEqual([
    "/checkout: checkout -> cart, HTTPRoute cart/checkout is gone",
    "/checkout: cart -> checkout, HTTPRoute cart/checkout generation 2 changed",
  ]);
  const { stdout } = await history("http://cart.example.com:8080/checkout?x=1");
  const [titles, ...rows] = stdout.trimEnd().split("\n");
  expect(titles).toMatch(/^TIME +GATEWAY +HOST +PATH +FROM +TO +PROXIES +CAUSE$/);
  expect(rows[0]).toMatch(/^now .* PathPrefix \/ +cart\/cart@1$/);
  expect(rows[1]).toMatch(/cart\/checkout@2 +cart\/cart@1 +1\/1 +HTTPRoute cart\/checkout is gone$/);

  const lines = (await readFile(ledger, "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).path.value).sort()).toEqual(["/checkout", "/checkout", "/pay", "/pay"]);
});

it("tells who has a port, who had it before, and that the proxy has heard of it", async () => {
  const listener = "    - { name: sql, port: 5432, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }\n";
  await write("platform.yaml", platform + listener);
  await write("sql.yaml", tcpRoute("first", "2026-01-01T00:00:00Z"));
  await eventually(async () => {
    expect((await history(":5432/tcp")).stdout).toMatch(
      /^now +infra\/shared:5432 +\* +all TCP connections +TCPRoute cart\/first@1$/m,
    );
  });

  await write("other.yaml", tcpRoute("older", "2025-01-01T00:00:00Z"));
  await eventually(async () => {
    const [, now, change] = (await history(":5432/tcp")).stdout.split("\n");
    expect(now).toMatch(/ TCPRoute cart\/older@1$/);
    expect(change).toMatch(
      / TCPRoute cart\/first@1 +TCPRoute cart\/older@1 +1\/1 +TCPRoute cart\/older generation 1 changed$/,
    );
  });
  const last = (await readFile(ledger, "utf8")).trimEnd().split("\n").at(-1) ?? "";
  expect(JSON.parse(last)).toMatchObject({ port: 5432, protocol: "TCP", to: { route: "TCPRoute/cart/older" } });
});

it("fails where nothing is known, and where nobody answers", async () => {
  expect(await history("nobody.example.com")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: nothing is known about nobody.example.com\n",
  });
  const unreachable = await runGatehouse(["history", "a.example.com", "--server", "http://127.0.0.1:1"]);
  expect(unreachable.code).toBe(2);
  expect(unreachable.stderr).toMatch(/^error: no control plane answers at http:\/\/127.0.0.1:1: /);
});
