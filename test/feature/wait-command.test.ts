import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConvergenceReport } from "../../src/core/convergence.ts";
import { freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { eventually, type GatehouseProcess, runGatehouse, startGatehouse } from "./gatehouse-process.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

let folder = "";
let gatehouse: GatehouseProcess;
let envoy: RunningEnvoy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-wait-"));
  await write("platform.yaml", platform);
  await write("cart.yaml", namespace("cart") + route("cart"));
  await write("private.yaml", namespace("private", { shared: false }) + route("private"));
  const address = await freeLoopbackAddress();
  gatehouse = await startGatehouse(folder, ["--bind-address", address]);
  const bootstrap = ["bootstrap", "--gateway", "infra/shared", "--xds-address", gatehouse.xds, "-o", "json"];
  const { stdout } = await runGatehouse([...bootstrap, "--admin-address", "127.0.0.1:0"]);
  envoy = await startEnvoy({ bootstrap: JSON.parse(stdout) });
});

afterAll(async () => {
  await envoy?.stop();
  await gatehouse?.stop();
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
}

function wait(...args: readonly string[]) {
  return runGatehouse(["wait", ...args, "--server", `http://${gatehouse.debug}`]);
}

const backendTlsPolicy = `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: tls, namespace: cart }
spec:
  targetRefs: [{ group: "", kind: Service, name: cart }]
  validation: { hostname: cart.internal, wellKnownCACertificates: System }
`;

describe("gatehouse wait", () => {
  it("ends well once a real proxy has acknowledged a route and its Gateway", async () => {
    const { code, stdout, stderr } = await wait("httproute/cart/cart", "gateway/infra/shared");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      "HTTPRoute cart/cart: generation 1 is acknowledged by all proxies, 1 of 1\n" +
        "Gateway infra/shared: generation 1 is acknowledged by all proxies, 1 of 1\n",
    );
  });

  it("waits for the generation that is being applied", async () => {
    const waiting = wait("HTTPRoute/cart/cart", "--generation", "2", "-o", "json");
    await write("cart.yaml", namespace("cart") + route("cart", { path: "/new" }));
    const { code, stdout } = await waiting;
    expect(code).toBe(0);
    const [told] = JSON.parse(stdout) as readonly { readonly outcome: string; readonly report: ConvergenceReport }[];
    expect(told).toMatchObject({
      outcome: "converged",
      report: {
        generation: 2,
        gateways: [{ gateway: { namespace: "infra", name: "shared" }, connected: 1, acknowledged: 1 }],
        replicas: { answered: 1, known: 1 },
      },
    });
  });

  it("waits for what a policy says of a backend", async () => {
    await write("tls.yaml", backendTlsPolicy);
    const { code, stdout, stderr } = await wait("backendtlspolicies/cart/tls", "--generation", "1");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe("BackendTLSPolicy cart/tls: generation 1 is acknowledged by all proxies, 1 of 1\n");
  });

  it("ends with another code where that will never be, and says why", async () => {
    const { code, stdout, stderr } = await wait("httproute/private/private");
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/^error: HTTPRoute private\/private: NotAllowedByListeners: .*\n$/);
  });

  it("ends when time is up, and says what it waits for", async () => {
    const { code, stderr } = await wait("httproute/cart/missing", "--timeout", "500ms");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "error: after 0.5 s still waiting for HTTPRoute cart/missing: no replica of the control plane knows of it\n",
    });
  });

  it.each([
    ["another kind", ["service/cart/cart"]],
    ["no namespace", ["httproute/cart"]],
    ["no object", []],
    ["a time without unit", ["httproute/cart/cart", "--timeout", "60"]],
    ["a generation of two objects", ["httproute/cart/cart", "gateway/infra/shared", "--generation", "2"]],
  ])("refuses %s", async (_, args) => {
    expect((await wait(...args)).code).toBe(2);
  });

  it("tells when no control plane answers", async () => {
    const { code, stderr } = await runGatehouse([
      "wait",
      "httproute/cart/cart",
      "--timeout",
      "1s",
      "--server",
      "http://127.0.0.1:1",
    ]);
    expect(code).toBe(2);
    expect(stderr.match(/no control plane answers/g)?.length).toBe(2);
  });
});

it("is what the debug page and the metrics tell too", async () => {
  const page = await fetch(`http://${gatehouse.debug}/debug/convergence?object=httproute/cart/cart`);
  expect(await page.json()).toMatchObject({ state: "converged", gateways: [{ connected: 1, acknowledged: 1 }] });
  const index = await (await fetch(`http://${gatehouse.debug}/`)).text();
  expect(index).toContain("/debug/convergence?object=Gateway%2Finfra%2Fshared");
  expect(index).toContain("/debug/convergence?object=HTTPRoute%2Fprivate%2Fprivate");
  await eventually(async () => {
    const metrics = await (await fetch(`http://${gatehouse.health}/metrics`)).text();
    expect(metrics).toContain(`gatehouse_objects_converged{gateway="infra/shared",kind="HTTPRoute"} 1`);
    expect(metrics).toContain(`gatehouse_objects_pending{gateway="infra/shared",kind="HTTPRoute"} 0`);
  });
});
