import type { RawObject } from "../core/kube-client.ts";

/** The entries of a Secret, decoded to text. */
export type SecretData = ReadonlyMap<string, string>;

/** Reads the `data` of a Secret, whoever wrote it: what is no text in base64 is left out. */
export function readSecretData(secret: RawObject | undefined): SecretData {
  const data = secret?.["data"];
  if (typeof data !== "object" || data === null) return new Map();
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(data)) {
    if (typeof value === "string") entries.push([key, Buffer.from(value, "base64").toString()]);
  }
  return new Map(entries);
}

/** The `data` of a Secret, by key in ascending order. */
export function writeSecretData(data: SecretData): Readonly<Record<string, string>> {
  const entries = [...data].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
}
