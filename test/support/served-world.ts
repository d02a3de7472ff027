import { Translator } from "../../src/app/translator.ts";
import type { Condition, StatusUpdate } from "../../src/core/conditions.ts";
import { type Kind, type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import { resourceTypes } from "../../src/core/xds-resource.ts";
import { proxyBootstrap } from "../../src/translate/envoy/bootstrap.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { ResourceTable } from "../../src/xds/resource-table.ts";
import { startTestServer, type TestServer } from "../xds/test-server.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "./envoy.ts";

/** One Gateway with everything around it, served by a real Envoy while a test changes it. */
export interface ServedWorld {
  /** What the proxy binds; ports from 1024 on are bound as they are written. */
  readonly address: string;
  readonly envoy: RunningEnvoy;
  /** Takes manifests over what is there, and waits until the proxy has acknowledged what follows from them. */
  apply(manifests: string): Promise<void>;
  remove(kind: Kind, name: NamespacedName): Promise<void>;
  /** `<type>=<status> <reason>` of each condition of an object, or of a listener that is written in it. */
  conditions(object: string, listener?: string): readonly string[];
  messages(object: string, listener?: string): string;
  stop(): Promise<void>;
}

export interface ServedWorldOptions {
  /** `infra/edge` unless told. */
  readonly gateway?: NamespacedName;
  /** A loopback address of its own unless told. */
  readonly address?: string;
  /** Another Envoy than the one that all tests run. */
  readonly binary?: string;
}

const controllerName = "gatehouse.dev/gateway-controller";

/** Starts a proxy that has nothing to serve yet. */
export async function startServedWorld({
  gateway = namespacedName("infra", "edge"),
  ...options
}: ServedWorldOptions = {}): Promise<ServedWorld> {
  const address = options.address ?? (await freeLoopbackAddress());
  const translator = new Translator({ controllerName, placement: { kind: "standalone", bindAddresses: [address] } });
  const table = new ResourceTable();
  table.addFleet(gateway);
  const statuses = new Map<string, StatusUpdate>();
  const server = await startTestServer({ table });
  const settle = async () => {
    const changes = translator.flush();
    for (const [key, status] of changes.statuses) if (status !== undefined) statuses.set(key, status);
    table.update(gateway, changes.resources.get(gateway) ?? []);
    table.markReady();
    await eventually(`${gateway} is acknowledged`, () => acknowledged(server, table, gateway));
    const words = [...server.state(gateway).refusals].map(([resource, text]) => `${resource}: ${text}`);
    if (words.length > 0) throw new Error(`a proxy of ${gateway} refused ${words.join("; ")}`);
  };
  const xds = { address: "127.0.0.1", port: server.port };
  const bootstrap = proxyBootstrap({ gateway, nodeId: "served", xds, adminAddress: "127.0.0.1", adminPort: 0 });
  const envoy = await startEnvoy({ bootstrap, ...(options.binary !== undefined && { binary: options.binary }) });
  return {
    address,
    envoy,
    apply: async (manifests) => {
      const { objects, problems } = readManifests([{ path: "world.yaml", text: manifests }]);
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
      for (const { kind, name, object } of objects) translator.set(kind, name, object);
      await settle();
    },
    remove: async (kind, name) => {
      translator.delete(kind, name);
      await settle();
    },
    conditions: (object, listener) =>
      conditionsOf(statuses, object, listener).map(({ type, status, reason }) => `${type}=${status} ${reason}`),
    messages: (object, listener) =>
      conditionsOf(statuses, object, listener)
        .map(({ message }) => message)
        .join("\n"),
    stop: async () => {
      await envoy.stop();
      await server.stop();
    },
  };
}

/** Whether the proxy has everything as it is now, and no listener besides. */
function acknowledged(server: TestServer, table: ResourceTable, gateway: NamespacedName): boolean {
  if (server.nacks.length > 0) return true;
  const [stream] = server.streams();
  if (stream?.firstConfigAcknowledged !== true) return false;
  const listeners = stream.types.find(({ type }) => type === "listener");
  if (listeners?.inFlight !== false || listeners.acknowledged !== table.entries(gateway, "listener").size) return false;
  return resourceTypes.every((type) =>
    [...table.entries(gateway, type)].every(
      ([name, { resource }]) => server.held(gateway, type, name)[0] === resource.version,
    ),
  );
}

function conditionsOf(
  statuses: ReadonlyMap<string, StatusUpdate>,
  object: string,
  listener: string | undefined,
): readonly Condition[] {
  const status = statuses.get(object);
  if (status?.kind === "Policy") return status.ancestors.flatMap(({ conditions }) => conditions);
  if (status?.kind !== "Gateway" && status?.kind !== "ListenerSet") return [];
  if (listener === undefined) return status.conditions;
  return status.listeners.find(({ name }) => name === listener)?.conditions ?? [];
}
