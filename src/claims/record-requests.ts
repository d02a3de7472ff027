import { type KindInfo, kinds, type NamespacedName } from "../core/keys.ts";
import {
  type KubeFailure,
  type KubeRequest,
  patchTypes,
  type RawObject,
  type ResourceKind,
  resourcePath,
} from "../core/kube-client.ts";
import { type Holding, type HostnameRecord, recordOf } from "../core/ownership.ts";

/** The parts of a stored record that writes are conditional on. */
export interface RecordVersion {
  readonly uid: string;
  readonly resourceVersion: string;
  /** RFC 3339: since when nothing wants it. */
  readonly unusedSince?: string;
}

const { group, versions, plural }: KindInfo = kinds.HostnameRecord;
const resource: ResourceKind = { group, version: versions[0] ?? "v1alpha1", plural };

/** Makes a record; whoever is first succeeds. */
export function createRecord(holding: Holding): KubeRequest {
  const { apiVersion, kind, metadata, spec } = recordOf(holding);
  return {
    method: "POST",
    path: resourcePath(resource),
    body: { apiVersion, kind, metadata: { name: metadata.name }, spec },
  };
}

export function readRecord(name: string): KubeRequest {
  return { method: "GET", path: resourcePath(resource, { name }) };
}

/** Deletes that very record; with a resourceVersion only if nobody has changed it. */
export function deleteRecord(name: NamespacedName, preconditions: Partial<RecordVersion>): KubeRequest {
  const { uid, resourceVersion } = preconditions;
  const body = { preconditions: { uid, ...(resourceVersion !== undefined && { resourceVersion }) } };
  return { method: "DELETE", path: resourcePath(resource, { name }), body };
}

/** Writes since when nothing wants a record; undefined: it is wanted. */
export function markRecord(
  name: NamespacedName,
  { uid, resourceVersion }: RecordVersion,
  unusedSince: string | undefined,
): KubeRequest {
  return {
    method: "PATCH",
    path: resourcePath(resource, { name, subresource: "status" }),
    contentType: patchTypes.merge,
    // Null takes a field away: https://www.rfc-editor.org/rfc/rfc7386
    body: { metadata: { uid, resourceVersion }, status: { unusedSince: unusedSince ?? null } },
  };
}

/** Reads a record that the API server has answered with; undefined when it is none. */
export function recordOfAnswer(raw: RawObject): HostnameRecord | undefined {
  const { metadata, spec } = raw;
  if (typeof metadata?.name !== "string" || !hasTexts(spec)) return undefined;
  return {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "HostnameRecord",
    metadata: {
      name: metadata.name,
      ...(metadata.uid !== undefined && { uid: metadata.uid }),
      generation: metadata.generation ?? 1,
      creationTimestamp: metadata.creationTimestamp ?? spec.since,
    },
    spec,
  };
}

/** Reads what later writes of a record are conditional on. */
export function versionOfAnswer({ metadata, ...raw }: RawObject): RecordVersion {
  const { status } = raw;
  const since = typeof status === "object" && status !== null ? Reflect.get(status, "unusedSince") : undefined;
  return {
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    ...(typeof since === "string" && { unusedSince: since }),
  };
}

/** Why something could not be recorded, for the owner of a route: nothing of what the API server says in particular. */
export function problemText({ status }: KubeFailure): string {
  if (status === 0) return "the API server does not answer";
  if (status === 403) return "the control plane may not create HostnameRecords";
  if (status === 409) return "a HostnameRecord of that name is about something else";
  if (status === 429 || status >= 500) return "the API server cannot take it at the moment";
  return "the API server refuses the HostnameRecord";
}

/** The CRD has a schema for it: what is checked here is only that an answer is a record at all. */
function hasTexts(spec: unknown): spec is HostnameRecord["spec"] {
  if (typeof spec !== "object" || spec === null) return false;
  return ["hostname", "namespace", "since", "object"].every((field) => typeof Reflect.get(spec, field) === "string");
}
