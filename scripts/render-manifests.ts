/** `node scripts/render-manifests.ts` writes deploy/kubernetes/install.yaml: what the chart renders to by default. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments, stringify } from "yaml";

/** The folder of the chart. */
export const chartFolder = fileURLToPath(new URL("../deploy/helm/gatehouse", import.meta.url));

/** The plain manifests. */
export const installFile = fileURLToPath(new URL("../deploy/kubernetes/install.yaml", import.meta.url));

/** The namespace that the plain manifests are for. */
export const installNamespace = "gatehouse-system";

/** The text of {@link installFile}, made by a `helm` program. */
export function renderManifests(helm: string): string {
  const flags = ["--namespace", installNamespace];
  const rendered = execFileSync(helm, ["template", "gatehouse", chartFolder, ...flags], { encoding: "utf8" });
  const objects = parseAllDocuments(rendered)
    .map((document): unknown => document.toJS())
    .filter((object) => object !== null)
    .map((object) => withoutHelm(object as Manifest)) // Helm has parsed it as an object
    .toSorted((a, b) => rank(a) - rank(b) || compare(a.kind, b.kind) || compare(a.metadata.name, b.metadata.name));
  // kubectl reads YAML 1.1, where a plain `Off` is no text.
  const options = { lineWidth: 0, aliasDuplicateObjects: false, version: "1.1" } as const;
  const documents = [namespaceObject, ...objects].map((object) => stringify(object, options));
  return `${[...header, `# ${hashMark}${chartHash()}`].join("\n")}\n${documents.join("---\n")}`;
}

/** Stands before the hash of the chart in {@link installFile}. */
export const hashMark = "chart: sha256 ";

/** Changes with every file of the chart that can change what it renders to. */
export function chartHash(): string {
  const files = readdirSync(chartFolder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(yaml|tpl|json)$/.test(path) && path !== "values.schema.json")
    .toSorted();
  const hash = createHash("sha256");
  for (const path of files)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(chartFolder, path)))
      .update("\0");
  return hash.digest("hex");
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

// What others need comes first. Helm 3 and 4 have orders of their own.
const kindsFirst = ["CustomResourceDefinition", "ServiceAccount"];

function rank({ kind }: Manifest): number {
  const place = kindsFirst.indexOf(kind);
  return place === -1 ? kindsFirst.length : place;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

const header = [
  "# Gatehouse without Helm: the chart with its defaults, by `node scripts/render-manifests.ts`; do not edit.",
  "# The CRDs of Gateway API come first, see docs/install.md. Then:",
  "#   kubectl apply --server-side -f install.yaml",
];

const namespaceObject = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: installNamespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
};

/** Takes out what only Helm reads, here and in the template of pods. */
function withoutHelm<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutHelm) as T; // the same shape again
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, child]) => !isOfHelm(key, child))
    .map(([key, child]) => [key, withoutHelm(child)]);
  return Object.fromEntries(entries.filter(([key, child]) => key !== "annotations" || Object.keys(child).length > 0));
}

function isOfHelm(key: string, value: unknown): boolean {
  if (key.startsWith("helm.sh/") || key === "app.kubernetes.io/instance") return true;
  return key === "app.kubernetes.io/managed-by" && value === "Helm";
}

/** The program that `make cluster` builds, or any that is on the search path. */
function findHelm(): string {
  const built = fileURLToPath(new URL("../.tools/bed/bin/helm", import.meta.url));
  return process.env["HELM"] ?? (existsSync(built) ? built : "helm");
}

if (import.meta.main) writeFileSync(installFile, renderManifests(findHelm()));
