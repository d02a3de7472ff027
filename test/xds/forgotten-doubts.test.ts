import { expect, it } from "vitest";
import { decodeMessage, encodeMessage } from "../../proto/messages.ts";
import { namespacedName } from "../../src/core/keys.ts";
import { typeUrls } from "../../src/core/xds-resource.ts";
import { AdsStream } from "../../src/xds/ads-stream.ts";
import { deltaVariant } from "../../src/xds/delta-stream.ts";
import { FleetMemory } from "../../src/xds/fleet-memory.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { resource } from "./resources.ts";

const gateway = namespacedName("infra", "gateway");
const nothing = () => {};

it("N6: of names in doubt that the proxy does not ask for any more nothing is remembered", () => {
  const table = new ResourceTable();
  const memory = new FleetMemory();
  const sent: Uint8Array[] = [];
  table.addFleet(gateway);
  table.markReady();
  table.update(
    gateway,
    ["one", "two"].map((name) => ({ type: "secret", name, resource: resource("secret", name) })),
  );
  const metrics = { responseSent: nothing, nack: nothing, streamOpened: nothing, streamClosed: nothing };
  const stream = new AdsStream(
    deltaVariant,
    { write: (message) => void sent.push(message), admits: () => true, answered: nothing, end: nothing },
    {
      ...{ id: "1", table, clock: () => 0, patienceMs: 1_000, stuckMs: 1_000, split: () => undefined },
      log: { info: nothing, warn: nothing, error: nothing },
      metrics: { ...metrics, streamStuck: nothing, streamFree: nothing },
      ...{ onCulprit: nothing, onProgress: nothing, memoryOf: () => memory },
      admit: () => ({ kind: "admitted", gateway }),
    },
  );
  const request = (fields: object): void => {
    const message = { node: { id: "envoy", cluster: gateway }, typeUrl: typeUrls.secret, ...fields };
    stream.receive(encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", message));
  };
  request({ resourceNamesSubscribe: ["one", "two"] });
  const { nonce } = decodeMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse", sent[0] ?? new Uint8Array());
  request({ responseNonce: nonce, errorDetail: { code: 13, message: "one of them is bad" } });
  expect(memory.size).toBe(1);
  request({ resourceNamesUnsubscribe: ["one", "two"] });
  expect(memory.size).toBe(0);
  stream.close();
});
