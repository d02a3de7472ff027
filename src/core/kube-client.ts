/**
 * The Kubernetes API as the parts of Gatehouse that write to it see it. `src/watch/kube-api.ts` is the one implementation;
 * who calls the API is handed a client by the wiring.
 */

/** One request. Paths start with `/api` or `/apis`; every part of them that a user chose is escaped by {@link resourcePath}. */
export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` unless told: patches name theirs, see {@link patchTypes}. */
  readonly contentType?: string;
  /** What is sent back: JSON unless told; logs are text, whatever it looks like. */
  readonly answer?: "json" | "text";
  /** Ends the request with a failure of status 0; 30 s unless told. */
  readonly timeoutMs?: number;
}

/** What came back. Nothing is ever thrown for what the API server or the network does. */
export type KubeResult<T> = { readonly kind: "ok"; readonly value: T } | KubeFailure;

export interface KubeFailure {
  readonly kind: "failed";
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The machine-readable reason of the Status object, such as `AlreadyExists`; `NoAnswer` when no answer came. */
  readonly reason: string;
  /** For people. Holds no credentials. */
  readonly message: string;
  /** How long the server asked us to stay away. */
  readonly retryAfterMs?: number;
}

export interface KubeClient {
  /** Sends one request and reads its whole answer. The value is what the server sent: callers check what they read. */
  request<T>(request: KubeRequest): Promise<KubeResult<T>>;
}

/** Content types of patches. */
export const patchTypes = {
  apply: "application/apply-patch+yaml",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
} as const;

/** Group, version and plural of a kind. */
export interface ResourceKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** The path of a collection, or with a name of one object, or with a subresource such as `status` of that. */
export function resourcePath(
  { group, version, plural }: ResourceKind,
  {
    namespace,
    name,
    subresource,
  }: { readonly namespace?: string; readonly name?: string; readonly subresource?: string } = {},
): string {
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const inNamespace = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  const ofObject = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  const sub = subresource === undefined ? "" : `/${subresource}`;
  return `${base}${inNamespace}/${plural}${ofObject}${sub}`;
}

/** An object of any kind as the API server sends it; fields beyond these are there, but unchecked. */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly OwnerReference[];
  };
  readonly [field: string]: unknown;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}
