import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fleetName, fleetSecretName } from "../core/fleet-names.ts";
import { type KubeClient, type RawObject, resourcePath } from "../core/kube-client.ts";

/** The files by which a proxy shows whose it is, by name. */
export type FleetCredentials =
  | { readonly kind: "found"; readonly files: ReadonlyMap<"tls.crt" | "tls.key" | "ca.crt", Buffer> }
  | { readonly kind: "missing"; readonly message: string };

/** Reads the certificate of a Gateway's proxies from its namespace, for proxies that the user runs. */
export async function readFleetCredentials(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<FleetCredentials> {
  const secrets = { group: "", version: "v1", plural: "secrets" };
  const path = resourcePath(secrets, { namespace, name: fleetSecretName });
  const answer = await client.request<RawObject>({ method: "GET", path });
  if (answer.kind === "failed") return { kind: "missing", message: answer.message };
  const data = answer.value["data"];
  // Kubernetes keeps a Secret's data as a mapping of base64 texts.
  const texts = typeof data === "object" && data !== null ? (data as Readonly<Record<string, unknown>>) : {};
  const sources = {
    "tls.crt": `${fleetName(name)}.crt`,
    "tls.key": `${fleetName(name)}.key`,
    "ca.crt": "ca.crt",
  } as const;
  const files = new Map<"tls.crt" | "tls.key" | "ca.crt", Buffer>();
  for (const file of ["tls.crt", "tls.key", "ca.crt"] as const) {
    const text = texts[sources[file]];
    if (typeof text !== "string") {
      const message = `the Secret ${namespace}/${fleetSecretName} has no ${sources[file]}: is there a Gateway ${name} of ours?`;
      return { kind: "missing", message };
    }
    files.set(file, Buffer.from(text, "base64"));
  }
  return { kind: "found", files };
}

/** Writes them into a folder, each moved into place, because Envoy reads a file as soon as it appears. */
export async function writeFleetCredentials(
  directory: string,
  files: ReadonlyMap<string, Buffer>,
): Promise<string | undefined> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const [name, content] of files) {
      await writeFile(join(directory, `.${name}.new`), content, { mode: 0o600 });
      await rename(join(directory, `.${name}.new`), join(directory, name));
    }
    return undefined;
  } catch (error) {
    return `cannot write into ${directory}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
