import { Graph } from "../../src/collection/graph.ts";
import type { DataPlaneState, TableMode } from "../../src/core/data-plane.ts";
import type { ClusterFacts, FleetState } from "../../src/core/fleet.ts";
import { kindNames, type ObjectByKind } from "../../src/core/keys.ts";
import type { Holding } from "../../src/core/ownership.ts";
import { resourceTypes } from "../../src/core/xds-resource.ts";
import type { DelayedChange } from "../../src/translate/budget/delayed-change.ts";
import { createPipeline, type Pipeline, type TranslatedKind } from "../../src/translate/pipeline.ts";
import type { Placement } from "../../src/translate/placement.ts";

const translatedKinds = kindNames.filter((kind): kind is TranslatedKind => kind !== "HostnameRecord");

/** Everything that goes into a translation, by its own key. */
export interface Inputs {
  readonly objects: { readonly [K in TranslatedKind]: Map<string, ObjectByKind[K]> };
  readonly holdings: Map<string, Holding>;
  readonly dataPlane: Map<string, DataPlaneState>;
  readonly tableModes: Map<string, TableMode>;
  readonly fleets: Map<string, FleetState>;
  readonly cluster: Map<string, ClusterFacts>;
  readonly delayed: Map<string, DelayedChange>;
}

/** One input that is set, or (without `value`) taken away. */
export type Edit =
  | {
      [K in TranslatedKind]: { readonly of: K; readonly key: string; readonly value: ObjectByKind[K] | undefined };
    }[TranslatedKind]
  | { readonly of: "holdings"; readonly key: string; readonly value: Holding | undefined }
  | { readonly of: "dataPlane"; readonly key: string; readonly value: DataPlaneState | undefined }
  | { readonly of: "tableModes"; readonly key: string; readonly value: TableMode | undefined }
  | { readonly of: "fleets"; readonly key: string; readonly value: FleetState | undefined }
  | { readonly of: "cluster"; readonly key: string; readonly value: ClusterFacts | undefined }
  | { readonly of: "delayed"; readonly key: string; readonly value: DelayedChange | undefined };

/** A translation that edits are made in. */
export interface World {
  readonly graph: Graph;
  readonly pipeline: Pipeline;
  apply(edits: readonly Edit[]): void;
}

/** Holds what is claimed and not held yet, as a keeper of claims does, until nothing is. */
export function holdClaims({ graph, pipeline }: World): void {
  for (;;) {
    const open = [...pipeline.outputs.claims.entries()].filter(([key]) => pipeline.holdings.get(key) === undefined);
    if (open.length === 0) return;
    for (const [, { candidates, ...want }] of open) {
      const [first] = candidates;
      if (first === undefined) throw new Error(`nobody wants ${want.key}`);
      const { createdAt, ...candidate } = first;
      pipeline.holdings.set(want.key, { ...want, ...candidate, since: createdAt });
    }
    graph.flush();
  }
}

/** An empty translation. */
export function createWorld(kind: Placement["kind"] = "standalone"): World {
  const graph = new Graph();
  const placement = { kind, bindAddresses: ["127.0.0.1"] };
  const pipeline = createPipeline(graph, { controllerName: "example.com/gatehouse", placement });
  return {
    graph,
    pipeline,
    apply: (edits) => {
      for (const edit of edits) put(sourceOf(pipeline, edit.of), edit);
    },
  };
}

/** No input at all. */
export function noInputs(): Inputs {
  return {
    objects: {
      GatewayClass: new Map(),
      Gateway: new Map(),
      ListenerSet: new Map(),
      HTTPRoute: new Map(),
      GRPCRoute: new Map(),
      TLSRoute: new Map(),
      TCPRoute: new Map(),
      UDPRoute: new Map(),
      BackendTLSPolicy: new Map(),
      ReferenceGrant: new Map(),
      Service: new Map(),
      EndpointSlice: new Map(),
      Secret: new Map(),
      ConfigMap: new Map(),
      Namespace: new Map(),
      GatewayParameters: new Map(),
      HostnameClaim: new Map(),
      NamespaceBudget: new Map(),
      Quarantine: new Map(),
    },
    holdings: new Map(),
    dataPlane: new Map(),
    tableModes: new Map(),
    fleets: new Map(),
    cluster: new Map(),
    delayed: new Map(),
  };
}

/** Keeps books of what an edit does, so that the same can be translated from scratch. */
export function record(inputs: Inputs, { of, key, value }: Edit): void {
  const map: Map<string, unknown> = isKind(of) ? inputs.objects[of] : inputs[of];
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** The edits that make all inputs, in any order. */
export function editsOf(inputs: Inputs): readonly Edit[] {
  const objects = translatedKinds.flatMap((kind) =>
    [...inputs.objects[kind]].map(([key, value]) => edit(kind, key, value)),
  );
  const states = [...inputs.dataPlane].map(([key, value]) => edit("dataPlane", key, value));
  const modes = [...inputs.tableModes].map(([key, value]) => edit("tableModes", key, value));
  const fleets = [...inputs.fleets].map(([key, value]) => edit("fleets", key, value));
  const facts = [...inputs.cluster].map(([key, value]) => edit("cluster", key, value));
  const holdings = [...inputs.holdings].map(([key, value]) => edit("holdings", key, value));
  const delayed = [...inputs.delayed].map(([key, value]) => edit("delayed", key, value));
  return [...objects, ...delayed, ...holdings, ...states, ...modes, ...fleets, ...facts];
}

/**
 * Everything that comes out of a translation as text: two are equal exactly when every byte of every resource is. Statuses
 * have no bytes yet; the order of a record's keys is not part of them.
 */
export function outcome({ pipeline, graph }: World): readonly string[] {
  const { resources, fleets, fleetSpecs, classUse, tableModes, claims, statuses } = pipeline.outputs;
  const lines = [
    ...resourceTypes.flatMap((type) =>
      resources[type].flatMap((collection) =>
        [...collection.entries()].map(
          ([key, { name, version, bytes }]) =>
            `${type} ${key} ${name} ${version} ${Buffer.from(bytes).toString("hex")}`,
        ),
      ),
    ),
    ...[...fleets.entries()].map(([key]) => `fleet ${key}`),
    ...[...fleetSpecs.entries()].map(([key, spec]) => `fleet spec ${key} ${canonicalText(spec)}`),
    ...[...classUse.entries()].map(([key, used]) => `class ${key} is used ${used}`),
    ...[...claims.entries()].map(([key, want]) => `claim ${key} ${canonicalText(want)}`),
    ...[...tableModes.entries()].map(([key, mode]) => `mode ${key} ${mode}`),
    ...statuses.flatMap((collection) =>
      [...collection.entries()].map(([key, status]) => `status ${key} ${canonicalText(status)}`),
    ),
    ...[...graph.failures.values()].map(({ collection, key, error }) => `failure ${collection} ${key} ${error.stack}`),
  ];
  return lines.sort();
}

/** What only one of two outcomes has, each line with its side; short enough to be read. */
export function difference(left: readonly string[], right: readonly string[]): readonly string[] {
  const [inLeft, inRight] = [new Set(left), new Set(right)];
  return [
    ...left.filter((line) => !inRight.has(line)).map((line) => `- ${line.slice(0, 2000)}`),
    ...right.filter((line) => !inLeft.has(line)).map((line) => `+ ${line.slice(0, 2000)}`),
  ];
}

function canonicalText(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function edit(of: Edit["of"], key: string, value: unknown): Edit {
  return { of, key, value } as Edit; // taken from the map of that very kind
}

interface AnySource {
  set(key: string, value: unknown): void;
  delete(key: string): void;
}

/** An edit carries a value of its own kind. */
function sourceOf(pipeline: Pipeline, of: Edit["of"]): AnySource {
  return (isKind(of) ? pipeline.sources[of] : pipeline[of]) as AnySource;
}

function isKind(of: Edit["of"]): of is TranslatedKind {
  return translatedKinds.some((kind) => kind === of);
}

function put(source: AnySource, { key, value }: Edit): void {
  if (value === undefined) source.delete(key);
  else source.set(key, value);
}
