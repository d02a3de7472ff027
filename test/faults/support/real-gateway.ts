import { proxyBootstrap } from "../../../src/app.ts";
import { namespacedName } from "../../../src/core/keys.ts";
import { freeLoopbackAddress, type RunningEnvoy, startEnvoy } from "../../support/envoy.ts";
import { type Backends, startBackends } from "./backends.ts";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts";
import { createManifests, type Manifests } from "./manifests.ts";

/** A folder of manifests, the control plane that serves it, a real Envoy, and backends behind it. */
export interface RealGateway {
  readonly manifests: Manifests;
  readonly backends: Backends;
  readonly envoy: RunningEnvoy;
  /** Where Envoy listens. */
  readonly address: string;
  /** The one that runs now. */
  controlPlane: ControlPlane;
  /** Ends the control plane as a machine that is gone would, and starts another one when told to. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Requests with response flags or another status than 200 in the access log, as `404 host` or `NR host`. */
  readonly oddities: ReadonlyMap<string, number>;
  end(): Promise<void>;
}

/** Starts all of it: `prepare` writes the first manifests. */
export async function startRealGateway(
  backendCount: number,
  prepare: (manifests: Manifests, backends: Backends) => Promise<void>,
): Promise<RealGateway> {
  const ends: (() => Promise<void>)[] = [];
  try {
    const manifests = await createManifests();
    ends.push(() => manifests.end());
    const backends = await startBackends(backendCount);
    ends.push(() => backends.stop());
    await prepare(manifests, backends);
    const address = await freeLoopbackAddress();
    const xds = { address: await freeLoopbackAddress(), port: 18_000 };
    const options: ControlPlaneOptions = { manifests: manifests.path, bindAddress: address, xds };
    const gateway = { controlPlane: await startControlPlane(options) };
    ends.push(() => gateway.controlPlane.stop());
    const oddities = new Map<string, number>();
    const envoy = await startEnvoy({
      bootstrap: proxyBootstrap({
        ...{
          gateway: namespacedName("infra", "shared"),
          nodeId: "proxy",
          adminAddress: "127.0.0.1",
          adminPort: 0,
          xds,
        },
      }),
      onAccessLog: (line) => countOddities(line, oddities),
    });
    ends.push(() => envoy.stop());
    return Object.assign(gateway, {
      manifests,
      backends,
      envoy,
      address,
      oddities,
      kill: () => gateway.controlPlane.stop("SIGKILL"),
      restart: async () => {
        gateway.controlPlane = await startControlPlane(options);
      },
      end: () => endAll(ends),
    });
  } catch (error) {
    await endAll(ends);
    throw error;
  }
}

async function endAll(ends: (() => Promise<void>)[]): Promise<void> {
  for (const end of ends.reverse()) await end();
}

/** Looks at each line only as far as it must: there are hundreds in a second. */
function countOddities(line: string, oddities: Map<string, number>): void {
  const flags = /"flags":"([^"]*)"/.exec(line)?.[1] ?? "-";
  const status = /"status":(\d+)/.exec(line)?.[1] ?? "none";
  if (flags === "-" && status === "200") return;
  const host = /"authority":"([^"]*)"/.exec(line)?.[1] ?? "";
  for (const oddity of [...(flags === "-" ? [] : flags.split(",")), ...(status === "200" ? [] : [status])]) {
    const key = `${oddity} ${host}`;
    oddities.set(key, (oddities.get(key) ?? 0) + 1);
  }
}
