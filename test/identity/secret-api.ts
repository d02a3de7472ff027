import { parseNamespacedName } from "../../src/core/keys.ts";
import type { KubeClient, KubeFailure, KubeRequest, KubeResult, RawObject } from "../../src/core/kube-client.ts";

export type SecretObserver = (
  secret: { readonly namespace: string; readonly name: string },
  object: RawObject | undefined,
) => void;

/** The Secrets of an API server, as far as reading, server-side apply by one manager, and deletion go. */
export class SecretApi implements KubeClient {
  readonly requests: string[] = [];
  /** Answers a request in place of the server. */
  intercept: ((request: KubeRequest) => KubeFailure | undefined) | undefined;
  readonly #secrets = new Map<string, RawObject>();
  readonly #observers: SecretObserver[] = [];
  #version = 0;

  /** Watches Secrets: their metadata only, as most are watched. */
  watch(observer: SecretObserver): void {
    this.#observers.push(observer);
    for (const key of this.#secrets.keys()) this.#tell(key, observer);
  }

  get(key: string): RawObject | undefined {
    return this.#secrets.get(key);
  }

  /** One entry of the data, decoded; empty when there is none. */
  text(key: string, entry: string): string {
    const data = this.#secrets.get(key)?.["data"] as Readonly<Record<string, string>> | undefined; // ours
    return Buffer.from(data?.[entry] ?? "", "base64").toString();
  }

  /** Writes entries of the data by hand. */
  edit(key: string, entries: Readonly<Record<string, string>>): void {
    const secret = this.#secrets.get(key);
    if (secret === undefined) throw new Error(`there is no Secret ${key}`);
    const encoded = Object.entries(entries).map(([name, text]) => [name, Buffer.from(text).toString("base64")]);
    this.put(key, { ...secret, data: { ...(secret["data"] as object), ...Object.fromEntries(encoded) } }); // ours
  }

  /** Writes a whole Secret, whoever it is. */
  put(key: string, secret: object): RawObject {
    const { namespace = "", name } = parseNamespacedName(key);
    this.#version += 1;
    const metadata = (secret as Partial<RawObject>).metadata; // the part that is completed
    const uid = this.#secrets.get(key)?.metadata.uid ?? `uid-${this.#version}`;
    const stored = { ...secret, metadata: { ...metadata, namespace, name, uid, resourceVersion: `${this.#version}` } };
    this.#secrets.set(key, stored);
    for (const observer of this.#observers) this.#tell(key, observer);
    return stored;
  }

  remove(key: string): void {
    this.#secrets.delete(key);
    for (const observer of this.#observers) this.#tell(key, observer);
  }

  async request<T>(request: KubeRequest): Promise<KubeResult<T>> {
    const [, namespace = "", name = ""] = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(request.path) ?? [];
    const key = `${namespace}/${name}`;
    this.requests.push(`${request.method} ${key}`);
    await Promise.resolve();
    const result = this.intercept?.(request) ?? this.#answer(key, request);
    return isFailure(result) ? result : { kind: "ok", value: result as T }; // a Secret, as was asked for
  }

  #answer(key: string, { method, body }: KubeRequest): RawObject | KubeFailure {
    const stored = this.#secrets.get(key);
    if (method === "PATCH") return this.#apply(key, stored, body as RawObject); // what the issuer applies
    if (stored === undefined) return failure(404, "NotFound");
    if (method === "DELETE") this.remove(key);
    return stored;
  }

  #apply(key: string, stored: RawObject | undefined, body: RawObject): RawObject | KubeFailure {
    const { resourceVersion } = body.metadata;
    if (resourceVersion !== undefined && resourceVersion !== stored?.metadata.resourceVersion) {
      return failure(409, "Conflict");
    }
    if (stored?.["type"] !== undefined && stored["type"] !== body["type"]) return failure(422, "Invalid");
    return this.put(key, body);
  }

  #tell(key: string, observer: SecretObserver): void {
    const { namespace = "", name } = parseNamespacedName(key);
    const secret = this.#secrets.get(key);
    observer({ namespace, name }, secret && { metadata: secret.metadata });
  }
}

function isFailure(result: RawObject | KubeFailure): result is KubeFailure {
  return result.kind === "failed";
}

/** What the API server says when it does not do it. */
export function failure(status: number, reason: string): KubeFailure {
  return { kind: "failed", status, reason, message: `the server says ${reason}` };
}
