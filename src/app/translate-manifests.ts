import type { StatusUpdate } from "../core/conditions.ts";
import type { NamespacedName } from "../core/keys.ts";
import { type ResourceType, resourceTypes } from "../core/xds-resource.ts";
import type { PipelineOptions } from "../translate/pipeline.ts";
import { type ManifestText, readManifests } from "../watch/manifests.ts";
import type { SourceProblem } from "../watch/object-source.ts";
import { decodeResource } from "./decode-resource.ts";
import { type ResourceChange, Translator } from "./translator.ts";

/** What manifests lead to, decoded for people. Secrets are taken out. */
export interface ManifestTranslation {
  readonly gateways: readonly GatewayTranslation[];
  readonly statuses: readonly StatusUpdate[];
  readonly problems: readonly SourceProblem[];
}

/** What the proxies of one Gateway get, in the order of sending, then of names. */
export interface GatewayTranslation {
  readonly gateway: NamespacedName;
  readonly resources: readonly { readonly type: ResourceType; readonly name: string; readonly resource: unknown }[];
}

/** Translates manifests once, without a server: the same files give the same answer, always. */
export function translateManifests(files: readonly ManifestText[], options: PipelineOptions): ManifestTranslation {
  const { objects, problems } = readManifests(files);
  const translator = new Translator(options);
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  const { statuses, resources } = translator.flush();
  const faults = [...translator.graph.failures.values()].map(({ collection, key, error }) => ({
    file: "gatehouse",
    object: key,
    message: `a fault in Gatehouse (${collection}): ${error.message}`,
  }));
  return {
    gateways: translator.gateways().map((gateway) => describeGateway(gateway, resources.get(gateway) ?? [])),
    statuses: [...statuses.values()]
      .filter((update) => update !== undefined)
      .sort((a, b) => compare(a.object, b.object)),
    problems: [...problems, ...faults],
  };
}

function describeGateway(gateway: NamespacedName, changes: readonly ResourceChange[]): GatewayTranslation {
  const found = changes.map(({ resource }) => resource).filter((resource) => resource !== undefined);
  const order = (type: ResourceType) => resourceTypes.indexOf(type);
  const resources = found
    .sort((a, b) => order(a.type) - order(b.type) || compare(a.name, b.name))
    .map((resource) => ({ type: resource.type, name: resource.name, resource: decodeResource(resource) }));
  return { gateway, resources };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
