/** The Lease by which replicas agree on their leader. https://kubernetes.io/docs/concepts/architecture/leases/ */
import type { RawObject, ResourceKind } from "../core/kube-client.ts";

/** Who leads, and where the other replicas find it. */
export interface Leader {
  /** Name of its pod. */
  readonly identity: string;
  /** Host and port of its channel for other replicas; absent when it tells none. */
  readonly address?: string;
}

/** A Lease as it was read, with what an election goes by. */
export interface LeaseRecord {
  readonly raw: RawObject;
  /** Absent: it is free. */
  readonly leader: Leader | undefined;
  readonly durationMs: number;
  readonly transitions: number;
  /** The same for two reads exactly when nobody acquired, renewed or released in between. */
  readonly mark: string;
}

/** What a replica writes into the Lease about itself. */
export interface LeaseClaim {
  readonly identity: string;
  readonly address: string;
  readonly durationMs: number;
  readonly now: Date;
}

/** Group, version and plural of Leases. */
export const leaseKind: ResourceKind = { group: "coordination.k8s.io", version: "v1", plural: "leases" };

/** The annotation of the Lease that tells the address of its holder's channel for other replicas. */
export const peerAddressAnnotation = "gatehouse.dev/peer-address";

/** Reads a Lease of the API server; a field that is not as it should be counts as absent. */
export function readLease(raw: RawObject): LeaseRecord {
  const spec = specOf(raw);
  const identity = typeof spec["holderIdentity"] === "string" ? spec["holderIdentity"] : "";
  const address = raw.metadata.annotations?.[peerAddressAnnotation];
  const seconds = numberOr(spec["leaseDurationSeconds"], 0);
  return {
    raw,
    leader: identity === "" ? undefined : { identity, ...(address === undefined ? {} : { address }) },
    durationMs: seconds * 1000,
    transitions: numberOr(spec["leaseTransitions"], 0),
    mark: JSON.stringify([identity, spec["renewTime"] ?? "", spec["acquireTime"] ?? "", raw.metadata.uid ?? ""]),
  };
}

/** A first Lease, held by who makes it. */
export function newLease(place: { readonly namespace: string; readonly name: string }, claim: LeaseClaim): RawObject {
  const time = microTime(claim.now);
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...place, annotations: { [peerAddressAnnotation]: claim.address } },
    spec: { ...held(claim), acquireTime: time, leaseTransitions: 0 },
  };
}

/** The Lease as its holder writes it, to take it or to keep it; it carries the resourceVersion that was read. */
export function claimLease({ raw, leader, transitions }: LeaseRecord, claim: LeaseClaim): RawObject {
  const spec = { ...specOf(raw), ...held(claim) };
  const annotations = { ...raw.metadata.annotations, [peerAddressAnnotation]: claim.address };
  const metadata = { ...raw.metadata, annotations };
  if (leader?.identity === claim.identity) return { ...raw, metadata, spec };
  const taken = { acquireTime: microTime(claim.now), leaseTransitions: transitions + 1 };
  return { ...raw, metadata, spec: { ...spec, ...taken } };
}

/** The Lease as a holder leaves it that stops: free for everybody at once. */
export function releaseLease({ raw }: LeaseRecord, now: Date): RawObject {
  const { holderIdentity: _identity, ...spec } = specOf(raw);
  const { [peerAddressAnnotation]: _address, ...annotations } = raw.metadata.annotations ?? {};
  return {
    ...raw,
    metadata: { ...raw.metadata, annotations },
    spec: { ...spec, leaseDurationSeconds: 1, renewTime: microTime(now) },
  };
}

function held({ identity, durationMs, now }: LeaseClaim): Readonly<Record<string, unknown>> {
  return { holderIdentity: identity, leaseDurationSeconds: Math.ceil(durationMs / 1000), renewTime: microTime(now) };
}

function specOf(raw: RawObject): Readonly<Record<string, unknown>> {
  const spec = raw["spec"];
  // What the API server sent: each field is checked where it is read.
  return typeof spec === "object" && spec !== null ? (spec as Readonly<Record<string, unknown>>) : {};
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

/** RFC 3339 with six digits, as the API server wants a MicroTime. */
function microTime(time: Date): string {
  return time.toISOString().replace("Z", "000Z");
}
