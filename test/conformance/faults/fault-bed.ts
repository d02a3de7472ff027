import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CrdSelection } from "../bed/crds.ts";
import { bedNetwork } from "../bed/layout.ts";
import { type Bed, startBed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { ask, backendOf } from "../scenarios/ask.ts";
import { backend, restrictedNamespace } from "../scenarios/cluster-manifest.ts";
import { gatewayOf, routeTo } from "../scenarios/gateway-objects.ts";
import { conditionOf, readObject } from "../scenarios/gateway-status.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";

/** A bed of one test file's own. */
export interface FaultBed {
  readonly bed: Bed;
  /** Is removed in the end. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Brings a cluster up that has the CRDs of Gateway API and nothing else. */
export async function startFaultBed(
  crds: CrdSelection = { version: "v1.7.0", channel: "standard" },
): Promise<FaultBed> {
  const folder = mkdtempSync(join(tmpdir(), "bed-"));
  const bed = await startBed({ stateDirectory: join(folder, "state"), crds });
  const stop = async (): Promise<void> => {
    await bed.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { bed, folder, stop };
}

/** Values of the chart that give every Gateway so many proxies. */
export function fleetsOf(replicas: number): Readonly<Record<string, unknown>> {
  const parameters = { replicas, bounds: { addresses: [bedNetwork.loadBalancerPool] } };
  return { class: { name: gatehouse.gatewayClass, parameters } };
}

/** Creates a restricted namespace with the backend `echo` and, where Gateways are named, with them and a route from all. */
export async function createShop(bed: Bed, namespace: string, gateways: readonly string[] = []): Promise<void> {
  const objects = [restrictedNamespace(namespace), ...backend(namespace, "echo")];
  const own = gateways.map((name) => gatewayOf(namespace, name, gatehouse.gatewayClass));
  const routes = gateways.length === 0 ? [] : [routeTo(namespace, "echo", gateways)];
  await applyAll(bed, [...objects, ...own, ...routes]);
}

/** Applies objects with every right. */
export async function applyAll(bed: Bed, items: readonly object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const { code, stderr } = await bed.run(["kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-"], {
    input,
  });
  if (code !== 0) throw new Error(stderr);
}

/** Runs kubectl with every right; throws what it says when it fails. */
export async function kubectl(bed: Bed, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await bed.run(["kubectl", ...args]);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

/** Waits until a Gateway tells that its present generation is programmed. */
export async function untilProgrammed(bed: Bed, gateway: string, seconds = 60): Promise<void> {
  await waitFor(
    `${gateway} to be programmed`,
    async () => {
      const object = await readObject(bed, `Gateway ${gateway}`);
      const programmed = conditionOf(object, "Programmed");
      const isNow = programmed?.observedGeneration === object.metadata.generation && programmed?.status === "True";
      if (!isNow) throw new Error(JSON.stringify(object.status));
      return true;
    },
    seconds,
  );
}

/** Waits until a Gateway is programmed and a request through its address reaches the backend; answers the address. */
export async function untilServed(bed: Bed, gateway: string, { port = 80, path = "/" } = {}): Promise<string> {
  await untilProgrammed(bed, gateway);
  return waitFor(`${gateway} to serve`, async () => {
    const { status } = await readObject(bed, `Gateway ${gateway}`);
    const address = status?.addresses?.[0]?.value ?? "";
    const [answer] = await ask(bed, [{ scheme: "http", address, port, host: "shop.example.com", path }]);
    if (answer === undefined || backendOf(answer) === undefined) throw new Error(JSON.stringify({ status, answer }));
    return address;
  });
}
