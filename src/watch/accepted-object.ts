import { hash } from "node:crypto";
import { type Kind, kindNames, type ObjectByKind } from "../core/keys.ts";
import type { RawObject } from "../core/kube-client.ts";
import { normalizeObject } from "./normalize.ts";
import { type Fault, shapeValidator, type Validator } from "./schema-validator.ts";
import { httpFiltersSchema } from "./schemas/http-filter.ts";
import { schemas } from "./schemas/schema-table.ts";
import { isMapping, type PlainMapping } from "./yaml-value.ts";

/** An object of the API server as the rest of the program sees it, or why it cannot be taken. */
export type AcceptedObject =
  | {
      readonly kind: "object";
      readonly object: ObjectByKind[Kind];
      /** The same for the same view: what changes a status only does not change it. */
      readonly digest: string;
    }
  | { readonly kind: "refused"; readonly faults: readonly Fault[] };

/**
 * Takes an object that an API server has accepted. Defaults that an older CRD did not know are filled in; of a newer CRD's
 * fields and values as much is taken as can be served. The object is changed.
 */
export function acceptObject(kind: Kind, raw: RawObject): AcceptedObject {
  const mapping = raw as unknown as PlainMapping; // JSON as it was parsed
  if (kind === "HTTPRoute") replaceUnknownFilters(mapping);
  const { apiVersion: _, kind: _kind, metadata, status: _status, ...body } = mapping;
  const faults = validators.get(kind)?.(body, { showValues: kind !== "Secret" }) ?? [];
  if (faults.length > 0) return { kind: "refused", faults };
  const object = normalizeObject<Kind>(kind, { ...body, metadata: metadata ?? {} });
  return { kind: "object", object, digest: hash("sha1", JSON.stringify(object), "base64") };
}

const validators: ReadonlyMap<Kind, Validator> = new Map(
  kindNames.map((kind) => [kind, shapeValidator(schemas[kind])]),
);
const knownFilters: ReadonlySet<unknown> = new Set(httpFiltersSchema.items.properties.type.enum);

/** A filter of a type that we do not know is one that is not supported: its rule answers 500, and its status says why. */
function replaceUnknownFilters(route: PlainMapping): void {
  const { spec } = route;
  for (const rule of entries(isMapping(spec) ? spec["rules"] : undefined)) {
    replaceIn(rule);
    for (const backendRef of entries(rule["backendRefs"])) replaceIn(backendRef);
  }
}

function replaceIn(owner: PlainMapping): void {
  const { filters } = owner;
  if (!Array.isArray(filters)) return;
  const replaced = filters.map((filter: unknown) => {
    const type = isMapping(filter) ? filter["type"] : undefined;
    if (typeof type !== "string" || knownFilters.has(type)) return filter;
    return { type: "ExtensionRef", extensionRef: { group: "gateway.networking.k8s.io", kind: type, name: "unknown" } };
  });
  Reflect.set(owner, "filters", replaced);
}

function entries(list: unknown): readonly PlainMapping[] {
  return Array.isArray(list) ? list.filter(isMapping) : [];
}
