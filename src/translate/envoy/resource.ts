import { createHash } from "node:crypto";
import type { ResourceType, XdsResource } from "../../core/xds-resource.ts";

/** Makes the resource that all streams share from an encoded message: its version follows from its bytes alone. */
export function xdsResource(type: ResourceType, name: string, bytes: Uint8Array): XdsResource {
  return { type, name, version: contentVersion([bytes]), bytes };
}

/** The first 16 hex digits of a SHA-256 over the parts, one after another. */
export function contentVersion(parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 16);
}
