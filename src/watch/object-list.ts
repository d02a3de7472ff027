import type { RawObject } from "../core/kube-client.ts";

/** A page of a list, as the API server sends it. */
export interface ObjectList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly RawObject[];
}

/** Whether an answer is such a page, and each item an object with a name. */
export function isList(value: unknown): value is ObjectList {
  if (typeof value !== "object" || value === null || !("metadata" in value)) return false;
  const items = "items" in value ? (value.items ?? []) : [];
  return Array.isArray(items) && items.every((item: unknown) => isObject(item));
}

function isObject(item: unknown): boolean {
  if (typeof item !== "object" || item === null || !("metadata" in item)) return false;
  const { metadata } = item;
  return typeof metadata === "object" && metadata !== null && "name" in metadata && typeof metadata.name === "string";
}
