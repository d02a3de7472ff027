/** `node scripts/crds.ts` writes the chart's CRDs from the schemas and rules by which Gatehouse reads manifests. */
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { gatehouseCrds } from "../src/watch/crd.ts";

/** The file of the chart that holds our CRDs. */
export const crdsFile = new URL("../deploy/helm/gatehouse/files/crds.yaml", import.meta.url);

/** The text of {@link crdsFile}. Uninstalling keeps the CRDs: with them would go every object of theirs. */
export function crdsYaml(): string {
  const documents = gatehouseCrds().map((crd) => {
    const { metadata, ...rest } = crd as { readonly metadata: object }; // every CRD is an object with metadata
    const kept = { ...metadata, annotations: { "helm.sh/resource-policy": "keep" } };
    const { apiVersion, kind, ...others }: Record<string, unknown> = rest;
    // Helm and kubectl read YAML 1.1, where a plain `Off` is no text.
    const options = { lineWidth: 120, aliasDuplicateObjects: false, version: "1.1" } as const;
    return stringify({ apiVersion, kind, metadata: kept, ...others }, options);
  });
  return ["# Made by `node scripts/crds.ts`; do not edit.\n", documents.join("---\n")].join("");
}

if (import.meta.main) writeFileSync(crdsFile, crdsYaml());
