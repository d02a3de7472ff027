import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { send } from "../support/client.ts";
import { freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { eventually, type GatehouseProcess, runGatehouse, startGatehouse } from "./gatehouse-process.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

let folder = "";
let address = "";
let backends: readonly Backend[] = [];
let gatehouse: GatehouseProcess;
let envoy: RunningEnvoy;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-story-"));
  address = await freeLoopbackAddress();
  backends = [await startBackend({ name: "old" }), await startBackend({ name: "new" })];
  await write("platform.yaml", platform);
  await write("cart.yaml", namespace("cart") + cart());
  gatehouse = await startGatehouse(folder, ["--bind-address", address]);
  const bootstrap = ["bootstrap", "--gateway", "infra/shared", "--xds-address", gatehouse.xds, "-o", "json"];
  const { stdout } = await runGatehouse([...bootstrap, "--admin-address", "127.0.0.1:0"]);
  envoy = await startEnvoy({ bootstrap: JSON.parse(stdout) });
});

afterEach(async () => {
  await envoy?.stop();
  await gatehouse?.stop();
  await Promise.all(backends.map((backend) => backend.stop()));
  await rm(folder, { recursive: true });
});

/** Editors move files into place, and so does this. */
async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
}

/** The cart's route to one of the backends; each has an address and a port of its own. */
function cart({ backend = 0, path = "/" } = {}): string {
  const { address: host = "127.0.0.1", port = 0 } = backends[backend] ?? {};
  return route("cart", { ready: [host], path }).replaceAll("8080", String(port));
}

async function ask(path: string): Promise<string> {
  const { status, body } = await send({ address, port: 8080 }, { path, host: "cart.example.com" });
  return status === 200 ? JSON.parse(body).backend : String(status);
}

const debug = async (path: string) => JSON.parse(await (await fetch(`http://${gatehouse.debug}${path}`)).text());

it("serves a folder through a real Envoy and follows every edit", async () => {
  await eventually(async () => expect(await ask("/")).toBe("old"));

  await write("cart.yaml", namespace("cart") + cart({ backend: 1 }));
  await eventually(async () => expect(await ask("/")).toBe("new"));

  await write("cart.yaml", namespace("cart") + cart({ backend: 1, path: "/cart" }));
  await eventually(async () => expect(await ask("/")).toBe("404"));
  expect(await ask("/cart/1")).toBe("new");

  await write("cart.yaml", "apiVersion: [");
  await eventually(async () =>
    expect(await debug("/debug/problems")).toMatchObject({ problems: [{ file: "cart.yaml" }] }),
  );
  expect(await ask("/cart/1")).toBe("new");

  await write("cart.yaml", namespace("cart", { shared: false }) + cart({ backend: 1 }));
  await eventually(async () => expect(await ask("/cart/1")).toBe("404"));
  const { stdout } = await runGatehouse(["status", "--server", `http://${gatehouse.debug}`, "httproutes"]);
  expect(stdout).toContain("NotAllowedByListeners");
});

it("tells who is connected, and calls the Gateway programmed once its proxy has taken everything", async () => {
  await eventually(async () => {
    const { gateways } = await debug("/debug/gateways");
    expect(gateways).toMatchObject([{ gateway: "infra/shared", proxies: 1, readyProxies: 1 }]);
  });
  const { streams } = await debug("/debug/streams");
  expect(streams).toMatchObject([{ gateway: "infra/shared", node: "infra/shared", protocol: "delta", refusals: [] }]);
  await eventually(async () => {
    const { stdout } = await runGatehouse([
      "status",
      "--server",
      `http://${gatehouse.debug}`,
      "gateway",
      "infra/shared",
    ]);
    expect(stdout).toMatch(/^ {2}Programmed +True/m);
  });
  const metrics = await (await fetch(`http://${gatehouse.health}/metrics`)).text();
  expect(metrics).toContain("gatehouse_xds_streams 1");
  expect(metrics).toMatch(/gatehouse_xds_responses_total\{type="route"\} \d/);

  await envoy.stop();
  await eventually(async () => {
    expect(await debug("/debug/streams")).toEqual({ streams: [] });
    const { statuses } = await debug("/debug/status?kind=Gateway");
    const programmed = statuses[0].status.conditions.find(({ type }: { type: string }) => type === "Programmed");
    expect(programmed).toMatchObject({ status: "False" });
  });
});

it("ends in peace while a proxy is connected, and the proxy goes on serving", async () => {
  await eventually(async () => expect(await ask("/")).toBe("old"));
  const { code, stderr } = await gatehouse.stop();
  expect(code).toBe(0);
  expect(stderr).toContain('"stopped"');
  expect(await ask("/")).toBe("old");
});
