import { type KindInfo, kinds } from "../core/keys.ts";
import {
  type KubeClient,
  type KubeRequest,
  type RawObject,
  type ResourceKind,
  resourcePath,
} from "../core/kube-client.ts";
import type { QuarantineChange, QuarantineStore } from "./quarantine-store.ts";

const { group, versions, plural }: KindInfo = kinds.Quarantine;
const resource: ResourceKind = { group, version: versions[0] ?? "v1alpha1", plural };

/** Keeps quarantines as objects of the cluster. They never change, and are named by what they say: replicas cannot differ. */
export class KubeQuarantineStore implements QuarantineStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async apply(change: QuarantineChange): Promise<string | undefined> {
    const result = await this.#client.request<RawObject>(requestOf(change));
    if (result.kind === "ok") return undefined;
    const isDone = change.kind === "create" ? result.status === 409 : result.status === 404;
    return isDone ? undefined : `${result.reason}: ${result.message}`;
  }
}

function requestOf(change: QuarantineChange): KubeRequest {
  if (change.kind === "delete") return { method: "DELETE", path: resourcePath(resource, { name: change.name }) };
  const { apiVersion, kind, metadata, spec } = change.quarantine;
  return {
    method: "POST",
    path: resourcePath(resource),
    body: { apiVersion, kind, metadata: { name: metadata.name }, spec },
  };
}
