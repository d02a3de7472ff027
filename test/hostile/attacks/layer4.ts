/** Connections and datagrams of others: by their server names, and by the ports that they come to. */
import {
  backendRef,
  connectionRoute,
  listener,
  listenerSet,
  listenerSetRef,
  type Manifest,
  type PlainObject,
  sharedGateway,
} from "../objects.ts";
import { attacker } from "../tenants.ts";
import { type Attack, attack, type Family, mine, sequence } from "./attack.ts";

const theirs = [
  ..."vault.example.com VAULT.example.com vault.example.com. sealed.example.com *.example.com *.com com *".split(" "),
  ..."api.techresolve.com *.techresolve.com store.example.net *.example.net bank.apps.example.com x.vault.example.com".split(
    " ",
  ),
];

function on(sectionName: string): PlainObject {
  return { parentRefs: [{ ...sharedGateway, sectionName }] };
}

function tlsRoute(hostnames: readonly string[], more: PlainObject = {}): Manifest {
  return connectionRoute("TLSRoute", mine(), { hostnames, ...more });
}

const thousand = Array.from({ length: 1024 }, (_, index) => `h${index}.mallory.example`);

export const serverNames: Family = {
  name: "TLSRoutes for others' server names",
  attacks: [
    ...theirs.map((hostname) => attack(`server name ${hostname}`, tlsRoute([hostname]))),
    ...["tls", "sealed", "https", "http", "tcp", "udp"].map((section) =>
      attack(`every server name on ${section}`, tlsRoute(["*.example.com", "vault.example.com"], on(section))),
    ),
    attack("a server name among its own", tlsRoute(["x.mallory.example", "vault.example.com", "y.mallory.example"])),
    attack("a thousand server names", tlsRoute(thousand)),
    attack("a thousand server names, the last of another", tlsRoute([...thousand.slice(1), "sealed.example.com"])),
    attack("more server names than there may be", tlsRoute([...thousand, "vault.example.com"])),
    attack("an address as a server name", tlsRoute(["127.0.0.1"])),
    attack("a server name that is none", tlsRoute(["vault_example.com", "\u0000", "a b", "*.*", "xn--"])),
    sequence(
      "a route that is given others' names in the end",
      tlsRoute(["x.mallory.example"]),
      tlsRoute(["x.mallory.example", "vault.example.com"]),
      tlsRoute(["*.example.com"]),
    ),
    attack(
      "backends of others",
      tlsRoute(["x.mallory.example"], {
        rules: [
          { backendRefs: [backendRef("app", { namespace: "ns-vault" }), backendRef("app", { namespace: "ns-db" })] },
        ],
      }),
    ),
    attack("no backend at all", tlsRoute(["x.mallory.example"], { rules: [{ backendRefs: [] }] })),
    attack(
      "weights beyond what can be counted",
      tlsRoute(["x.mallory.example"], {
        rules: [{ backendRefs: Array.from({ length: 16 }, () => backendRef("app", { weight: 1_000_000 })) }],
      }),
    ),
  ],
};

export const portRoutes: Family = {
  name: "TCPRoutes and UDPRoutes on others' ports",
  attacks: (["TCPRoute", "UDPRoute"] as const).flatMap((kind) => [
    attack(`${kind} on every listener`, connectionRoute(kind, mine(), {})),
    ...["tcp", "udp", "tls", "sealed", "http", "https"].map((section) =>
      attack(`${kind} on ${section}`, connectionRoute(kind, mine(), on(section))),
    ),
    ...[9300, 5300, 6443, 80, 443].map((port) =>
      attack(`${kind} at port ${port}`, connectionRoute(kind, mine(), { parentRefs: [{ ...sharedGateway, port }] })),
    ),
    attack(
      `${kind}s without number`,
      ...Array.from({ length: 55 }, (_, index) => connectionRoute(kind, mine(`grab-${index}`), {})),
    ),
    attack(
      `${kind} to others' backends`,
      connectionRoute(kind, mine(), {
        rules: [
          { backendRefs: [backendRef("app", { namespace: "ns-db" }), backendRef("dns", { namespace: "ns-dns" })] },
        ],
      }),
    ),
    attack(
      `${kind} to a port of the other protocol`,
      connectionRoute(kind, mine(), { rules: [{ backendRefs: [backendRef("app", { port: 5300 })] }] }),
    ),
  ]),
};

/** A ListenerSet's listener and a route on it. */
function opened(name: string, listeners: readonly PlainObject[], kind: "TCPRoute" | "UDPRoute" | "TLSRoute"): Attack {
  const names = kind === "TLSRoute" ? { hostnames: ["*.example.com", "vault.example.com"] } : {};
  return attack(
    name,
    listenerSet(mine("set"), listeners),
    connectionRoute(kind, mine(), { parentRefs: [listenerSetRef(attacker, "set")], ...names }),
  );
}

const passthrough: PlainObject = { protocol: "TLS", tls: { mode: "Passthrough" } };
const sharedPorts = [80, 443, 6443, 6444, 9300, 5300] as const;

export const layer4ListenerSets: Family = {
  name: "ListenerSets of other protocols on shared ports",
  attacks: [
    ...sharedPorts.map((port) => opened(`tcp at ${port}`, [listener("a", port, { protocol: "TCP" })], "TCPRoute")),
    ...sharedPorts.map((port) => opened(`udp at ${port}`, [listener("a", port, { protocol: "UDP" })], "UDPRoute")),
    ...sharedPorts.map((port) => opened(`tls at ${port}`, [listener("a", port, passthrough)], "TLSRoute")),
    ...["vault.example.com", "sealed.example.com", "*.example.com", "*.com"].flatMap((hostname) => [
      opened(`tls for ${hostname} at 443`, [listener("a", 443, { ...passthrough, hostname })], "TLSRoute"),
      opened(`tls for ${hostname} at 6443`, [listener("a", 6443, { ...passthrough, hostname })], "TLSRoute"),
      opened(`tls for ${hostname} at 6444`, [listener("a", 6444, { ...passthrough, hostname })], "TLSRoute"),
    ]),
    opened(
      "a port of its own that becomes another's",
      [listener("a", 9301, { protocol: "TCP" }), listener("b", 9300, { protocol: "HTTP" })],
      "TCPRoute",
    ),
    opened(
      "both at once",
      [listener("a", 9302, { protocol: "TCP" }), listener("b", 9302, { protocol: "UDP" })],
      "UDPRoute",
    ),
    opened(
      "sixty ports",
      Array.from({ length: 60 }, (_, index) => listener(`p${index}`, 20_000 + index, { protocol: "TCP" })),
      "TCPRoute",
    ),
  ],
};
