import { expect, it } from "vitest";
import { claimLease, newLease, peerAddressAnnotation, readLease, releaseLease } from "./lease.ts";

const now = new Date("2026-02-02T02:02:02.345Z");
const claim = { identity: "b", address: "10.0.0.2:18001", durationMs: 15_000, now };
const place = { namespace: "gatehouse-system", name: "gatehouse" };

const raw = {
  metadata: { ...place, uid: "u", resourceVersion: "7", labels: { kept: "yes" }, annotations: { kept: "too" } },
  spec: {
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: "x",
    renewTime: "y",
    leaseTransitions: 3,
    strategy: "kept",
  },
};

it("takes a Lease over with the resourceVersion that was read, and leaves alone what it does not know", () => {
  expect(claimLease(readLease(raw), claim)).toEqual({
    metadata: { ...raw.metadata, annotations: { kept: "too", [peerAddressAnnotation]: "10.0.0.2:18001" } },
    spec: {
      holderIdentity: "b",
      leaseDurationSeconds: 15,
      acquireTime: "2026-02-02T02:02:02.345000Z",
      renewTime: "2026-02-02T02:02:02.345000Z",
      leaseTransitions: 4,
      strategy: "kept",
    },
  });
});

it("keeps the time since when a holder has it", () => {
  const renewed = claimLease(readLease(raw), { ...claim, identity: "a" });
  expect(renewed["spec"]).toMatchObject({
    acquireTime: "x",
    renewTime: "2026-02-02T02:02:02.345000Z",
    leaseTransitions: 3,
  });
});

it("leaves a Lease behind that is free, without the address", () => {
  const released = readLease(releaseLease(readLease(newLease(place, claim)), now));
  expect(released.leader).toBeUndefined();
  expect(released.raw.metadata.annotations).toEqual({});
});

it.each([
  { name: "no spec", spec: undefined },
  { name: "a spec of another form", spec: "x" },
  { name: "fields of other types", spec: { holderIdentity: 7, leaseDurationSeconds: "15", leaseTransitions: {} } },
])("reads a Lease with $name as a free one", ({ spec }) => {
  expect(readLease({ metadata: place, spec })).toMatchObject({ leader: undefined, durationMs: 0, transitions: 0 });
});

it("tells a renewal from a change of a label", () => {
  const relabelled = { ...raw, metadata: { ...raw.metadata, resourceVersion: "8", labels: {} } };
  expect(readLease(relabelled).mark).toBe(readLease(raw).mark);
  expect(readLease({ ...raw, spec: { ...raw.spec, renewTime: "z" } }).mark).not.toBe(readLease(raw).mark);
});
