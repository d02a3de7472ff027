/** One real proxy that is given one world after the other. */
import { namespacedName } from "../../src/core/keys.ts";
import { type ResourceType, resourceTypes, type XdsResource } from "../../src/core/xds-resource.ts";
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { type ResourceChange, ResourceTable } from "../../src/xds/resource-table.ts";
import { eventually, type RunningEnvoy, startEnvoy } from "../support/envoy.ts";
import { startTestServer } from "../xds/test-server.ts";

/** Everything that the proxies of one Gateway have, by type and name. */
export type Resources = ReadonlyMap<ResourceType, ReadonlyMap<string, XdsResource>>;

export interface LiveProxy {
  /** Has the proxy take these resources in place of those before. What it refuses, or waits for without end, is told. */
  push(resources: Resources): Promise<readonly string[]>;
  readonly envoy: RunningEnvoy;
  /** How many it has taken. */
  readonly pushes: number;
  stop(): Promise<void>;
}

const fleet = namespacedName("fuzz", "proxy");

/** Starts the Envoy that all tests run, or another one. */
export async function startLiveProxy(binary?: string): Promise<LiveProxy> {
  const table = new ResourceTable();
  table.addFleet(fleet);
  table.markReady();
  const server = await startTestServer({ table });
  const xds = { address: "127.0.0.1", port: server.port };
  const bootstrap = proxyBootstrap({ gateway: fleet, nodeId: "fuzz", xds, adminAddress: "127.0.0.1", adminPort: 0 });
  const envoy = await startEnvoy({ bootstrap, ...(binary !== undefined && { binary }) });
  await eventually("the proxy asks", () => server.streams().length > 0);
  let pushes = 0;
  const holdsAll = () =>
    resourceTypes.every((type) =>
      [...table.entries(fleet, type)].every(([name, { resource }]) => {
        const held = server.held(fleet, type, name);
        return held.length > 0 && held.every((version) => version === resource.version);
      }),
    );
  const refusals = () => [...server.state(fleet).refusals].map(([name, words]) => `${name} is refused: ${words}`);
  return {
    envoy,
    get pushes() {
      return pushes;
    },
    push: async (resources) => {
      const nacks = server.nacks.length;
      table.update(fleet, changesTo(table, resources));
      pushes += 1;
      const settled = () => server.nacks.length > nacks || holdsAll();
      const told = await eventually("the proxy has everything", settled, 15).then(
        () => [],
        () => [`never acknowledged: ${unheld(table, (type, name) => server.held(fleet, type, name)).join(", ")}`],
      );
      if (server.nacks.length > nacks) {
        const words = await eventually(
          "the words of the refusal",
          () => (refusals().length > 0 ? refusals() : undefined),
          5,
        ).catch(() => []);
        return [...server.nacks.slice(nacks).map((type) => `a ${type} was refused`), ...words];
      }
      if (told.length > 0) return told;
      const warming = () => envoy.stats("(total_listeners_warming|warming_clusters)$");
      return eventually(
        "nothing waits",
        async () => [...(await warming()).values()].every((count) => count === 0),
        10,
      ).then(
        () => [],
        async () => [`something waits without end: ${JSON.stringify([...(await warming())])}`],
      );
    },
    stop: async () => {
      await envoy.stop();
      await server.stop();
    },
  };
}

function changesTo(table: ResourceTable, resources: Resources): readonly ResourceChange[] {
  return resourceTypes.flatMap((type) => {
    const wanted = resources.get(type) ?? new Map<string, XdsResource>();
    const gone = [...table.entries(fleet, type).keys()].filter((name) => !wanted.has(name));
    return [
      ...[...wanted].map(([name, resource]) => ({ type, name, resource })),
      ...gone.map((name) => ({ type, name, resource: undefined })),
    ];
  });
}

type Held = (type: ResourceType, name: string) => readonly (string | undefined)[];

function unheld(table: ResourceTable, held: Held): readonly string[] {
  return resourceTypes.flatMap((type) =>
    [...table.entries(fleet, type)]
      .filter(([name, { resource }]) => held(type, name).some((version) => version !== resource.version))
      .map(([name]) => `${type} ${name}`),
  );
}
