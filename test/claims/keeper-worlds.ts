import { type FakeApiServer, type FakeApiServerOptions, startFakeApiServer } from "../support/fake-api-server.ts";
import { KeeperWorld } from "./claims-world.ts";

const servers: FakeApiServer[] = [];
const worlds: KeeperWorld[] = [];

/** Starts an API server that ends with {@link stopWorlds}. */
export async function createServer(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const server = await startFakeApiServer(options);
  servers.push(server);
  return server;
}

/** Makes a replica that keeps claims with a server; its keeper ends with {@link stopWorlds}. */
export function replica(
  server: FakeApiServer,
  ...options: readonly ConstructorParameters<typeof KeeperWorld>[1][]
): KeeperWorld {
  const world = new KeeperWorld(server, ...options);
  worlds.push(world);
  return world;
}

/** Ends what a test has made. */
export async function stopWorlds(): Promise<void> {
  for (const world of worlds.splice(0)) await world.keeper.stop();
  for (const server of servers.splice(0)) await server.stop();
}
