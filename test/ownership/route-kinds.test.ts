import { describe, expect, it } from "vitest";
import { explainRequest, explainRoute } from "../../src/app/explain.ts";
import { Translator } from "../../src/app/translator.ts";
import type { RequestQuestion } from "../../src/core/explanation.ts";
import type { Route } from "../../src/core/gateway-api.ts";
import { namespacedName, type ObjectKey, objectKey, type RouteKind, routeKinds } from "../../src/core/keys.ts";
import { describeRefusal } from "../../src/translate/ownership/messages.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { gatewayClass } from "../support/gateway-class.ts";

const options = {
  controllerName: "gatehouse.dev/gateway-controller",
  placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
} as const;

const all = "allowedRoutes: { namespaces: { from: All } }";
const gateway = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: web, port: 80, protocol: HTTP, ${all} }
    - { name: tls, port: 8443, protocol: TLS, tls: { mode: Passthrough }, ${all} }
    - { name: tcp, port: 9000, protocol: TCP, ${all} }
    - { name: udp, port: 9000, protocol: UDP, ${all} }
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: shop }
spec: { ports: [{ name: tcp, port: 80 }, { name: udp, port: 53, protocol: UDP }] }
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: bank }
spec: { ports: [{ name: tcp, port: 80 }, { name: udp, port: 53, protocol: UDP }] }
`;

/** A route that sends everything to the Service of its namespace; `created` is the day of January 2026. */
function route(kind: RouteKind, owner: string, { hostnames = ["api.example.com"], created = 1 } = {}): string {
  const [namespace, name] = owner.split("/");
  const hosts = kind === "TCPRoute" || kind === "UDPRoute" ? "" : `hostnames: ${JSON.stringify(hostnames)}, `;
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "2026-01-0${created}T00:00:00Z" }
spec: { parentRefs: [{ name: edge, namespace: infra }], ${hosts}rules: [{ backendRefs: [{ name: app, port: ${kind === "UDPRoute" ? 53 : 80} }] }] }
`;
}

function world(...manifests: readonly string[]) {
  const translator = new Translator(options);
  const statuses = new Map<ObjectKey, readonly string[]>();
  const apply = (text: string) => {
    for (const { kind, name, object } of read(text)) translator.set(kind, name, object);
    for (const [key, update] of translator.flush().statuses) {
      const conditions = update?.kind === "Route" ? update.parents.flatMap((parent) => parent.conditions) : [];
      statuses.set(
        key,
        conditions
          .filter(({ status }) => status !== "True")
          .map(({ type, reason, message }) => `${type} ${reason}: ${message}`),
      );
    }
  };
  for (const text of [gateway, ...manifests]) apply(text);
  const told = (kind: RouteKind, owner: string) => statuses.get(key(kind, owner));
  return { translator, apply, told };
}

function read(text: string) {
  const { objects, problems } = readManifests([{ path: "test.yaml", text }]);
  expect(problems).toEqual([]);
  return objects;
}

function key(kind: RouteKind, owner: string): ObjectKey {
  const [namespace, name = ""] = owner.split("/");
  return objectKey(kind, namespacedName(namespace, name));
}

const claimed =
  "Accepted HostnameClaimed: Hostname 'api.example.com' is already claimed by a route of another namespace";
const first = "which had it accepted first";
const named = ["HTTPRoute", "GRPCRoute", "TLSRoute"] as const;
const pairs = named.flatMap((holder) => named.map((taker) => ({ holder, taker })));

describe("a hostname", () => {
  it.each(pairs)(
    "that a $holder holds is not a $taker's of another namespace, though it says it is older",
    ({ holder, taker }) => {
      const { told, apply } = world(route(holder, "shop/holder", { created: 2 }));
      apply(route(taker, "bank/taker", { created: 1 }));
      expect(told(taker, "bank/taker")).toEqual([`${claimed}, ${first}`]);
      expect(told(holder, "shop/holder")).toEqual([]);
    },
  );

  it("is one claim of a namespace, whatever kinds of routes it has it with", () => {
    const { told, translator } = world(...named.map((kind) => route(kind, `shop/${kind.toLowerCase()}`)));
    expect(told("TLSRoute", "shop/tlsroute")).toEqual([]);
    expect([...translator.claims.entries()].map(([, { hostname }]) => hostname)).toEqual(["api.example.com"]);
  });
});

describe("a port", () => {
  it.each(["TCPRoute", "UDPRoute"] as const)("that a %s holds is no other namespace's", (kind) => {
    const { told, apply } = world(route(kind, "shop/holder", { created: 2 }));
    apply(route(kind, "bank/taker", { created: 1 }));
    expect(told(kind, "bank/taker")).toEqual([
      `Accepted HostnameClaimed: The port of the listener is already claimed by a route of another namespace, ${first} on this listener`,
    ]);
    expect(told(kind, "shop/holder")).toEqual([]);
  });

  it("of TCP and the same number of UDP are two", () => {
    const { told } = world(route("TCPRoute", "shop/tcp"), route("UDPRoute", "bank/udp"));
    expect([told("TCPRoute", "shop/tcp"), told("UDPRoute", "bank/udp")]).toEqual([[], []]);
  });

  it.each([
    { kind: "TCPRoute", traffic: "connection" },
    { kind: "UDPRoute", traffic: "datagram" },
  ] as const)(
    "that two routes of a namespace ask for is the older one's, and the other is told ($kind)",
    ({ kind, traffic }) => {
      const { told } = world(route(kind, "shop/younger", { created: 2 }), route(kind, "shop/older"));
      expect(told(kind, "shop/older")).toEqual([]);
      expect(told(kind, "shop/younger")).toEqual([
        `gatehouse.dev/RulesReachable RuleShadowed: No ${traffic} ever comes to it: another route of this namespace (older) comes first (an older route)`,
      ]);
    },
  );
});

describe("a server name", () => {
  const ask = (host: string): RequestQuestion => ({
    ...{ port: 8443, scheme: "https", sni: host, host, path: "/", method: "GET", headers: [] },
  });
  const answer = (translator: Translator, host: string) => {
    const [told] = explainRequest(translator.routing, ask(host)).gateways;
    return [told?.forwarder?.name, told?.answer.kind, told?.answer.kind === "noConnection" ? told.answer.reason : ""];
  };

  it("below another namespace's wildcard is not forwarded to it", () => {
    const { translator, apply, told } = world(
      route("HTTPRoute", "bank/api"),
      route("TLSRoute", "shop/wide", { hostnames: ["*.example.com"] }),
    );
    expect(told("TLSRoute", "shop/wide")).toEqual([]);
    expect(answer(translator, "www.example.com")).toEqual(["wide", "forwarded", ""]);
    const held = "Another namespace owns the server name: the connection is closed";
    expect(answer(translator, "api.example.com")).toEqual([undefined, "noConnection", held]);
    apply(route("TLSRoute", "bank/tls"));
    expect(answer(translator, "api.example.com")).toEqual(["tls", "forwarded", ""]);
    translator.delete("TLSRoute", namespacedName("bank", "tls"));
    translator.delete("HTTPRoute", namespacedName("bank", "api"));
    translator.flush();
    // What was held stays so until its record goes.
    expect(answer(translator, "api.example.com")).toEqual([undefined, "noConnection", held]);
  });

  it("goes to the older of two routes, and the younger is told what came first", () => {
    const { translator, told } = world(
      route("TLSRoute", "shop/younger", { created: 2 }),
      route("TLSRoute", "shop/older"),
    );
    expect(told("TLSRoute", "shop/younger")).toEqual([
      "gatehouse.dev/RulesReachable RuleShadowed: No connection for api.example.com ever comes to it: another route of this namespace (older) comes first (an older route)",
    ]);
    const [told443] = explainRequest(translator.routing, ask("api.example.com")).gateways;
    expect(told443?.forwardRivals).toEqual([
      { route: { kind: "TLSRoute", namespace: "shop", name: "younger" }, criterion: "an older route" },
    ]);
    const { parents, rules } = explainRoute(translator.routing, key("TLSRoute", "shop/younger"));
    const tls = parents[0]?.listeners.find(({ listener }) => listener.name === "tls");
    expect(tls?.hosts).toEqual([
      {
        ...{ hostname: "api.example.com", written: "api.example.com", matches: [] },
        shadowedBy: { route: { kind: "TLSRoute", namespace: "shop", name: "older" }, criterion: "an older route" },
      },
    ]);
    expect(rules.map(({ kind }) => kind)).toEqual(["forward"]);
  });
});

describe("the webhook's question", () => {
  it.each(routeKinds)("before a %s is stored is answered as its status would be", (kind) => {
    const { translator } = world(route(kind, "shop/holder"));
    const [asked] = read(route(kind, "bank/taker")).flatMap(({ object }) => (object.kind === kind ? [object] : []));
    const { enforced } = translator.judge(asked as Route); // of the kind that was asked for
    const what = kind === "TCPRoute" || kind === "UDPRoute" ? "The port of the listener" : "Hostname 'api.example.com'";
    expect(enforced.map(describeRefusal)).toEqual([expect.stringMatching(`^${what} is already claimed`)]);
  });
});
