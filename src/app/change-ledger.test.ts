import { describe, expect, it } from "vitest";
import type { AnswerChange } from "../core/history.ts";
import { namespacedName } from "../core/keys.ts";
import { createLogger } from "../logger.ts";
import { readManifests } from "../watch/manifests.ts";
import { ResourceTable } from "../xds/resource-table.ts";
import { ChangeLedger } from "./change-ledger.ts";
import { Translator } from "./translator.ts";

/** Ownership is off, so that namespaces may take hostnames from each other. */
const platform = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/test }
---
apiVersion: gatehouse.dev/v1alpha1
kind: GatewayParameters
metadata: { name: open, namespace: infra }
spec: { ownership: { mode: "Off" } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  infrastructure: { parametersRef: { group: gatehouse.dev, kind: GatewayParameters, name: open } }
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
`;

function route(namespace: string, hostnames: readonly string[], path = "/", year = "2026"): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: x, namespace: ${namespace}, creationTimestamp: "${year}-01-01T00:00:00Z" }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: ${JSON.stringify(hostnames)}
  rules: [{ matches: [{ path: { type: PathPrefix, value: "${path}" } }] }]
`;
}

const gateway = namespacedName("infra", "edge");

/** A control plane without servers: what is applied is translated, published and written down at once. */
class World {
  readonly translator = new Translator({
    controllerName: "gatehouse.dev/test",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  readonly table = new ResourceTable();
  readonly told: AnswerChange[] = [];
  held: readonly (string | undefined)[] = [];
  readonly ledger = new ChangeLedger({
    translator: this.translator,
    table: this.table,
    held: () => this.held,
    config: { ledgerEntries: 100 },
    now: () => new Date("2026-01-01T00:00:00Z"),
    logger: createLogger("silent"),
    onChanges: (changes) => this.told.push(...changes),
  });

  apply(manifests: string): readonly string[] {
    const { objects, problems } = readManifests([{ path: "test.yaml", text: manifests }]);
    expect(problems).toEqual([]);
    for (const { kind, name, object } of objects) this.translator.set(kind, name, object);
    return this.publish();
  }

  delete(namespace: string): readonly string[] {
    this.translator.delete("HTTPRoute", namespacedName(namespace, "x"));
    return this.publish();
  }

  publish(): readonly string[] {
    const changes = this.translator.flush();
    for (const [name, list] of changes.resources) this.table.update(name, list);
    this.told.length = 0;
    this.ledger.published(changes);
    const brief = (answer: AnswerChange["from"]) => answer?.route.split("/")[1] ?? "nobody";
    return this.told
      .map(({ hostname, path, from, to }) => `${hostname}${path.value} ${brief(from)} ${brief(to)}`)
      .sort();
  }
}

describe("the history of what is published", () => {
  it("follows a hostname from one namespace to the other and back", () => {
    const world = new World();
    expect(world.apply(platform + route("shop", ["a.com"]))).toEqual([]);
    expect(world.apply(route("rival", ["a.com"], "/", "2027"))).toEqual([]);
    expect(world.apply(route("older", ["a.com"], "/", "2020"))).toEqual(["a.com/ shop older"]);
    expect(world.ledger.history({ host: "A.com.", path: "/b" })).toMatchObject({
      host: "A.com.",
      path: "/b",
      current: [{ gateway, port: 80, route: "HTTPRoute/older/x" }],
      changes: [{ cause: "HTTPRoute older/x generation 1 changed", proxies: { connected: 0, acknowledged: 0 } }],
    });
    expect(world.delete("older")).toEqual(["a.com/ older shop"]);
    expect(world.delete("shop")).toEqual(["a.com/ shop rival"]);
    expect(world.delete("rival")).toEqual(["a.com/ rival nobody"]);
    expect(world.ledger.history({ host: "a.com" }).current).toEqual([]);
  });

  it("begins with the first publication, also where that is empty", () => {
    const world = new World();
    expect(world.publish()).toEqual([]);
    expect(world.apply(platform + route("shop", ["a.com"]))).toEqual(["a.com/ nobody shop"]);
  });

  it("sees who answers where a match is never reached", () => {
    const world = new World();
    const narrow = platform.replace("protocol: HTTP,", "protocol: HTTP, hostname: api.a.com,");
    world.apply(narrow + route("wide", ["*.a.com"], "/v1"));
    expect(world.apply(route("exact", ["api.a.com"], "/"))).toEqual([
      "api.a.com/ nobody exact",
      "api.a.com/v1 wide exact",
    ]);
    expect(world.ledger.history({ host: "api.a.com" }).current.map(({ path }) => path.value)).toEqual(["/"]);
  });

  it("begins anew with nothing when the Gateway goes", () => {
    const world = new World();
    world.apply(platform + route("shop", ["a.com"]));
    world.translator.delete("Gateway", gateway);
    expect(world.publish()).toEqual(["a.com/ shop nobody"]);
    expect(world.told[0]).toMatchObject({
      port: 80,
      cause: "Gateway infra/edge is gone",
      resource: { name: "http-80" },
    });
  });

  it("knows the table in which proxies see a hostname, and who has it or a later one", () => {
    const world = new World();
    const crowd = Array.from({ length: 600 }, (_, index) => route(`crowd-${index}`, [`h${index}.com`])).join("");
    world.apply(platform + crowd);
    expect(world.apply(route("rival", ["h7.com"], "/pay"))).toEqual(["h7.com/pay crowd-7 rival"]);
    const [change] = world.told;
    const version = change?.resource.version;
    expect(change?.resource.name).toBe("http-80/h7.com");
    expect(version).toMatch(/^[0-9a-f]{16}$/);
    world.apply(route("rival", ["h7.com"], "/paid"));
    const latest = world.told[0]?.resource.version;
    world.held = [version, latest, "0000000000000000", undefined];
    const { changes } = world.ledger.history({ host: "h7.com", path: "/pay" });
    expect(changes.map(({ proxies }) => proxies)).toEqual([
      { connected: 4, acknowledged: 1 },
      { connected: 4, acknowledged: 2 },
    ]);
  });
});
