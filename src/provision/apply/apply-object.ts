import { equal } from "../../collection/equal.ts";
import type { KubeClient, KubeFailure, KubeResult, RawObject } from "../../core/kube-client.ts";
import { patchTypes, resourcePath } from "../../core/kube-client.ts";
import { type FleetObject, type FleetObjectKind, fleetObjectKinds } from "../render/fleet-object.ts";
import { foreignElements, ownFields } from "./own-fields.ts";
import { belongsTo } from "./ownership.ts";

/** What became of an object that we want. */
export type ApplyOutcome =
  | { readonly kind: "applied"; readonly object: RawObject }
  /** What is there already is what we want; nothing has changed. */
  | { readonly kind: "unchanged"; readonly object: RawObject }
  | { readonly kind: "refused"; readonly message: string; readonly retryAfterMs?: number };

/** Brings one object to the API server by server-side apply, unless the name is taken by an object that is not ours. */
export async function applyObject(
  client: KubeClient,
  wanted: FleetObject,
  { observed, gatewayUid }: { readonly observed: RawObject | undefined; readonly gatewayUid: string },
): Promise<ApplyOutcome> {
  let current = observed;
  if (current === undefined) {
    // What we watch are objects with our label: whether the name is free, only the API server knows.
    const read = await client.request<RawObject>({ method: "GET", path: pathOf(wanted) });
    if (read.kind === "failed" && read.status !== 404) return refused(wanted, read);
    if (read.kind === "ok") current = read.value;
  }
  if (current === undefined) return outcomeOf(wanted, await create(client, wanted));
  const taken = takenBy(wanted, current, gatewayUid);
  if (taken !== undefined) return { kind: "refused", message: taken };
  if (observed === undefined && isAsWanted(wanted, current)) return { kind: "unchanged", object: current };
  return change(client, wanted, current);
}

/** Removes an object that was observed; that it is gone already, or replaced by another, is as good. */
export async function removeObject(
  client: KubeClient,
  kind: FleetObjectKind,
  observed: RawObject,
): Promise<KubeFailure | undefined> {
  const { namespace = "", name, uid } = observed.metadata;
  const path = resourcePath(fleetObjectKinds[kind], { namespace, name });
  const body = { propagationPolicy: "Background", ...(uid !== undefined && { preconditions: { uid } }) };
  const result = await client.request<unknown>({ method: "DELETE", path, body });
  return result.kind === "ok" || result.status === 404 || result.status === 409 ? undefined : result;
}

/** Whether an observed object has all that we want. */
export function isAsWanted(wanted: FleetObject, observed: RawObject): boolean {
  return equal(contentOf(wanted, wanted), contentOf(wanted, observed));
}

/** What an object has of what we want; without apiVersion and kind, which the items of a list do not have. */
export function contentOf({ apiVersion: _version, kind: _kind, ...content }: FleetObject, object: object): unknown {
  return ownFields(content, object);
}

/** Why an object that is there already cannot be changed by us; undefined when it is ours. */
export function takenBy(wanted: FleetObject, current: RawObject, gatewayUid: string): string | undefined {
  const { kind, metadata } = wanted;
  if (!belongsTo(current, gatewayUid)) {
    return (
      `${kind} ${metadata.namespace}/${metadata.name} is there already and does not belong to this Gateway, so it is ` +
      "left as it is: remove it, or give the Gateway another name"
    );
  }
  if (current.metadata.deletionTimestamp !== undefined) {
    return `${kind} ${metadata.namespace}/${metadata.name} is being deleted; it is made anew as soon as it is gone`;
  }
  return undefined;
}

/** Without force: an object that somebody else has made meanwhile is not ours to take. */
function create(client: KubeClient, wanted: FleetObject): Promise<KubeResult<RawObject>> {
  return patch(client, wanted, {});
}

async function change(client: KubeClient, wanted: FleetObject, current: RawObject): Promise<ApplyOutcome> {
  const first = await force(client, wanted, current);
  if (first.kind === "ok" || first.status !== 422) return outcomeOf(wanted, first, current);
  // Elements that others have put into lists of ours, such as a port of the same name, can make ours invalid.
  const stripped = await strip(client, wanted);
  if (stripped !== undefined) {
    const second = stripped.kind === "ok" ? await force(client, wanted, stripped.value) : stripped;
    if (second.kind === "ok" || second.status !== 422) return outcomeOf(wanted, second);
  }
  if (!harmlessToReplace.has(wanted.kind) || !/immutable/i.test(first.message)) return refused(wanted, first);
  const failure = await removeObject(client, wanted.kind, current);
  return failure === undefined ? outcomeOf(wanted, await create(client, wanted)) : refused(wanted, failure);
}

/** Nobody loses a connection or an address when one of these is gone for a moment. */
const harmlessToReplace: ReadonlySet<FleetObjectKind> = new Set([
  "ServiceAccount",
  "ConfigMap",
  "PodDisruptionBudget",
  "HorizontalPodAutoscaler",
]);

/** The uid makes sure that it is still the object that we looked at. */
function force(client: KubeClient, wanted: FleetObject, current: RawObject): Promise<KubeResult<RawObject>> {
  const { uid } = current.metadata;
  const metadata = { ...wanted.metadata, ...(uid !== undefined && { uid }) };
  return patch(client, { ...wanted, metadata }, { force: "true" });
}

/** Removes what others have put into lists of ours; undefined when there is nothing of that kind. */
async function strip(client: KubeClient, wanted: FleetObject): Promise<KubeResult<RawObject> | undefined> {
  // What was observed may be older than the object: its place in a list is only good for the version that was read.
  const current = await client.request<RawObject>({ method: "GET", path: pathOf(wanted) });
  if (current.kind === "failed") return current;
  const pointers = foreignElements({ spec: wanted["spec"] }, current.value);
  if (pointers.length === 0) return undefined;
  const test = { op: "test", path: "/metadata/resourceVersion", value: current.value.metadata.resourceVersion };
  return client.request<RawObject>({
    method: "PATCH",
    path: pathOf(wanted),
    query: { fieldManager },
    body: [test, ...pointers.map((path) => ({ op: "remove", path }))],
    contentType: patchTypes.json,
  });
}

/** The name under which the API server notes which fields are ours. */
export const fieldManager = "gatehouse";

function patch(
  client: KubeClient,
  wanted: FleetObject,
  query: Readonly<Record<string, string>>,
): Promise<KubeResult<RawObject>> {
  return client.request<RawObject>({
    method: "PATCH",
    path: pathOf(wanted),
    query: { fieldManager, ...query },
    body: wanted,
    contentType: patchTypes.apply,
  });
}

function pathOf({ kind, metadata: { namespace, name } }: FleetObject): string {
  return resourcePath(fleetObjectKinds[kind], { namespace, name });
}

function outcomeOf(wanted: FleetObject, result: KubeResult<RawObject>, before?: RawObject): ApplyOutcome {
  if (result.kind === "failed") return refused(wanted, result);
  const object = result.value;
  const isSame = before !== undefined && object.metadata.resourceVersion === before.metadata.resourceVersion;
  return { kind: isSame ? "unchanged" : "applied", object };
}

function refused({ kind, metadata }: FleetObject, failure: KubeFailure): ApplyOutcome {
  const message = `${kind} ${metadata.namespace}/${metadata.name} could not be applied: ${failure.message}${adviceOn(kind, failure)}`;
  const { retryAfterMs } = failure;
  return { kind: "refused", message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function adviceOn(kind: FleetObjectKind, { status }: KubeFailure): string {
  if (status !== 422 || harmlessToReplace.has(kind)) return "";
  return `. It keeps serving as it was; if the field cannot be changed, delete the ${kind} to have it made anew`;
}
