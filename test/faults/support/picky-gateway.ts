import { rm } from "node:fs/promises";
import { proxyBootstrap } from "../../../src/app.ts";
import { namespacedName } from "../../../src/core/keys.ts";
import { send } from "../../support/client.ts";
import { freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../../support/envoy.ts";
import { type Backends, startBackends } from "./backends.ts";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
import {
  createManifests,
  gatewayOf,
  type Manifest,
  type Manifests,
  namespace,
  platform,
  service,
} from "./manifests.ts";

/**
 * A control plane with a state file and an Envoy that refuses what it should not: regular expressions beyond 60 instructions,
 * every retry (its extension is switched off), and header values of 16 KiB and short keys, which this control plane lets through.
 */
export interface PickyGateway {
  readonly manifests: Manifests;
  readonly address: string;
  controlPlane: ControlPlane;
  /** None before the first {@link startEnvoy}. */
  envoy: RunningEnvoy | undefined;
  /** Starts another Envoy with the same name, after the former has ended. */
  startEnvoy(): Promise<void>;
  /** Starts another control plane with the same state, after the former has ended. */
  startControlPlane(): Promise<void>;
  /** The status of an answer. */
  ask(host: string, path: string): Promise<number>;
  /** The platform's objects and the Service, with further listeners. */
  foundation(...listeners: readonly object[]): readonly Manifest[];
  /** A page of the debug endpoint. */
  debug(path: string): Promise<Record<string, unknown>>;
  end(): Promise<void>;
}

export const largestRegex = 60;

/** Starts all of it with one Service, `web`, and the routes that `prepare` writes. */
export async function startPickyGateway(prepare: (manifests: Manifests) => Promise<void>): Promise<PickyGateway> {
  const manifests = await createManifests();
  const state = `${manifests.path}.state`;
  const backends: Backends = await startBackends(1);
  const withListeners = (...listeners: readonly object[]) => foundation(backends, listeners);
  await manifests.write("platform.yaml", ...withListeners());
  await prepare(manifests);
  const address = await freeLoopbackAddress();
  const xds = { address: await freeLoopbackAddress(), port: 18_000 };
  const preload = new URL("./past-our-checks.ts", import.meta.url);
  const options: ControlPlaneOptions = {
    ...{ manifests: manifests.path, bindAddress: address, xds, preload },
    arguments: ["--state", state],
  };
  const gateway: Pick<PickyGateway, "controlPlane" | "envoy"> = {
    controlPlane: await startControlPlane(options),
    envoy: undefined,
  };
  return Object.assign(gateway, {
    ...{ manifests, address, foundation: withListeners },
    startEnvoy: async () => {
      gateway.envoy = await pickyEnvoy(xds);
    },
    startControlPlane: async () => {
      gateway.controlPlane = await startControlPlane(options);
    },
    ask: async (host: string, path: string) =>
      (await send({ address, port: 8080 }, { host, path, timeoutMs: 5_000 })).status,
    debug: async (path: string) =>
      (await (await fetch(`http://${gateway.controlPlane.debug}${path}`)).json()) as Record<string, unknown>,
    end: async () => {
      await gateway.envoy?.stop();
      await gateway.controlPlane.stop();
      await backends.stop();
      await manifests.end();
      await rm(state, { force: true });
    },
  });
}

function foundation({ addresses, port }: Backends, more: readonly object[]): readonly Manifest[] {
  const shared = gatewayOf("shared", { name: "http", port: 8080 });
  const spec = shared["spec"] as { readonly listeners: readonly object[] };
  return [
    ...platform("shared").filter(({ kind }) => kind !== "Gateway"),
    { ...shared, spec: { ...spec, listeners: [...spec.listeners, ...more] } },
    namespace("shop"),
    ...service("web", { addresses: [addresses[0] ?? ""], port }),
  ];
}

function pickyEnvoy(xds: ControlPlaneOptions["xds"]): Promise<RunningEnvoy> {
  const gateway = namespacedName("infra", "shared");
  const bootstrap = proxyBootstrap({ gateway, nodeId: "proxy", adminAddress: "127.0.0.1", adminPort: 0, xds });
  const layer = { name: "picky", static_layer: { "re2.max_program_size.error_level": largestRegex } };
  return startEnvoy({
    bootstrap: { ...bootstrap, layered_runtime: { layers: [layer] } },
    arguments: ["--disable-extensions", "envoy.retry_host_predicates/envoy.retry_host_predicates.previous_hosts"],
  });
}
