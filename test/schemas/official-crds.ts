import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** The release of the Gateway API that our schemas follow. */
export const gatewayApiVersion = "v1.7.0";

/** Which of the two sets of CRDs of a release: the experimental one has more kinds and fields. */
export type Channel = "standard" | "experimental";

/** One served version of one official CRD. */
export interface OfficialSchema {
  readonly kind: string;
  readonly version: string;
  readonly scope: string;
  readonly schema: Record<string, unknown>;
}

export type OfficialSchemas =
  | { readonly kind: "read"; readonly schemas: readonly OfficialSchema[]; readonly module: string }
  | { readonly kind: "missing"; readonly reason: string; readonly goIsThere: boolean };

/** Reads the official CRDs from their Go module, which Go downloads where it has not done so before. */
export function readOfficialSchemas(channel: Channel = "standard", version = gatewayApiVersion): OfficialSchemas {
  if (spawnSync("go", ["version"]).error !== undefined) {
    return { kind: "missing", reason: "Go is not installed", goIsThere: false };
  }
  const download = downloadModule(version);
  if ("reason" in download) return { kind: "missing", reason: download.reason, goIsThere: true };
  const folder = join(download.folder, "config/crd", channel);
  const files = readdirSync(folder).sort();
  return { kind: "read", schemas: files.flatMap((file) => schemasOf(join(folder, file))), module: download.folder };
}

function downloadModule(version: string): { readonly folder: string } | { readonly reason: string } {
  const work = mkdtempSync(join(tmpdir(), "gatehouse-crds-"));
  try {
    writeFileSync(join(work, "go.mod"), "module crds\n\ngo 1.24\n");
    const output = execFileSync("go", ["mod", "download", "-json", `sigs.k8s.io/gateway-api@${version}`], {
      cwd: work,
      env: { ...process.env, GOTOOLCHAIN: "go1.27.0", GOFLAGS: "-mod=mod" },
      timeout: 120_000,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { folder: JSON.parse(output).Dir };
  } catch (error) {
    const [reason = ""] = error instanceof Error ? error.message.split("\n") : [String(error)];
    return { reason: `their module could not be downloaded (${reason})` };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function schemasOf(path: string): readonly OfficialSchema[] {
  return parseAllDocuments(readFileSync(path, "utf8")).flatMap((document) => {
    const crd = document.toJS();
    if (crd?.kind !== "CustomResourceDefinition") return [];
    return crd.spec.versions
      .filter((version: { served: boolean }) => version.served)
      .map((version: { name: string; schema: { openAPIV3Schema: Record<string, unknown> } }) => ({
        kind: crd.spec.names.kind,
        version: version.name,
        scope: crd.spec.scope,
        schema: version.schema.openAPIV3Schema,
      }));
  });
}
