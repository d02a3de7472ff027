import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gatewayClass } from "../support/gateway-class.ts";
import { eventually, type GatehouseProcess, runGatehouse, startGatehouse } from "./gatehouse-process.ts";

let folder = "";
let state = "";
let running: GatehouseProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  state = join(folder, "..", `${folder.split("/").at(-1)}.state`);
  await writeFile(join(folder, "gateway.yaml"), gateway);
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await Promise.all([rm(folder, { recursive: true }), rm(state, { force: true })]);
});

const gateway = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shared, namespace: infra}
spec:
  gatewayClassName: gatehouse
  listeners: [{name: http, port: 8080, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
`;

function route(namespace: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: ${namespace}}
spec:
  parentRefs: [{name: shared, namespace: infra}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: web, port: 80}]}]
`;
}

function put(namespace: string): Promise<void> {
  return writeFile(join(folder, `${namespace}.yaml`), route(namespace));
}

async function heldBy(): Promise<readonly string[]> {
  const lines = (await readFile(state, "utf8")).trim().split("\n").slice(1);
  return lines.flatMap((line) => JSON.parse(line).namespace ?? []);
}

it("keeps who was first over a restart, whatever the names say", async () => {
  await put("shop");
  running = await startGatehouse(folder, ["--state", state]);
  await eventually(async () => expect(await heldBy()).toEqual(["shop"]));
  await running.stop();
  await put("a-namespace-that-sorts-before");
  running = await startGatehouse(folder, ["--state", state]);
  const { health } = running;
  await eventually(async () => expect((await fetch(`http://${health}/readyz`)).status).toBe(200));
  expect(await heldBy()).toEqual(["shop"]);
});

it("refuses a file that is not its own, with its name and an exit code", async () => {
  const file = join(folder, "gateway.yaml");
  const finished = await runGatehouse(["serve", "--manifests", folder, "--state", file]);
  expect(finished.code).toBe(1);
  expect(finished.stderr).toBe(
    `error: --state ${file} cannot be used: it is no state file of Gatehouse, or of another version\n`,
  );
  expect(await readFile(file, "utf8")).toBe(gateway);
});
