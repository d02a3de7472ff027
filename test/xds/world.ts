import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import type { ResourceType, XdsResource } from "../../src/core/xds-resource.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import type { AdsServerOptions } from "../../src/xds/server.ts";
import { FakeEnvoy, type FakeEnvoyOptions, type Transport } from "./fake-envoy.ts";
import { resource } from "./resources.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

/** A served Gateway and the fake proxies that connect to it. */
export interface World {
  readonly table: ResourceTable;
  readonly gateway: NamespacedName;
  server: TestServer;
  set(...resources: readonly XdsResource[]): void;
  remove(type: ResourceType, ...names: readonly string[]): void;
  connect(options?: Partial<FakeEnvoyOptions>): FakeEnvoy;
  /** Waits until a client has got all that the server has for it. */
  flush(client: FakeEnvoy): Promise<void>;
  /** Stops the server and starts another on the same table. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorldOptions extends Partial<AdsServerOptions> {
  readonly transport: Transport;
  /** Whether the table is ready and the Gateway known from the start, as they are unless told otherwise. */
  readonly unready?: boolean;
  readonly unknown?: boolean;
}

/** Starts a server with one Gateway. */
export async function startWorld({ transport, unready, unknown, ...options }: WorldOptions): Promise<World> {
  const table = options.table ?? new ResourceTable();
  const gateway = namespacedName("infra", "gateway");
  if (unknown !== true) table.addFleet(gateway);
  if (unready !== true) table.markReady();
  const clients: FakeEnvoy[] = [];
  const set = (...resources: readonly XdsResource[]) => {
    table.update(
      gateway,
      resources.map((one) => ({ type: one.type, name: one.name, resource: one })),
    );
  };
  const world: World = {
    table,
    gateway,
    server: await startTestServer({ patienceMs: 50, ...options, table }),
    set,
    remove: (type, ...names) => {
      table.update(
        gateway,
        names.map((name) => ({ type, name, resource: undefined })),
      );
    },
    connect: (more) => {
      const client = new FakeEnvoy({ port: world.server.port, transport, cluster: gateway, ...more });
      clients.push(client);
      return client;
    },
    flush: (client) => client.flush((name) => set(resource("secret", name))),
    restart: async () => {
      await world.server.stop();
      world.server = await startTestServer({ patienceMs: 50, ...options, table });
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await world.server.stop();
    },
  };
  return world;
}
