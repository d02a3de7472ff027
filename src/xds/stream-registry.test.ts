import { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Call } from "./call-outlet.ts";
import type { DeltaRequest } from "./codec.ts";
import { deltaVariant } from "./delta-stream.ts";
import { ResourceTable } from "./resource-table.ts";
import type { Variant } from "./stream-options.ts";
import { StreamRegistry } from "./stream-registry.ts";

it("takes requests of its streams in turns, and keeps the order of each", async () => {
  const { accept, taken } = registryOf();
  const [one, other] = [accept("one"), accept("other")];
  for (let number = 0; number < 100; number++) one.push(`one ${number}`);
  for (let number = 0; number < 3; number++) other.push(`other ${number}`);
  while (taken.length < 103) await setImmediate();
  const of = (name: string) => taken.filter((request) => request.startsWith(`${name} `));
  expect(of("one")).toEqual(Array.from({ length: 100 }, (_, number) => `one ${number}`));
  expect(of("other")).toEqual(["other 0", "other 1", "other 2"]);
  expect(taken.slice(0, 6)).toEqual(["one 0", "other 0", "one 1", "other 1", "one 2", "other 2"]);
});

it("leaves the requests of a stream that is over", async () => {
  const { accept, taken } = registryOf();
  const [one, other] = [accept("one"), accept("other")];
  for (let number = 0; number < 10; number++) one.push(`one ${number}`);
  other.push("other 0");
  await new Promise(process.nextTick);
  one.emit("cancelled", "cancelled");
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  expect(taken).toEqual(["other 0"]);
  // What nobody wants any more is not kept either.
  expect(one.readableLength).toBe(0);
});

function registryOf() {
  const taken: string[] = [];
  const nothing = () => {};
  const log = { info: nothing, warn: nothing, error: nothing };
  const counters = { streamOpened: nothing, streamClosed: nothing, streamStuck: nothing, streamFree: nothing };
  const registry = new StreamRegistry(
    {
      table: new ResourceTable(),
      host: "127.0.0.1",
      port: 0,
      security: { kind: "loopback" },
      log,
      metrics: { ...counters, responseSent: nothing, nack: nothing },
      clock: () => 0,
    },
    nothing,
  );
  const accept = (name: string) => {
    const call = fakeCall();
    registry.accept(variantOf(name, taken), call as unknown as Call);
    return call;
  };
  return { accept, taken };
}

/** As much of a call as a registry looks at; what is pushed into it are requests. */
function fakeCall(): Duplex {
  const call = new Duplex({ objectMode: true, read: () => {}, write: () => {} });
  return Object.assign(call, { getPeer: () => "127.0.0.1:1", getAuthContext: () => ({}), cancelled: false });
}

/** Notes each request and asks for nothing. */
function variantOf(nodeId: string, taken: string[]): Variant<DeltaRequest> {
  const node = { id: nodeId, cluster: "infra/shared", metadata: undefined, version: "" };
  const request = { kind: "delta", typeUrl: "another", node, nonce: "" } as const;
  const decode = (bytes: unknown) => {
    taken.push(String(bytes));
    return { ...request, subscribe: [], unsubscribe: [], initialVersions: new Map() };
  };
  return { ...deltaVariant, decode };
}
