import { fleetName } from "../../../src/core/fleet-names.ts";
import type { RawObject } from "../../../src/core/kube-client.ts";
import type { Bed } from "../bed/start-bed.ts";

/** What of a Deployment tells how a fleet is. */
export interface FleetDeployment extends RawObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly replicas?: number;
  };
}

/** What of a Service tells where a fleet is reached. */
export interface FleetService extends RawObject {
  readonly spec: {
    readonly type: string;
    readonly clusterIP: string;
    readonly ports: readonly { readonly port: number; readonly nodePort?: number }[];
  };
}

/** The Deployment of a Gateway's proxies. */
export function fleetDeployment(bed: Bed, namespace: string, gateway: string): Promise<FleetDeployment> {
  return bed.api.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${fleetName(gateway)}`);
}

/** The Service of a Gateway's proxies. */
export function fleetService(bed: Bed, namespace: string, gateway: string): Promise<FleetService> {
  return bed.api.get(`/api/v1/namespaces/${namespace}/services/${fleetName(gateway)}`);
}

/** Whether all pods of a Deployment are of its present generation and available. */
export function isSettled({ metadata, spec, status }: FleetDeployment): boolean {
  const replicas = spec.replicas ?? 1;
  const { observedGeneration, updatedReplicas, availableReplicas } = status ?? {};
  return observedGeneration === metadata.generation && updatedReplicas === replicas && availableReplicas === replicas;
}

/** What was seen of fleets that change. */
export interface RolloutWatch {
  /** The Deployments that have changed, in that order. */
  readonly changed: readonly string[];
  /** Changes that came while another fleet was not ready yet. */
  readonly tooEarly: readonly string[];
  stop(): void;
}

/** Notes every change of the Deployments of fleets, from now on. */
export function watchRollout(bed: Bed, namespace: string): RolloutWatch {
  const states = new Map<string, FleetDeployment>();
  const changed: string[] = [];
  const tooEarly: string[] = [];
  const end = new AbortController();
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  bed.api.watch<FleetDeployment>(
    path,
    (_change, deployment) => {
      const { name, generation } = deployment.metadata;
      const before = states.get(name);
      states.set(name, deployment);
      if (before === undefined || before.metadata.generation === generation) return;
      changed.push(name);
      const others = [...states.values()].filter(({ metadata }) => metadata.name !== name);
      for (const other of others) if (!isSettled(other)) tooEarly.push(`${name} while ${other.metadata.name} changed`);
    },
    end.signal,
  );
  return { changed, tooEarly, stop: () => end.abort() };
}
