import type { RawObject } from "../../src/core/kube-client.ts";
import { applyFields, isJson, type Json, jsonPatch, mergePatch } from "./fake-api-fields.ts";
import {
  crdGroups,
  crdResources,
  type FakeResource,
  needsResourceVersion,
  type ParsedPath,
  parseResourcePath,
  resourceOf,
} from "./fake-api-resources.ts";
import type { LoggedRequest } from "./fake-api-server.ts";
import { type FakeApiStore, metadataOf, nameOf } from "./fake-api-store.ts";
import { selectionOf, type WatchOptions } from "./fake-api-watch.ts";

/** What the fake API server answers. */
export type FakeAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "watch"; readonly options: WatchOptions };

/** Looks at a write before it is done; what comes back refuses it. */
export type Admission = (write: {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly kind: string;
  readonly subresource: string | undefined;
  readonly object: RawObject;
  readonly old: RawObject | undefined;
}) => { readonly status: number; readonly reason: string; readonly message: string } | undefined;

/** What a request is answered from. */
export interface AnswerContext {
  readonly store: FakeApiStore;
  readonly query: URLSearchParams;
  readonly userAgent: string;
  readonly admit: Admission | undefined;
}

/** Answers one request as an API server would. */
export function answerRequest(request: LoggedRequest, context: AnswerContext): FakeAnswer {
  const path = parseResourcePath(request.path);
  if (path === undefined) return answerDiscovery(request.path, context.store);
  const resource = resourceOf(path);
  if (!isServed(resource, path.version, context.store))
    return failure(404, "NotFound", "the server could not find the requested resource");
  if (path.subresource !== undefined && path.subresource !== "status")
    return failure(404, "NotFound", "no such subresource");
  const call: Call = { request, context, path, resource, name: keyOf(path) };
  switch (request.method) {
    case "GET":
      return path.name === undefined ? listOrWatch(call) : get(call);
    case "POST":
      return create(call);
    case "PUT":
      return replace(call);
    case "PATCH":
      return patch(call);
    case "DELETE":
      return remove(call);
    default:
      return failure(405, "MethodNotAllowed", "no such method");
  }
}

interface Call {
  readonly request: LoggedRequest;
  readonly context: AnswerContext;
  readonly path: ParsedPath;
  readonly resource: FakeResource;
  readonly name: string;
}

function keyOf({ namespace, name = "" }: ParsedPath): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function failure(status: number, reason: string, message: string): FakeAnswer & { readonly kind: "answer" } {
  return {
    kind: "answer",
    status,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", reason, message, code: status },
  };
}

const crds = resourceOf({ group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" });

/** The versions in which a kind with a CustomResourceDefinition is served. */
function servedVersions({ plural, group }: FakeResource, store: FakeApiStore): readonly string[] {
  const spec = store.get(crds, `${plural}.${group}`)?.["spec"];
  const versions = isJson(spec) && Array.isArray(spec["versions"]) ? spec["versions"] : [];
  return versions.filter(isJson).map(({ name }) => String(name));
}

function isServed(resource: FakeResource, version: string, store: FakeApiStore): boolean {
  return !crdGroups.has(resource.group) || servedVersions(resource, store).includes(version);
}

function answerDiscovery(path: string, store: FakeApiStore): FakeAnswer {
  const [root, group, version] = path.split("/").slice(1);
  if (path === "/version")
    return { kind: "answer", status: 200, body: { major: "1", minor: "36", gitVersion: "v1.36.0" } };
  const ours = crdResources.filter((resource) => resource.group === group);
  const served = new Set(ours.flatMap((resource) => servedVersions(resource, store)));
  if (root !== "apis" || group === undefined || served.size === 0)
    return failure(404, "NotFound", "the server could not find the requested resource");
  const versions = [...served].map((each) => ({ groupVersion: `${group}/${each}`, version: each }));
  if (version === undefined) {
    return {
      kind: "answer",
      status: 200,
      body: { kind: "APIGroup", apiVersion: "v1", name: group, versions, preferredVersion: versions[0] },
    };
  }
  if (!served.has(version)) return failure(404, "NotFound", "the server could not find the requested resource");
  const resources = ours
    .filter((resource) => servedVersions(resource, store).includes(version))
    .map(({ plural, kind }) => ({
      name: plural,
      kind,
      namespaced: plural !== "gatewayclasses",
      verbs: ["get", "list", "watch"],
    }));
  return {
    kind: "answer",
    status: 200,
    body: { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/${version}`, resources },
  };
}

/** In the version that was asked for, or its metadata only. */
function shower({ request, path }: Call): (object: RawObject) => RawObject {
  if (request.accept.includes("as=PartialObjectMetadata")) {
    return ({ metadata }) => ({ kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata });
  }
  const apiVersion = path.group === "" ? path.version : `${path.group}/${path.version}`;
  return (object) => ({ ...object, apiVersion });
}

function get(call: Call): FakeAnswer {
  const found = call.context.store.get(call.resource, call.name);
  return found === undefined ? notFound(call) : { kind: "answer", status: 200, body: shower(call)(found) };
}

function notFound({ resource, path }: Call): FakeAnswer {
  return failure(404, "NotFound", `${resource.plural} "${path.name}" not found`);
}

function listOrWatch(call: Call): FakeAnswer {
  const { request, context, path, resource } = call;
  const { query, store } = context;
  const selects = selectionOf(query, path.namespace);
  const show = shower(call);
  if (!request.watch) return list(call, store.list(resource).filter(selects));
  const since = query.get("resourceVersion") ?? "";
  const initialEvents = query.get("sendInitialEvents") === "true";
  const options: WatchOptions = {
    resource,
    selects,
    show,
    since: since === "" || since === "0" ? (initialEvents ? "now" : "everything") : Number(since),
    bookmarks: query.get("allowWatchBookmarks") === "true",
    initialEvents,
    timeoutMs: Number(query.get("timeoutSeconds") ?? "1800") * 1000,
  };
  return { kind: "watch", options };
}

function list(call: Call, selected: readonly RawObject[]): FakeAnswer {
  const { query, store } = call.context;
  const token = readToken(query.get("continue"));
  if (token !== undefined && token.version < store.compacted)
    return failure(410, "Expired", "the continue token is too old");
  const rest =
    token === undefined ? selected : selected.filter(({ metadata }) => nameOf({ ...metadata }) > token.after);
  const limit = Number(query.get("limit") ?? "0") || rest.length;
  const items = rest.slice(0, limit);
  const version = token?.version ?? store.version;
  const last = items.at(-1);
  const more = rest.length > items.length && last !== undefined;
  const metadata = {
    resourceVersion: String(version),
    ...(more && {
      continue: writeToken(version, nameOf({ ...last.metadata })),
      remainingItemCount: rest.length - items.length,
    }),
  };
  const partial = call.request.accept.includes("as=PartialObjectMetadata");
  const kind = partial ? "PartialObjectMetadataList" : `${call.resource.kind}List`;
  const apiVersion = partial
    ? "meta.k8s.io/v1"
    : call.path.group === ""
      ? call.path.version
      : `${call.path.group}/${call.path.version}`;
  return { kind: "answer", status: 200, body: { kind, apiVersion, metadata, items: items.map(shower(call)) } };
}

interface Token {
  readonly version: number;
  readonly after: string;
}

function writeToken(version: number, after: string): string {
  return Buffer.from(`${version} ${after}`).toString("base64url");
}

function readToken(text: string | null): Token | undefined {
  if (text === null || text === "") return undefined;
  const [version, after = ""] = Buffer.from(text, "base64url").toString().split(" ");
  return { version: Number(version), after };
}

function create(call: Call): FakeAnswer {
  const { request, context, path, resource } = call;
  const { body } = request;
  if (!isJson(body) || path.name !== undefined) return failure(400, "BadRequest", "not an object");
  const given = metadataOf(body);
  const generated =
    typeof given["generateName"] === "string"
      ? `${given["generateName"]}${String(context.store.version).padStart(5, "0")}`
      : undefined;
  const name = given["name"] ?? generated;
  if (typeof name !== "string" || name === "") return failure(422, "Invalid", "metadata.name is required");
  const metadata = { ...given, name, ...(path.namespace !== undefined && { namespace: path.namespace }) };
  const { resourceVersion, uid, ...clean } = metadata as Json; // a JSON object
  if (resourceVersion !== undefined)
    return failure(422, "Invalid", "resourceVersion should not be set on objects to be created");
  if (context.store.get(resource, nameOf(metadata)) !== undefined) {
    return failure(409, "AlreadyExists", `${resource.plural} "${name}" already exists`);
  }
  return store(call, { wanted: { ...typed(body, resource), metadata: clean }, status: 201 });
}

function replace(call: Call): FakeAnswer {
  const { request, context, path, resource, name } = call;
  if (!isJson(request.body)) return failure(400, "BadRequest", "not an object");
  const old = context.store.get(resource, name);
  if (old === undefined) return notFound(call);
  const metadata = {
    ...metadataOf(request.body),
    name: path.name,
    ...(path.namespace !== undefined && { namespace: path.namespace }),
  };
  const stale = preconditions(metadata, old);
  if (stale !== undefined) return stale;
  if (metadataOf(request.body)["resourceVersion"] === undefined && needsResourceVersion(resource)) {
    return failure(422, "Invalid", "metadata.resourceVersion: must be specified for an update");
  }
  return store(call, { wanted: { ...typed(request.body, resource), metadata }, status: 200 });
}

function preconditions(metadata: Json, old: RawObject): FakeAnswer | undefined {
  const { uid, resourceVersion } = metadata;
  if (resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== old.metadata.resourceVersion) {
    return failure(
      409,
      "Conflict",
      "the object has been modified; please apply your changes to the latest version and try again",
    );
  }
  if (uid !== undefined && uid !== "" && uid !== old.metadata.uid)
    return failure(409, "Conflict", "Precondition failed: UID in precondition");
  return undefined;
}

function patch(call: Call): FakeAnswer {
  const { request, context, resource, name } = call;
  const type = request.contentType ?? "";
  if (type.startsWith("application/apply-patch+yaml")) return apply(call);
  const old = context.store.get(resource, name);
  if (old === undefined) return notFound(call);
  const patched = patchedObject(type, old as Json, request.body); // JSON, as everything in the store
  if (patched === "unsupported") return failure(415, "UnsupportedMediaType", `no patch of type ${type}`);
  if (!isJson(patched)) return failure(422, "Invalid", "the patch cannot be applied");
  return preconditions(metadataOf(patched), old) ?? store(call, { wanted: patched, status: 200 });
}

function patchedObject(type: string, old: Json, body: unknown): unknown {
  if (type.startsWith("application/merge-patch+json")) return mergePatch(old, body);
  if (type.startsWith("application/json-patch+json")) return Array.isArray(body) ? jsonPatch(old, body) : undefined;
  return "unsupported";
}

function apply(call: Call): FakeAnswer {
  const { request, context, path, resource, name } = call;
  const fieldManager = context.query.get("fieldManager");
  if (!isJson(request.body)) return failure(400, "BadRequest", "not an object");
  if (fieldManager === null) return failure(422, "Invalid", "fieldManager: is required for apply patch");
  if (request.body["kind"] === undefined || request.body["apiVersion"] === undefined)
    return failure(400, "BadRequest", "apiVersion and kind must be set");
  if (Array.isArray(metadataOf(request.body)["managedFields"]))
    return failure(400, "BadRequest", "metadata.managedFields must be nil");
  const old = context.store.get(resource, name);
  const stale = old === undefined ? undefined : preconditions(metadataOf(request.body), old);
  if (stale !== undefined) return stale;
  if (old === undefined && path.subresource !== undefined) return notFound(call);
  const metadata = { name: path.name, ...(path.namespace !== undefined && { namespace: path.namespace }) };
  const live = old === undefined ? { ...typed({}, resource), metadata } : (old as Json); // JSON, as everything in the store
  const half =
    path.subresource === undefined ? { ...request.body, status: undefined } : { status: request.body["status"] };
  const result = applyFields(live, JSON.parse(JSON.stringify(half)), {
    owners: context.store.owners(resource, name),
    manager: `${fieldManager}|Apply|${path.subresource ?? ""}`,
    force: context.query.get("force") === "true",
  });
  if (result.kind === "conflict") {
    const told = result.conflicts.map(({ field, manager }) => `conflict with "${manager.split("|")[0]}": ${field}`);
    return failure(409, "Conflict", `Apply failed with ${told.length} conflicts: ${told.join("; ")}`);
  }
  return store(call, { wanted: result.object, status: old === undefined ? 201 : 200, owners: result.owners });
}

function remove(call: Call): FakeAnswer {
  const { request, context, resource, name, path } = call;
  const old = context.store.get(resource, name);
  if (old === undefined || path.name === undefined) return notFound(call);
  const wanted = isJson(request.body) && isJson(request.body["preconditions"]) ? request.body["preconditions"] : {};
  const stale = preconditions(wanted, old);
  if (stale !== undefined) return stale;
  const refused = context.admit?.({
    operation: "DELETE",
    kind: resource.kind,
    subresource: undefined,
    object: old,
    old,
  });
  if (refused !== undefined) return failure(refused.status, refused.reason, refused.message);
  return { kind: "answer", status: 200, body: context.store.remove(resource, name) };
}

function typed(body: Json, { group, version, kind }: FakeResource): Json {
  return { ...body, apiVersion: group === "" ? version : `${group}/${version}`, kind };
}

function store(
  call: Call,
  {
    wanted,
    status,
    owners,
  }: { readonly wanted: Json; readonly status: number; readonly owners?: ReadonlyMap<string, ReadonlySet<string>> },
): FakeAnswer {
  const { context, resource, path } = call;
  const old = context.store.get(resource, nameOf(metadataOf(wanted)));
  const object = wanted as unknown as RawObject; // its metadata has a name
  const operation = old === undefined ? "CREATE" : "UPDATE";
  const refused = context.admit?.({ operation, kind: resource.kind, subresource: path.subresource, object, old });
  if (refused !== undefined) return failure(refused.status, refused.reason, refused.message);
  const manager = `${context.query.get("fieldManager") ?? context.userAgent}|Update|${path.subresource ?? ""}`;
  const { dryRun } = call.request.query;
  if (dryRun !== undefined) return { kind: "answer", status, body: object };
  const part = path.subresource === undefined ? "main" : "status";
  const written = context.store.write(resource, wanted, { manager, part, ...(owners && { owners }) });
  return { kind: "answer", status, body: shower(call)(written) };
}
