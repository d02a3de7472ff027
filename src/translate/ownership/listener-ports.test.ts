import { describe, expect, it } from "vitest";
import { gateway, gatewayClass, listener, listenerSet } from "../../../test/support/gateway-objects.ts";
import { createGatewayWorld } from "../../../test/support/gateway-world.ts";
import type { ListenerSpec } from "../../core/gateway-api.ts";

const open = { allowedListeners: { namespaces: { from: "All" } } } as const;
const port = 9000;
const http = (hostname?: string) => listener("http", { port, ...(hostname !== undefined && { hostname }) });
const tcp = listener("tcp", { port, protocol: "TCP" });
const passthrough = (hostname: string) =>
  listener("tls", { port, protocol: "TLS", hostname, tls: { mode: "Passthrough" } });

/** A Gateway to which namespaces add listeners one after the other; `old` has the oldest ListenerSet, `young` the youngest. */
function createWorld(own: readonly ListenerSpec[] = [listener("own")]) {
  const world = createGatewayWorld();
  world.apply(gatewayClass(), gateway(own, open));
  const ages = { old: "2001-01-01T00:00:00Z", middle: "2011-01-01T00:00:00Z", young: "2021-01-01T00:00:00Z" };
  return {
    world,
    write: (namespace: keyof typeof ages, listeners: readonly ListenerSpec[]) =>
      world.apply(listenerSet(namespace, "set", listeners, { creationTimestamp: ages[namespace] })),
    /** Who has something on the port, and what others are told. */
    outcome: () =>
      (world.nodes.get("infra/shared-gateway")?.listeners ?? [])
        .filter((each) => each.port === port)
        .map(({ namespace, name, conflict }) => `${namespace} ${name}: ${conflict?.reason ?? "has it"}`),
  };
}

describe("a port that ListenerSets open", () => {
  it.each([
    { name: "for TCP", young: tcp, old: tcp, want: ["old tcp: ProtocolConflict", "young tcp: has it"] },
    {
      name: "for every hostname",
      young: http(),
      old: http(),
      want: ["old http: HostnameConflict", "young http: has it"],
    },
    {
      name: "for one hostname, and TCP would take all of it",
      young: http("a.example.com"),
      old: tcp,
      want: ["old tcp: ProtocolConflict", "young http: has it"],
    },
    {
      name: "for TLS, and HTTP cannot share it",
      young: passthrough("a.example.com"),
      old: http("b.example.com"),
      want: ["old http: ProtocolConflict", "young tls: has it"],
    },
    {
      name: "and shares, as far as protocols and hostnames go",
      young: http("a.example.com"),
      old: http(),
      want: ["old http: has it", "young http: has it"],
    },
  ])("stays with who had it first, however old the ListenerSet of another is: $name", ({ young, old, want }) => {
    const { write, outcome } = createWorld();
    write("young", [young]);
    write("old", [old]);
    expect(outcome()).toEqual(want);
    // Not even when they are read all at once, as after a restart.
    write("young", [young]);
    expect(outcome()).toEqual(want);
  });

  it("has one listener for every hostname, which even who opened the port does not take from others", () => {
    const { write, outcome } = createWorld();
    write("old", [http("a.example.com")]);
    write("young", [listener("rest", { port })]);
    write("old", [http("a.example.com"), listener("rest", { port })]);
    expect(outcome()).toEqual(["old http: has it", "old rest: HostnameConflict", "young rest: has it"]);
  });

  it("is decided by who opened it before who came to the rest of it", () => {
    const { write, outcome } = createWorld();
    write("middle", [http("a.example.com")]);
    write("young", [http()]);
    write("old", [tcp]);
    expect(outcome()).toEqual(["old tcp: ProtocolConflict", "middle http: has it", "young http: has it"]);
  });

  it("belongs to the Gateway where that has it too, whenever it came", () => {
    const { world, write, outcome } = createWorld();
    write("young", [http()]);
    world.apply(gateway([listener("own", { port, protocol: "TCP" })], open));
    expect(outcome()).toEqual(["infra own: has it", "young http: ProtocolConflict"]);
  });

  it("is recorded only where the Gateway's own listeners do not have it", () => {
    const { world, write } = createWorld([listener("own", { port, hostname: "own.example.com" })]);
    const claimed = () =>
      (world.nodes.get("infra/shared-gateway")?.claims ?? []).map(({ path, hostname }) => path?.listener ?? hostname);
    write("young", [http("a.example.com"), listener("games", { port, protocol: "UDP" })]);
    expect(claimed()).toEqual(["a.example.com", `Gateway/infra/shared-gateway/udp:${port}`]);
    write("young", [http()]);
    expect(claimed()).toEqual([`Gateway/infra/shared-gateway/tcp:${port}:rest`]);
  });

  it("goes by age among those that come at once, as the specification has it", () => {
    const { world, outcome } = createWorld();
    world.apply(
      listenerSet("young", "set", [tcp], { creationTimestamp: "2021-01-01T00:00:00Z" }),
      listenerSet("old", "set", [tcp], { creationTimestamp: "2001-01-01T00:00:00Z" }),
    );
    expect(outcome()).toEqual(["old tcp: has it", "young tcp: ProtocolConflict"]);
  });
});
