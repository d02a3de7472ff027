import { describe, expect, it } from "vitest";
import { httpsListener, listener } from "../../test/support/gateway-objects.ts";
import type { Reader } from "../collection/collection.ts";
import { Graph } from "../collection/graph.ts";
import type { ListenerSpec, ReferenceGrant } from "../core/gateway-api.ts";
import { namespacedName } from "../core/keys.ts";
import type { CertificateState } from "./certificate.ts";
import { buildListener } from "./listener.ts";
import { resolveConflicts } from "./listener-conflict.ts";
import type { Listener } from "./nodes.ts";

const read: Reader = { get: (collection, key) => collection.get(key) };
const graph = new Graph();
const inputs = {
  certificates: graph.source<CertificateState>("certificates"),
  refusedCertificates: graph.source<string>("refusedCertificates"),
  grants: graph.groupBy<ReferenceGrant>("grants", [graph.source<ReferenceGrant>("ReferenceGrant")], () => []),
};

/** Listeners of the Gateway (`gateway`) or of the ListenerSets `a`, `b`, …, in order of precedence. */
function judge(
  entries: readonly (readonly [owner: string, spec: ListenerSpec])[],
  http3Ports: readonly number[] = [],
): readonly Listener[] {
  const gateway = namespacedName("infra", "gateway");
  return resolveConflicts(
    entries.map(([owner, spec]) => {
      const kind = owner === "gateway" ? "Gateway" : "ListenerSet";
      return buildListener(read, inputs, { kind, namespace: "infra", name: owner, gateway }, spec);
    }),
    { http3Ports: new Set(http3Ports), rankOf: () => 0 },
  );
}

const http = (name: string, hostname?: string, port = 80) =>
  listener(name, hostname === undefined ? { port } : { port, hostname });
const https = (name: string, port: number, hostname?: string) =>
  httpsListener(name, "missing", hostname === undefined ? { port } : { port, hostname });
const tcp = (name: string, port = 80) => listener(name, { port, protocol: "TCP" });
const udp = (name: string, port: number) => listener(name, { port, protocol: "UDP" });
const tls = (name: string, hostname: string, port: number) =>
  listener(name, { port, protocol: "TLS", hostname, tls: { mode: "Passthrough" } });
const unknown = (name: string, port = 80) => listener(name, { port, protocol: "example.com/own" });

interface Case {
  readonly name: string;
  readonly listeners: readonly (readonly [owner: string, spec: ListenerSpec])[];
  /** For each listener, in order: the conflict that it lost. */
  readonly want: readonly (string | undefined)[];
}

it.each<Case>([
  {
    name: "different hostnames share a port",
    listeners: [
      ["gateway", http("one", "a.example.com")],
      ["gateway", http("two", "*.example.com")],
      ["a", http("three")],
    ],
    want: [undefined, undefined, undefined],
  },
  {
    name: "the same hostname on different ports is no conflict",
    listeners: [
      ["gateway", http("one", "a.example.com", 80)],
      ["a", http("two", "a.example.com", 8080)],
    ],
    want: [undefined, undefined],
  },
  {
    name: "a ListenerSet loses a hostname that the Gateway has",
    listeners: [
      ["gateway", http("one", "a.example.com")],
      ["a", http("two", "a.example.com")],
      ["a", http("three", "b.example.com")],
    ],
    want: [undefined, "HostnameConflict", undefined],
  },
  {
    name: "of two ListenerSets the earlier one keeps the hostname",
    listeners: [
      ["a", http("one", "a.example.com")],
      ["b", http("two", "a.example.com")],
    ],
    want: [undefined, "HostnameConflict"],
  },
  {
    name: "a hostname is the same in upper case and with a dot behind it",
    listeners: [
      ["a", http("one", "a.example.com")],
      ["b", http("two", "A.Example.COM")],
      ["b", http("three", "a.example.com.")],
    ],
    want: [undefined, "HostnameConflict", "HostnameConflict"],
  },
  {
    name: "two listeners for every hostname conflict",
    listeners: [
      ["gateway", http("one")],
      ["a", http("two", "")],
    ],
    want: [undefined, "HostnameConflict"],
  },
  {
    name: "HTTPS does not share a port with HTTP",
    listeners: [
      ["gateway", http("one", "a.example.com")],
      ["gateway", https("two", 80, "b.example.com")],
      ["a", http("three", "c.example.com")],
    ],
    want: [undefined, "ProtocolConflict", undefined],
  },
  {
    name: "a listener without its certificate still holds its hostname",
    listeners: [
      ["gateway", https("one", 443, "a.example.com")],
      ["a", https("two", 443, "a.example.com")],
    ],
    want: [undefined, "HostnameConflict"],
  },
  {
    name: "a protocol that is not served loses against another object's port",
    listeners: [
      ["gateway", http("one", "a.example.com")],
      ["a", tcp("two")],
    ],
    want: [undefined, "ProtocolConflict"],
  },
  {
    name: "a protocol that is not served takes nothing away, neither within an object nor from later ones",
    listeners: [
      ["gateway", unknown("one")],
      ["gateway", http("two", "a.example.com")],
      ["gateway", unknown("three")],
      ["a", http("four", "b.example.com")],
    ],
    want: [undefined, undefined, undefined, undefined],
  },
  {
    name: "a protocol that is not served conflicts with another object's, also where its own object holds the port too",
    listeners: [
      ["gateway", http("one", "a.example.com")],
      ["a", http("two", "b.example.com")],
      ["a", unknown("three")],
    ],
    want: [undefined, undefined, "ProtocolConflict"],
  },
  {
    name: "TCP shares a port neither with itself nor with any other protocol, and the earlier one keeps it",
    listeners: [
      ["gateway", tcp("one")],
      ["a", tcp("two")],
      ["a", http("three", "a.example.com")],
      ["b", tls("four", "b.example.com", 80)],
      ["gateway", tls("five", "c.example.com", 443)],
      ["a", tcp("six", 443)],
    ],
    want: [undefined, "ProtocolConflict", "ProtocolConflict", "ProtocolConflict", undefined, "ProtocolConflict"],
  },
  {
    name: "TLS and HTTPS share a port by hostname, whoever ends TLS",
    listeners: [
      ["gateway", https("one", 443, "a.example.com")],
      ["gateway", tls("two", "b.example.com", 443)],
      ["a", tls("three", "a.example.com", 443)],
      ["a", tls("four", "*.example.com", 443)],
      ["b", https("five", 443, "b.example.com")],
    ],
    want: [undefined, undefined, "HostnameConflict", undefined, "HostnameConflict"],
  },
  {
    name: "UDP listeners meet on UDP ports only",
    listeners: [
      ["gateway", tcp("one", 53)],
      ["gateway", udp("two", 53)],
      ["a", udp("three", 53)],
      ["a", udp("four", 5353)],
    ],
    want: [undefined, undefined, "ProtocolConflict", undefined],
  },
  {
    name: "a UDP port is another one than the TCP port of the same number",
    listeners: [
      ["gateway", https("one", 443)],
      ["a", listener("two", { port: 443, protocol: "UDP" })],
    ],
    want: [undefined, undefined],
  },
  {
    name: "one that lost holds nothing",
    listeners: [
      ["gateway", http("one", "a.example.com")],
      ["a", https("two", 80, "b.example.com")],
      ["b", http("three", "b.example.com")],
    ],
    want: [undefined, "ProtocolConflict", undefined],
  },
  {
    name: "a listener that is wrong in itself holds nothing",
    listeners: [
      ["gateway", listener("one", { port: 443, protocol: "HTTPS" })],
      ["a", https("two", 443)],
    ],
    want: [undefined, undefined],
  },
])("$name", ({ listeners, want }) => {
  const judged = judge(listeners);
  expect(judged.map(({ conflict }) => conflict?.reason)).toEqual(want);
  for (const { conflict, rejections } of judged) {
    if (conflict !== undefined) expect(rejections[0]).toEqual({ condition: "Accepted", ...conflict });
  }
});

it("does not tell the loser whose listener it met", () => {
  const [, loser] = judge([
    ["tenant-a", http("very-secret-name", "a.example.com")],
    ["b", http("two", "a.example.com")],
  ]);
  expect(loser?.conflict?.message).toBe(
    "another listener that takes precedence serves hostname a.example.com on port 80",
  );
});

describe("the UDP port of HTTPS listeners that are served by HTTP/3 too", () => {
  const reasons = (entries: readonly (readonly [owner: string, spec: ListenerSpec])[]) =>
    judge(entries, [443]).map(({ rejections }) => rejections.find(({ condition }) => condition === "Accepted")?.reason);

  it.each<Case>([
    {
      name: "is not for a later ListenerSet, be they the Gateway's",
      listeners: [
        ["gateway", https("one", 443)],
        ["a", udp("two", 443)],
      ],
      want: [undefined, "PortUnavailable"],
    },
    {
      name: "or of a ListenerSet",
      listeners: [
        ["a", https("one", 443, "a.example.com")],
        ["b", udp("two", 443)],
        ["b", udp("three", 8443)],
      ],
      want: [undefined, "PortUnavailable", undefined],
    },
    {
      name: "even where its own HTTPS listener has joined them",
      listeners: [
        ["a", https("one", 443, "a.example.com")],
        ["b", https("two", 443, "b.example.com")],
        ["b", udp("three", 443)],
      ],
      want: [undefined, undefined, "PortUnavailable"],
    },
    {
      name: "is for who writes both: HTTP/3 cannot be had then, and no other listener has the port",
      listeners: [
        ["a", https("one", 443, "a.example.com")],
        ["a", udp("two", 443)],
        ["b", https("three", 443, "b.example.com")],
        ["b", udp("four", 443)],
      ],
      want: [undefined, undefined, undefined, "ProtocolConflict"],
    },
    {
      name: "stays with a UDP listener that was there before",
      listeners: [
        ["a", udp("one", 443)],
        ["b", https("two", 443, "b.example.com")],
        ["c", udp("three", 443)],
      ],
      want: [undefined, undefined, "ProtocolConflict"],
    },
    {
      name: "is nobody's where the HTTPS listener has lost its own port",
      listeners: [
        ["a", tcp("one", 443)],
        ["b", https("two", 443, "b.example.com")],
        ["c", udp("three", 443)],
      ],
      want: [undefined, "ProtocolConflict", undefined],
    },
  ])("$name", ({ listeners, want }) => expect(reasons(listeners)).toEqual(want));

  it("is free where clients are asked for certificates, which cannot be had with QUIC", () => {
    const [first, second] = judge([
      ["a", https("one", 443, "a.example.com")],
      ["b", udp("two", 443)],
    ]);
    if (first === undefined || second === undefined) throw new Error("no listeners");
    const asking = { ...first, clientValidation: { configMaps: [], isOptional: false } };
    const rules = { http3Ports: new Set([443]), rankOf: () => 0 };
    expect(resolveConflicts([asking, second], rules)[1]?.rejections).toEqual([]);
  });
});
