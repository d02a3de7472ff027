import { expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import { namespacedName } from "../../src/core/keys.ts";
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { openHttp1 } from "../support/client.ts";
import { eventually, freeLoopbackAddress, startEnvoy } from "../support/envoy.ts";
import { gatewayClass } from "../support/gateway-class.ts";
import { gatewayManifest } from "../support/route-world.ts";
import { startTestServer } from "../xds/test-server.ts";

const gateway = namespacedName("infra", "edge");
/** Above so many hostnames a table is cut by hostname, and below that many it is one again. */
const [most, few] = [500, 300];

it("answers on connections from before a table was cut otherwise as on new ones, for routes that are made later too", async () => {
  const world = await startWorld("{ name: one, port: 8080, protocol: HTTP }", redirects(0, most));
  const { translator, table, server, envoy, target, publish } = world;
  try {
    const settled = (listeners: number) =>
      eventually("everything is acknowledged", async () => {
        const types = server.streams()[0]?.types ?? [];
        const updates = (await envoy.stats("lds.update_success")).get("listener_manager.lds.update_success") ?? 0;
        return updates >= listeners && types.every(({ inFlight }) => !inFlight);
      });
    for (const [step, count] of [most + 1, few - 2].entries()) {
      const before = await openHttp1(target(8080));
      expect((await before.send({ host: "host-0.test", path: "/" })).status).toBe(302);
      if (count > most) apply(translator, redirects(most, count));
      else for (let index = count; index <= most; index += 1) remove(translator, `host-${index}`);
      expect([...publish()]).toEqual(["infra/edge|http-8080"]);
      await settled(2 + step);
      apply(translator, redirect(`later-${step}.test`));
      expect([...publish()]).toEqual([]);
      await settled(2 + step);
      const after = await openHttp1(target(8080));
      for (const connection of [before, after]) {
        const answer = await connection.send({ host: `later-${step}.test`, path: "/" });
        expect(answer.status).toBe(302);
        connection.close();
      }
    }
    translator.forgetFormerCut("infra/edge|http-8080");
    publish();
    expect([...table.entries(gateway, "route").keys()]).toEqual(["http-8080"]);
    expect(server.nacks).toEqual([]);
  } finally {
    await world.stop();
  }
});

it("loses no request when another listener's table is cut by hostname already", async () => {
  const listeners = ["one, port: 8080", "two, port: 8081"].map((each) => `{ name: ${each}, protocol: HTTP }`);
  const routes = redirects(0, most + 10, "one") + redirects(1_000, 1_000 + most, "two");
  const world = await startWorld(listeners.join(), routes);
  try {
    const answers = new Map<number, number>();
    let on = true;
    const ask = async () => {
      while (on) {
        const connection = await openHttp1(world.target(8081));
        const { status } = await connection.send({ host: "host-1003.test", path: "/" });
        answers.set(status, (answers.get(status) ?? 0) + 1);
        connection.close();
      }
    };
    const loops = [ask(), ask(), ask()];
    await eventually("load is on", () => (answers.get(302) ?? 0) > 100);
    apply(world.translator, redirects(2_000, 2_010, "two"));
    expect([...world.publish()]).toEqual(["infra/edge|http-8081"]);
    await eventually("its tables are there", async () => {
      return (await world.envoy.get("/config_dump?resource=dynamic_route_configs")).includes(
        "http-8081/host-2009.test",
      );
    });
    const since = answers.get(302) ?? 0;
    await eventually("and serves", () => (answers.get(302) ?? 0) > since + 300);
    on = false;
    await Promise.all(loops);
    expect([...answers.keys()]).toEqual([302]);
  } finally {
    await world.stop();
  }
});

/** A real proxy of a Gateway with such listeners and routes, once it has everything. */
async function startWorld(listeners: string, routes: string) {
  const address = await freeLoopbackAddress();
  const placement = { kind: "standalone", bindAddresses: [address] } as const;
  const translator = new Translator({ controllerName: "gatehouse.dev/gateway-controller", placement });
  const table = new ResourceTable();
  const publish = () => {
    const { resources, recut } = translator.flush();
    table.update(gateway, resources.get(gateway) ?? []);
    return recut;
  };
  apply(translator, gatewayClass + gatewayManifest("edge", listeners) + routes);
  table.addFleet(gateway);
  publish();
  table.markReady();
  const server = await startTestServer({ table });
  const xds = { address: "127.0.0.1", port: server.port };
  const bootstrap = proxyBootstrap({ gateway, nodeId: "former", xds, adminAddress: "127.0.0.1", adminPort: 0 });
  const envoy = await startEnvoy({ bootstrap });
  const target = (port: number) => ({ address, port });
  const stop = async () => {
    await envoy.stop();
    await server.stop();
  };
  await eventually("the proxy is ready", () => server.streams()[0]?.firstConfigAcknowledged === true);
  return { translator, table, server, envoy, target, publish, stop };
}

function apply(translator: Translator, text: string): void {
  const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
  expect(problems).toEqual([]);
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
}

function remove(translator: Translator, name: string): void {
  translator.delete("HTTPRoute", namespacedName("infra", `${name}.test`));
}

function redirects(from: number, to: number, listener?: string): string {
  return Array.from({ length: to - from }, (_, index) => redirect(`host-${from + index}.test`, listener)).join("");
}

/** A route that answers without a backend. */
function redirect(hostname: string, listener?: string): string {
  const section = listener === undefined ? "" : `, sectionName: ${listener}`;
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${hostname}, namespace: infra, creationTimestamp: "2026-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: edge${section} }]
  hostnames: [${hostname}]
  rules:
    - filters: [{ type: RequestRedirect, requestRedirect: { hostname: elsewhere.test } }]
`;
}
