import { hash } from "node:crypto";
import { type Kind, kindNames, type ObjectByKind } from "../core/keys.ts";
import type { RawObject } from "../core/kube-client.ts";
import { adaptRoute } from "./adapt-route.ts";
import { normalizeObject } from "./normalize.ts";
import { type Fault, shapeValidator, type Validator } from "./schema-validator.ts";
import { schemas } from "./schemas/schema-table.ts";
import type { PlainMapping } from "./yaml-value.ts";

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
  if (kind === "HTTPRoute" || kind === "GRPCRoute") adaptRoute(kind, mapping);
  // CRDs before v1.6 took one that says nothing: what it granted before must not stay.
  if (kind === "ReferenceGrant") Reflect.set(mapping, "spec", mapping["spec"] ?? { from: [], to: [] });
  const { apiVersion: _, kind: _kind, metadata, status: _status, ...body } = mapping;
  const faults = validators.get(kind)?.(body, { showValues: kind !== "Secret" }) ?? [];
  if (faults.length > 0) return { kind: "refused", faults };
  const object = normalizeObject<Kind>(kind, { ...body, metadata: metadata ?? {} });
  return { kind: "object", object, digest: hash("sha1", JSON.stringify(object), "base64") };
}

const validators: ReadonlyMap<Kind, Validator> = new Map(
  kindNames.map((kind) => [kind, shapeValidator(schemas[kind])]),
);
