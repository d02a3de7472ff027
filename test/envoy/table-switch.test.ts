import { afterAll, beforeAll, expect, it } from "vitest";
import type { TableMode } from "../../src/core/data-plane.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { header, openHttp1, send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { httpResources } from "./hostname-world.ts";
import { httpPort } from "./one-listener.ts";
import { printClusters, startProxy, type TestProxy } from "./proxy.ts";

let proxy: TestProxy;
let a: Backend;

beforeAll(async () => {
  proxy = await startProxy();
  a = await startBackend({ name: "a" });
  await proxy.apply(...printClusters({ a }), ...httpResources(proxy.address, "plain"));
});

afterAll(async () => {
  await proxy.stop();
  await a.stop();
});

const hosts = new Map([
  ["a.test", "a.test"],
  ["A.TEST:80", "a.test"],
  ["b.test.", "b.test"],
  ["x.wild.test", "*.wild.test"],
  ["EXACT.wild.test", "exact.wild.test"],
  ["unknown.example", "*"],
]);

it("switches a listener from plain to scoped and back without losing a request or answering one from a wrong table", async () => {
  const load = startLoad();
  await eventually("load is on", () => load.answered() > 200);
  for (const mode of ["scoped", "plain", "scoped", "plain"] as const) {
    await proxy.apply(...httpResources(proxy.address, mode));
    await eventually(`new connections see the ${mode} table`, async () => (await currentMode()) === mode);
    const since = load.answered();
    await eventually("the new table serves", () => load.answered() > since + 200);
  }
  expect(await load.stop()).toEqual([]);
});

async function currentMode(): Promise<TableMode> {
  const dump = await proxy.envoy.get("/config_dump?resource=dynamic_listeners");
  return dump.includes("scoped_routes") ? "scoped" : "plain";
}

/** Asks without pause, on kept connections and on new ones. */
function startLoad(): { answered(): number; stop(): Promise<readonly string[]> } {
  const target = { address: proxy.address, port: httpPort };
  const wrong: string[] = [];
  let answered = 0;
  let on = true;
  const check = (host: string, want: string, got: string | undefined) => {
    answered += 1;
    if (got !== want) wrong.push(`${host}: ${got}`);
  };
  const kept = async () => {
    let connection = await openHttp1(target);
    while (on) {
      for (const [host, want] of hosts) {
        const response = await connection.send({ host, path: "/only" });
        check(host, want, header(response, "x-table"));
        // A listener that changes asks its clients to come back; that is not a lost request.
        if (header(response, "connection") !== "close") continue;
        connection.close();
        connection = await openHttp1(target);
      }
    }
    connection.close();
  };
  const fresh = async () => {
    while (on) {
      for (const [host, want] of hosts) {
        check(host, want, header(await send(target, { host, path: "/only" }), "x-table"));
      }
    }
  };
  const loops = [kept(), kept(), fresh()].map((loop) => loop.catch((error: unknown) => void wrong.push(String(error))));
  return {
    answered: () => answered,
    stop: async () => {
      on = false;
      await Promise.all(loops);
      return wrong;
    },
  };
}
