import { managedBy } from "../core/fleet-names.ts";
import {
  type KubeClient,
  type KubeFailure,
  type KubeResult,
  patchTypes,
  type RawObject,
  type ResourceKind,
  resourcePath,
} from "../core/kube-client.ts";
import { type DesiredSecret, holds, secretBody } from "./identity-secrets.ts";

/** Namespace and name of a Secret. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** The API server's Secrets as far as they have been read: each is read once, and again after somebody else changed it. */
export class SecretStore {
  readonly #kube: KubeClient;
  readonly #known = new Map<string, RawObject>();

  constructor(kube: KubeClient) {
    this.#kube = kube;
  }

  /** Takes what a watch tells, metadata at least; returns whether that is news. */
  observe(secret: SecretName, object: RawObject | undefined): boolean {
    const known = this.#known.get(keyOf(secret));
    if (known !== undefined && known.metadata.resourceVersion === object?.metadata.resourceVersion) return false;
    // A late event may tell of a Secret that was there before: what counts is what the next read tells.
    this.#known.delete(keyOf(secret));
    return true;
  }

  forgetAll(): void {
    this.#known.clear();
  }

  async load(secret: SecretName): Promise<KubeResult<RawObject | undefined>> {
    const known = this.#known.get(keyOf(secret));
    if (known !== undefined) return { kind: "ok", value: known };
    const result = await this.#kube.request<RawObject>({ method: "GET", path: pathOf(secret) });
    if (result.kind === "ok") this.#known.set(keyOf(secret), result.value);
    return result.kind === "failed" && result.status === 404 ? { kind: "ok", value: undefined } : result;
  }

  /** Writes a Secret unless it holds what it should already. */
  async apply(desired: DesiredSecret, stored: RawObject | undefined): Promise<KubeFailure | undefined> {
    if (holds(stored, desired)) return undefined;
    const result = await this.#kube.request<RawObject>({
      method: "PATCH",
      path: pathOf(desired),
      query: { fieldManager: managedBy, force: "true" },
      contentType: patchTypes.apply,
      body: secretBody(desired, stored?.metadata.resourceVersion),
    });
    if (result.kind === "ok") {
      this.#known.set(keyOf(desired), result.value);
      return undefined;
    }
    this.#known.delete(keyOf(desired));
    // A type of its own or `immutable` can be got rid of only with the Secret.
    if (result.status === 422 && stored !== undefined) await this.remove(desired, stored);
    return result;
  }

  /** Deletes a Secret as it was read; one that has changed since stays. */
  async remove(secret: SecretName, stored: RawObject): Promise<KubeFailure | undefined> {
    this.#known.delete(keyOf(secret));
    const { uid, resourceVersion } = stored.metadata;
    const result = await this.#kube.request<unknown>({
      method: "DELETE",
      path: pathOf(secret),
      body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid, resourceVersion } },
    });
    return result.kind === "failed" && result.status !== 404 ? result : undefined;
  }
}

const secrets: ResourceKind = { group: "", version: "v1", plural: "secrets" };

function pathOf({ namespace, name }: SecretName): string {
  return resourcePath(secrets, { namespace, name });
}

function keyOf({ namespace, name }: SecretName): string {
  return `${namespace}/${name}`;
}
