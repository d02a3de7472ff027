import { describe, expect, it } from "vitest";
import type { DataPlaneState } from "../core/data-plane.ts";
import { namespacedName } from "../core/keys.ts";
import { decodePeerMessage, encodePeerMessage, maxMessageBytes, type PeerMessage } from "./peer-message.ts";

const gateway = namespacedName("infra", "shared");
const state: DataPlaneState = {
  proxies: 2,
  readyProxies: 1,
  listeners: new Map([
    ["http-80", ["a", "b"]],
    ["__proto__", ["c"]],
  ]),
  refusals: new Map([["route/r", 'ü \u2028 "no"']]),
};

describe("a message", () => {
  it.each<PeerMessage>([
    { kind: "hello", replica: "gatehouse-7d9-abc" },
    { kind: "complete" },
    { kind: "state", gateway, state },
    { kind: "state", gateway, state: undefined },
  ])("comes out as it went in: $kind", (message) => {
    expect(decodePeerMessage(encodePeerMessage(message))).toEqual(message);
  });

  it("stays below the limit however much was refused, and names the first refusals", () => {
    const name = (index: number) => `route/${String(index).padStart(5, "0")}`;
    const refusals = new Map(Array.from({ length: 5_000 }, (_, index) => [name(index), "\u0001".repeat(1_000)]));
    const bytes = encodePeerMessage({ kind: "state", gateway, state: { ...state, refusals } });
    expect(bytes.length).toBeLessThan(maxMessageBytes);
    const decoded = decodePeerMessage(bytes);
    const told = decoded?.kind === "state" ? [...(decoded.state?.refusals.keys() ?? [])] : [];
    expect(told.length).toBeGreaterThan(50);
    expect(told).toEqual([...refusals.keys()].slice(0, told.length));
  });

  const wire = { proxies: 1, readyProxies: 1, listeners: [["l", ["1"]]], refusals: [["r", "no"]] };
  const inState = (change: object) => ({ kind: "state", gateway, state: { ...wire, ...change } });
  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["an unknown kind", { kind: "goodbye" }],
    ["a hello without a name", { kind: "hello" }],
    ["a hello with an empty name", { kind: "hello", replica: "" }],
    ["a hello with a long name", { kind: "hello", replica: "x".repeat(254) }],
    ["a state of no Gateway", { kind: "state", state: wire }],
    ["a state of a name without a namespace", { kind: "state", gateway: "shared", state: wire }],
    ["a state of a name of three parts", { kind: "state", gateway: "a/b/c", state: wire }],
    ["a state that is null", { kind: "state", gateway, state: null }],
    ["a fraction of a proxy", inState({ proxies: 1.5 })],
    ["fewer than no proxies", inState({ proxies: -1, readyProxies: -1 })],
    ["more ready proxies than proxies", inState({ readyProxies: 2 })],
    ["endless proxies", inState({ proxies: 1e12 })],
    ["listeners that are no list", inState({ listeners: { l: ["1"] } })],
    ["a listener without versions", inState({ listeners: [["l"]] })],
    ["a version that is a number", inState({ listeners: [["l", [1]]] })],
    ["a long version", inState({ listeners: [["l", ["1".repeat(257)]]] })],
    ["too many versions", inState({ listeners: [["l", Array.from({ length: 65 }, String)]] })],
    ["too many listeners", inState({ listeners: Array.from({ length: 2_001 }, (_, index) => [`${index}`, []]) })],
    ["a refusal without words", inState({ refusals: [["r", undefined]] })],
    ["a refusal of many words", inState({ refusals: [["r", "x".repeat(4_097)]] })],
  ])("is not %s", (_, message) => {
    const bytes = Buffer.from(typeof message === "string" ? message : JSON.stringify(message));
    expect(decodePeerMessage(bytes)).toBeUndefined();
  });

  it("is the form that the refused ones deviate from", () => {
    expect(decodePeerMessage(Buffer.from(JSON.stringify(inState({}))))).toMatchObject({ kind: "state", gateway });
  });
});
