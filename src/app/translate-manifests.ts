import { InstantClaims } from "../claims/instant-claims.ts";
import type { StatusUpdate } from "../core/conditions.ts";
import type { ClusterFacts, FleetSpec, FleetState } from "../core/fleet.ts";
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
  /** How the proxies of each Gateway should be run, by name of the Gateway. */
  readonly fleets: readonly FleetSpec[];
  readonly problems: readonly SourceProblem[];
}

/** What the proxies of one Gateway get, in the order of sending, then of names. */
export interface GatewayTranslation {
  readonly gateway: NamespacedName;
  readonly resources: readonly { readonly type: ResourceType; readonly name: string; readonly resource: unknown }[];
}

/** What a cluster says besides its objects. */
export interface ClusterInputs {
  readonly facts?: ClusterFacts;
  readonly fleets?: ReadonlyMap<NamespacedName, FleetState>;
}

/** Translates manifests once, without a server: the same files give the same answer, always. */
export function translateManifests(
  files: readonly ManifestText[],
  options: PipelineOptions,
  { facts, fleets }: ClusterInputs = {},
): ManifestTranslation {
  const { objects, problems } = readManifests(files);
  const records = objects.map(({ object }) => object).filter((object) => object.kind === "HostnameRecord");
  const translator = new Translator(options, new InstantClaims(records));
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  for (const [gateway, state] of fleets ?? []) translator.setFleet(gateway, state);
  if (facts !== undefined) translator.setFacts(facts);
  const { statuses, resources, fleetSpecs } = translator.flush();
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
    fleets: [...fleetSpecs.values()].filter((spec) => spec !== undefined).sort((a, b) => compare(a.gateway, b.gateway)),
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
