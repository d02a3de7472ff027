/** A control plane in this process, from objects to the ADS port, that is told of one change at a time. */
import { type TranslationChanges, Translator } from "../../src/app/translator.ts";
import { LocalKeeper } from "../../src/claims/local-keeper.ts";
import type { StatusUpdate } from "../../src/core/conditions.ts";
import {
  type Kind,
  type NamespacedName,
  namespacedName,
  type ObjectByKind,
  type ObjectKey,
} from "../../src/core/keys.ts";
import { resourceTypes } from "../../src/core/xds-resource.ts";
import type { Placement } from "../../src/translate/placement.ts";
import { readObject } from "../../src/watch/manifest-object.ts";
import { type PlainValue, plainCopy } from "../../src/watch/yaml-value.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import type { TypeReport } from "../../src/xds/stream-report.ts";
import { startTestServer, type TestServer } from "../xds/test-server.ts";
import type { Manifest } from "./objects.ts";
import { attacker } from "./tenants.ts";

/** The Gateway whose proxies are looked at. */
export const edge: NamespacedName = namespacedName("infra", "edge");

/** One change of an object. A raw one was not read by anybody: it comes as it is written. */
export interface ObjectChange {
  readonly manifest: Manifest;
  readonly deleted?: true;
  readonly raw?: true;
}

/** What a change cost: CPU in milliseconds, and how often functions of the graph ran. */
export interface ChangeCost {
  readonly cpuMs: number;
  readonly transforms: number;
  /** How many resources of the shared Gateway's proxies are others than before. */
  readonly resources: number;
}

export interface HostileControlPlane {
  readonly server: TestServer;
  /** Desired statuses of all objects, by ObjectKey. */
  readonly statuses: ReadonlyMap<ObjectKey, StatusUpdate>;
  /** Takes changes at once; what the schemas refuse is refused at the door. */
  apply(changes: readonly ObjectChange[]): ChangeCost & { readonly refused: number };
  /** Whether every connected proxy has acknowledged everything. */
  isSettled(): boolean;
  /** The same without what is the attacker's alone. */
  isServed(): boolean;
  /** Transforms that threw: there is none. */
  failures(): readonly string[];
  stop(): Promise<void>;
}

/** Starts it with these objects, all of which have to be valid. */
export async function startHostileControlPlane(
  placement: Placement,
  world: readonly Manifest[],
): Promise<HostileControlPlane> {
  const keeper = new LocalKeeper({
    now: () => new Date("2026-03-01T00:00:00Z"),
    scheduler: { now: () => 0, after: () => () => {} },
    log: { error: () => {} },
    retentionMs: 3_600_000,
    changed: () => {},
  });
  const translator = new Translator({ controllerName: "gatehouse.dev/gateway-controller", placement }, keeper);
  const table = new ResourceTable();
  const statuses = new Map<ObjectKey, StatusUpdate>();
  const publish = (changes: TranslationChanges) => {
    for (const gateway of changes.fleetsAdded) table.addFleet(gateway);
    for (const [gateway, resources] of changes.resources) table.update(gateway, resources);
    for (const gateway of changes.fleetsRemoved) table.removeFleet(gateway);
    for (const [object, status] of changes.statuses) {
      if (status === undefined) statuses.delete(object);
      else statuses.set(object, status);
    }
  };
  keeper.sink(translator);
  for (const manifest of world) {
    if (!take(translator, { manifest })) throw new Error(`the world is not valid: ${JSON.stringify(manifest)}`);
    // One came after the other.
    publish(translator.flush());
  }
  table.markReady();
  const server = await startTestServer({ table });
  const holdsAll = (counts: (name: string) => boolean) =>
    server.streams().some(({ gateway }) => gateway === edge) &&
    resourceTypes.every((type) =>
      [...table.entries(edge, type)].every(
        ([name, { resource }]) =>
          !counts(name) || server.held(edge, type, name).every((version) => version === resource.version),
      ),
    );
  return {
    server,
    statuses,
    apply: (changes) => {
      const refused = changes.filter((change) => !take(translator, change)).length;
      const [cpu, transforms] = [process.cpuUsage(), runsOf(translator)];
      let resources = 0;
      do {
        const published = translator.flush();
        publish(published);
        resources += published.resources.get(edge)?.length ?? 0;
      } while (translator.graph.dirty);
      const { user, system } = process.cpuUsage(cpu);
      return { refused, cpuMs: (user + system) / 1000, transforms: runsOf(translator) - transforms, resources };
    },
    isSettled: () => {
      const isComplete = ({ type, inFlight, acknowledged }: TypeReport) =>
        !inFlight && acknowledged === table.entries(edge, type).size;
      return holdsAll(() => true) && server.streams().every(({ types }) => types.every(isComplete));
    },
    isServed: () => holdsAll((name) => !name.split("/").includes(attacker)),
    failures: () =>
      [...translator.graph.failures.values()].map(({ collection, key, error }) => `${collection} ${key}: ${error}`),
    stop: async () => {
      keeper.stop();
      await server.stop();
    },
  };
}

function runsOf({ graph }: Translator): number {
  return [...graph.runs.values()].reduce((sum, runs) => sum + runs, 0);
}

/** Hands a change to the translation; false when the reader does not let it in. */
function take(translator: Translator, { manifest, deleted, raw }: ObjectChange): boolean {
  if (raw === true || deleted === true) {
    const { name, namespace } = manifest.metadata as { readonly name: string; readonly namespace?: string };
    const kind = manifest.kind as Kind;
    const key = namespacedName(namespace, name);
    if (deleted === true) translator.delete(kind, key);
    // On purpose: what nobody has checked is put where only checked objects come.
    else translator.set(kind, key, manifest as unknown as ObjectByKind[Kind]);
    return true;
  }
  const read = readObject(plainCopy(manifest) as PlainValue);
  if (read.kind !== "object") return false;
  translator.set(read.entry.kind, read.entry.name, read.entry.object);
  return true;
}
