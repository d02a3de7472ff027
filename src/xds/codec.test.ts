import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeMessage } from "../../proto/messages.ts";
import { resourceTypes, typeUrls } from "../core/xds-resource.ts";
import { decodeDeltaRequest, decodeSotwRequest, encodeDeltaResponse, encodeSotwResponse } from "./codec.ts";

const type = fc.constantFrom(...resourceTypes);
const text = fc.string({ unit: "binary", maxLength: 200 });
const resource = fc.record({
  type,
  name: text,
  version: text,
  // Past the borders at which the length of a length grows.
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(0, 127, 128, 16_383, 16_384, 2_097_152).map((length) => new Uint8Array(length)),
  ),
});

describe("responses assembled by hand", () => {
  it("are the bytes that the generated encoder writes, in delta", () => {
    const response = fc.record({
      type,
      nonce: text,
      resources: fc.array(resource, { maxLength: 5 }),
      removed: fc.array(text),
    });
    fc.assert(
      fc.property(response, (given) => {
        const typeUrl = typeUrls[given.type];
        const want = encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryResponse", {
          ...(given.nonce !== "" && { nonce: given.nonce }),
          typeUrl,
          resources: given.resources.map(({ name, version, bytes }) => ({
            ...(name !== "" && { name }),
            ...(version !== "" && { version }),
            resource: { type_url: typeUrl, value: bytes },
          })),
          removedResources: given.removed,
        });
        expect(Buffer.compare(encodeDeltaResponse(given), want)).toBe(0);
      }),
    );
  });

  it("are the bytes that the generated encoder writes, in state of the world", () => {
    const response = fc.record({ type, nonce: text, version: text, resources: fc.array(resource, { maxLength: 5 }) });
    fc.assert(
      fc.property(response, (given) => {
        const typeUrl = typeUrls[given.type];
        const want = encodeMessage("envoy.service.discovery.v3.DiscoveryResponse", {
          ...(given.version !== "" && { versionInfo: given.version }),
          ...(given.nonce !== "" && { nonce: given.nonce }),
          typeUrl,
          resources: given.resources.map(({ bytes }) => ({ type_url: typeUrl, value: bytes })),
        });
        expect(Buffer.compare(encodeSotwResponse(given), want)).toBe(0);
      }),
    );
  });
});

describe("requests", () => {
  it("are read with their node, and without what they do not hold", () => {
    const bytes = encodeMessage("envoy.service.discovery.v3.DeltaDiscoveryRequest", {
      node: {
        id: "a",
        cluster: "b/c",
        userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40, patch: 2 } },
      },
      typeUrl: "t",
      resourceNamesSubscribe: ["x"],
      initialResourceVersions: { y: "1" },
      errorDetail: {},
    });
    expect(decodeDeltaRequest(bytes)).toEqual({
      kind: "delta",
      typeUrl: "t",
      nonce: "",
      error: "",
      node: { id: "a", cluster: "b/c", metadata: undefined, version: "1.40.2" },
      subscribe: ["x"],
      unsubscribe: [],
      initialVersions: new Map([["y", "1"]]),
    });
    expect(decodeSotwRequest(Buffer.alloc(0))).toEqual({
      kind: "sotw",
      typeUrl: "",
      nonce: "",
      version: "",
      names: [],
    });
  });

  it("that are arbitrary bytes throw or are read, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const decode of [decodeDeltaRequest, decodeSotwRequest]) {
          try {
            expect(typeof decode(bytes).typeUrl).toBe("string");
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
