import type { KubeClient, KubeRequest, KubeResult, RawObject } from "../core/kube-client.ts";
import type { ObjectStatus } from "../core/object-status.ts";
import type { StoredObject } from "../core/stored-object.ts";

/** Sends a request whose answer is one object; an answer that is none is a failure like any other. */
export async function requestObject(client: KubeClient, request: KubeRequest): Promise<KubeResult<RawObject>> {
  const result = await client.request<unknown>(request);
  if (result.kind === "failed") return result;
  const { value } = result;
  if (isObject(value) && isObject(value["metadata"])) return { kind: "ok", value: value as unknown as RawObject }; // checked
  return { kind: "failed", status: 0, reason: "NoAnswer", message: "the answer is no object" };
}

/** What a writer of statuses needs of an object that the API server sent. */
export function readStored({ metadata, ...raw }: RawObject): StoredObject {
  return {
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    generation: metadata.generation ?? 0,
    // Of the schema that the API server checks statuses by.
    status: isObject(raw["status"]) ? (raw["status"] as ObjectStatus) : {},
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
