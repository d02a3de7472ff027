import { expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../proto/messages.ts";
import { namespacedName } from "../../src/core/keys.ts";
import { type ResourceType, resourceTypeOf, typeUrls, type XdsResource } from "../../src/core/xds-resource.ts";
import { AdsStream } from "../../src/xds/ads-stream.ts";
import { deltaVariant } from "../../src/xds/delta-stream.ts";
import { FleetMemory } from "../../src/xds/fleet-memory.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import type { StreamOptions } from "../../src/xds/stream-options.ts";
import { resource } from "./resources.ts";
import { service } from "./stream.case.ts";

const gateway = namespacedName("infra", "gateway");

it("O6: endpoints that change and change back before the change can be sent hold up nothing", async () => {
  const { set, request, writes, finishWrite } = open();
  await set(...service("x"), ...service("y"), resource("listener", "l"));
  request("cluster", {});
  finishWrite();
  request("endpoint", { resourceNamesSubscribe: ["x", "y"] });
  request("listener", {});
  expect(writes.map(({ type }) => type)).toEqual(["cluster", "endpoint"]);
  await set(resource("endpoint", "x", "changed"));
  // The write of the response is not done yet, so what changed cannot be sent at once.
  request("endpoint", { responseNonce: writes[1]?.nonce });
  await set(resource("endpoint", "x"));
  finishWrite();
  request("cluster", { responseNonce: writes[0]?.nonce });
  expect(writes.map(({ type }) => type)).toEqual(["cluster", "endpoint", "listener"]);
});

/** A stream whose writes are done when the test says so. */
function open() {
  const table = new ResourceTable();
  table.addFleet(gateway);
  table.markReady();
  const writes: { readonly type: ResourceType | undefined; readonly nonce: string | undefined }[] = [];
  let done = () => {};
  const outlet = {
    admits: () => true,
    answered: () => {},
    end: (_: string, message: string) => {
      throw new Error(message);
    },
    write: (message: Buffer, isDone: () => void) => {
      const { typeUrl, nonce } = decodeMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse", message);
      writes.push({ type: resourceTypeOf(typeUrl ?? ""), nonce });
      done = isDone;
    },
  };
  const stream = new AdsStream(deltaVariant, outlet, optionsFor(table));
  return {
    writes,
    finishWrite: () => done(),
    set: async (...resources: readonly XdsResource[]) => {
      table.update(
        gateway,
        resources.map((one) => ({ type: one.type, name: one.name, resource: one })),
      );
      await Promise.resolve();
    },
    request: (type: ResourceType, fields: object) => {
      const node = { id: "proxy", cluster: gateway };
      const wire = { node, typeUrl: typeUrls[type], ...fields };
      stream.receive(encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", wire));
    },
  };
}

function optionsFor(table: ResourceTable): StreamOptions {
  const nothing = () => {};
  const memory = new FleetMemory();
  return {
    id: "1",
    table,
    log: { info: nothing, warn: nothing, error: nothing },
    metrics: {
      responseSent: nothing,
      nack: nothing,
      streamOpened: nothing,
      streamClosed: nothing,
      streamStuck: nothing,
      streamFree: nothing,
    },
    clock: () => 0,
    patienceMs: 5_000,
    stuckMs: 30_000,
    split: () => undefined,
    onCulprit: nothing,
    admit: () => ({ kind: "admitted", gateway }),
    memoryOf: () => memory,
    onProgress: nothing,
  };
}
