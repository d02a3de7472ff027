import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { RawObject } from "../../../src/core/kube-client.ts";
import type { BedApi } from "./api.ts";
import { goModuleFolder } from "./go-module.ts";
import { waitFor } from "./wait-for.ts";

/** Which of the Gateway API's CRDs to install. */
export interface CrdSelection {
  /** A release, such as `v1.7.0`. */
  readonly version: string;
  readonly channel: "standard" | "experimental";
}

/** Installs a release of the Gateway API's CRDs and waits until they are served. */
export async function installCrds(api: BedApi, selection: CrdSelection): Promise<void> {
  const objects = readCrds(selection);
  for (const object of objects) await api.apply(objectPath(object), object);
  for (const { kind, metadata } of objects) {
    if (kind === "CustomResourceDefinition")
      await waitFor(`the CRD ${metadata.name}`, () => isServed(api, metadata.name));
  }
}

/** Reads the manifests of a release out of its Go module; nothing of them is kept here. */
export function readCrds({ version, channel }: CrdSelection): readonly RawObject[] {
  const folder = join(goModuleFolder("sigs.k8s.io/gateway-api", version), "config/crd", channel);
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml");
  return files.sort().flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), "utf8"))
      .map((document) => document.toJS())
      .filter((object) => object !== null),
  );
}

interface Crd {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function isServed(api: BedApi, name: string): Promise<boolean> {
  const crd = await api.get<Crd>(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`);
  return crd.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") === true;
}

function objectPath({ apiVersion = "", kind = "", metadata }: RawObject): string {
  const plural = pluralOf.get(kind);
  if (plural === undefined) throw new Error(`bug: the bed does not know how to install a ${kind}`);
  return `/apis/${apiVersion}/${plural}/${metadata.name}`;
}

/** What the releases' folders hold, all of it without a namespace. */
const pluralOf = new Map([
  ["CustomResourceDefinition", "customresourcedefinitions"],
  ["ValidatingAdmissionPolicy", "validatingadmissionpolicies"],
  ["ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"],
]);
