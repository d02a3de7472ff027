/** Listeners of the attacker's own on the shared Gateway, and Gateways of its own. */
import {
  gateway,
  httpRoute,
  listener,
  listenerSet,
  listenerSetRef,
  object,
  type PlainObject,
  prefix,
  regex,
  rule,
} from "../objects.ts";
import { attacker, openedPorts, secretWord } from "../tenants.ts";
import { type Attack, attack, type Family, mine, sequence } from "./attack.ts";

const hostnames = [
  ..."api.techresolve.com API.techresolve.com. bank.teams.example.com bank.apps.example.com store.example.net".split(
    " ",
  ),
  ..."shared.example.com granted.example.com below.granted.example.com manual.example.com any.wild.example.com".split(
    " ",
  ),
  ..."*.techresolve.com *.example.com *.teams.example.com *.apps.example.com *.pool.example.com *.example.net".split(
    " ",
  ),
  ..."*.wild.example.com *.er.wild.example.com *.com *.net com *".split(" "),
];

const own = { name: "tls" };
const everybody: PlainObject = { allowedRoutes: { namespaces: { from: "All" } } };

/** A listener and a route that would answer everything that comes there. */
function takeover(name: string, listeners: readonly PlainObject[], createdAt = "2001-01-01T00:00:00Z"): Attack {
  return attack(
    name,
    listenerSet(mine("set", { createdAt }), listeners),
    httpRoute(mine("all", { createdAt }), {
      parentRefs: [listenerSetRef(attacker, "set")],
      rules: [rule([prefix("/")])],
    }),
  );
}

const set = (name: string) => ({ parentRefs: [listenerSetRef("ns-store", `${name}-${secretWord}`)] });

/** Routes on listeners of another namespace's ListenerSet. */
const guests: readonly Attack[] = [
  attack(
    "guest of a listener that admits nobody",
    httpRoute(mine(), { ...set("store"), rules: [rule([prefix("/")])] }),
  ),
  attack(
    "guest that names the host",
    httpRoute(mine(), { ...set("open"), hostnames: ["open.example.net"], rules: [rule([prefix("/")])] }),
  ),
  attack("guest below the host's own path", httpRoute(mine(), { ...set("open"), rules: [rule([prefix("/desk/1")])] })),
  attack(
    "guest on the host's own path",
    httpRoute(mine(), { ...set("open"), rules: [rule([{ path: { type: "Exact", value: "/desk" } }])] }),
  ),
  attack("guest with an expression", httpRoute(mine(), { ...set("open"), rules: [rule([regex("/.*")])] })),
  attack(
    "guest with a method",
    httpRoute(mine(), { ...set("open"), rules: [rule([prefix("/desk", { method: "GET" })])] }),
  ),
];

const gatewayRef: PlainObject = {
  group: "gateway.networking.k8s.io",
  kind: "Gateway",
  namespace: attacker,
  name: "gw",
};

export const listenerSets: Family = {
  name: "ListenerSets",
  attacks: [
    ...hostnames.map((hostname) => takeover(`http listener ${hostname}`, [listener("a", 80, { hostname })])),
    ...hostnames.map((hostname) => takeover(`https listener ${hostname}`, [listener("a", 443, { hostname }, own)])),
    ...hostnames
      .slice(0, 16)
      .map((hostname) =>
        takeover(`listener ${hostname} on another port`, [listener("a", 8081, { hostname, ...everybody })]),
      ),
    takeover("http listener for everything", [listener("a", 80, everybody)]),
    takeover("https listener for everything", [listener("a", 443, everybody, own)]),
    takeover("listener for everything on another port", [listener("a", 8081, everybody)]),
    takeover("plain http on the port of https", [listener("a", 443)]),
    takeover("https on the port of plain http", [listener("a", 80, {}, own)]),
    takeover("plain http on a ListenerSet's port of https", [listener("a", 8443)], "2026-02-01T00:00:00Z"),
    takeover("tcp on the port of http", [listener("a", 80, { protocol: "TCP" })]),
    takeover("tcp on a ListenerSet's port", [listener("a", 8443, { protocol: "TCP" })], "2026-02-01T00:00:00Z"),
    takeover("udp on the port of https", [listener("a", 443, { protocol: "UDP" })]),
    takeover("tls passthrough for the host of another", [
      { ...listener("a", 443, { hostname: "store.example.net" }), protocol: "TLS", tls: { mode: "Passthrough" } },
    ]),
    takeover("an unknown protocol", [listener("a", 8443, { protocol: "example.com/mine" })]),
    takeover("a name that a listener of the Gateway has", [
      listener("http", 80, { hostname: "x.mallory.example" }),
      listener("https", 443, { hostname: "x.mallory.example" }, own),
    ]),
    takeover(
      "ports next to theirs",
      [81, 79, 442, 444, 8442, 8444, 65_535].map((port) => listener(`p${port}`, port)),
    ),
    takeover("a certificate of another namespace", [
      listener("a", 443, { hostname: "x.mallory.example" }, { namespace: "ns-store", name: "tls" }),
    ]),
    takeover("a certificate of another namespace for its host", [
      listener("a", 443, { hostname: "store.example.net" }, { namespace: "ns-store", name: "tls" }),
    ]),
    takeover("a certificate that is none", [
      listener("a", 443, { hostname: "x.mallory.example" }, { name: "missing" }),
    ]),
    takeover("no certificate, for all hosts below", [
      listener("a", 443, { hostname: "*.example.com" }, { name: "missing" }),
    ]),
    sequence(
      "old set that is given their host",
      listenerSet(mine("set"), [listener("a", 80, { hostname: "x.mallory.example" })]),
      listenerSet(mine("set"), [listener("a", 80, { hostname: "store.example.net" })]),
      listenerSet(mine("set"), [listener("a", 80, { hostname: "*.example.net" })]),
    ),
    ...guests,
  ],
};

const passthrough: PlainObject = { protocol: "TLS", tls: { mode: "Passthrough" } };

/** What may be written for a port: with each protocol, for every host and for the host of another. */
function listenersAt(port: number): Readonly<Record<string, PlainObject>> {
  return {
    "plain http": listener("a", port, everybody),
    https: listener("a", port, everybody, own),
    tls: listener("a", port, passthrough),
    "tls for every host below": listener("a", port, { ...passthrough, hostname: "*.mallory.example" }),
    tcp: listener("a", port, { protocol: "TCP" }),
    udp: listener("a", port, { protocol: "UDP" }),
    "an unknown protocol": listener("a", port, { protocol: "example.com/mine" }),
  };
}

/** ListenerSets that are older than those that opened a port, and are given a listener there: as one object, and by an edit. */
export const olderPorts: Family = {
  name: "older ListenerSets on others' ports",
  attacks: openedPorts.flatMap((port) =>
    Object.entries(listenersAt(port)).flatMap(([what, wants]) => [
      takeover(`${what} at ${port}`, [wants]),
      sequence(
        `${what} at ${port}, beside a port of its own`,
        listenerSet(mine("set"), [listener("own", 9999)]),
        listenerSet(mine("set"), [listener("own", 9999), wants]),
        listenerSet(mine("set"), [wants]),
      ),
    ]),
  ),
};

const wanted = ["api.techresolve.com", "*.example.com", "shared.example.com", "*.com"];

export const ownGateways: Family = {
  name: "Gateways of its own",
  attacks: [
    ...wanted.flatMap((hostname) => [
      attack(
        `Gateway for ${hostname}`,
        gateway(mine("gw"), {
          listeners: [listener("a", 80, { hostname, ...everybody })],
          allowedListeners: { namespaces: { from: "All" } },
        }),
        httpRoute(mine(), { parentRefs: [gatewayRef], rules: [rule([prefix("/")])] }),
      ),
      attack(
        `route for ${hostname} on a Gateway that enforces nothing`,
        object("gatehouse.dev/v1alpha1", "GatewayParameters", mine("off"), { spec: { ownership: { mode: "Off" } } }),
        gateway(mine("gw"), {
          listeners: [listener("a", 80, everybody)],
          infrastructure: { parametersRef: { group: "gatehouse.dev", kind: "GatewayParameters", name: "off" } },
        }),
        httpRoute(mine(), { parentRefs: [gatewayRef], hostnames: [hostname], rules: [rule([prefix("/")])] }),
      ),
    ]),
    attack(
      "Gateway of the same name",
      gateway(mine("edge"), { listeners: [listener("http", 80, everybody), listener("https", 443, everybody, own)] }),
      httpRoute(mine(), {
        parentRefs: [{ ...gatewayRef, name: "edge" }],
        hostnames: ["api.techresolve.com"],
        rules: [rule([prefix("/")])],
      }),
    ),
    attack(
      "Gateway at the address of another",
      gateway(mine("gw"), {
        addresses: [{ type: "IPAddress", value: "0.0.0.0" }],
        listeners: [listener("a", 80, everybody)],
      }),
    ),
    attack(
      "GatewayParameters of the Gateway's name",
      object("gatehouse.dev/v1alpha1", "GatewayParameters", mine("edge"), {
        spec: { ownership: { mode: "Off", foreignEndpoints: "Allowed" } },
      }),
    ),
  ],
};
