import type { RawObject } from "../../../src/core/kube-client.ts";
import { type BedApi, orAbsent } from "./api.ts";
import { openLoadBalancerPool } from "./load-balancer-pool.ts";

/** What of a Service its load balancer depends on. */
export interface Service extends RawObject {
  readonly spec: {
    readonly type?: string;
    readonly loadBalancerIP?: string;
    readonly loadBalancerClass?: string;
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

/** Gives Services of type LoadBalancer an address of the pool; kube-proxy does the rest. */
export function runLoadBalancer(api: BedApi, cidr: string, signal: AbortSignal): void {
  const pool = openLoadBalancerPool(cidr);
  const services = new Map<string, Service>();
  const settle = (service: Service): void => {
    const uid = service.metadata.uid ?? "";
    const wants = wantsAddress(service);
    const has = service.status?.loadBalancer?.ingress?.[0]?.ip;
    if (!wants) pool.release(uid);
    const address = wants ? pool.assign(uid, service.spec.loadBalancerIP || undefined) : undefined;
    if (address !== has) void report(api, service, address);
  };
  // An address that became free may be what another Service waits for.
  const settleAll = (): void => {
    for (const service of services.values()) settle(service);
  };
  api.watch<Service>(
    "/api/v1/services",
    (change, service) => {
      const uid = service.metadata.uid ?? "";
      const had = services.get(uid);
      if (change === "deleted") {
        services.delete(uid);
        pool.release(uid);
      } else {
        services.set(uid, service);
        adoptFirst(pool.adopt, had, service);
        settle(service);
      }
      if (had !== undefined && wantsAddress(had)) settleAll();
    },
    signal,
  );
}

function wantsAddress({ spec, metadata }: Service): boolean {
  const isOurs = spec.type === "LoadBalancer" && spec.loadBalancerClass === undefined;
  return isOurs && metadata.deletionTimestamp === undefined;
}

/** After a restart, a Service keeps what its status says. */
function adoptFirst(adopt: (uid: string, address: string) => void, had: Service | undefined, service: Service): void {
  const address = service.status?.loadBalancer?.ingress?.[0]?.ip;
  if (had === undefined && address !== undefined && wantsAddress(service)) adopt(service.metadata.uid ?? "", address);
}

async function report(api: BedApi, { metadata }: Service, address: string | undefined): Promise<void> {
  const path = `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}/status`;
  const ingress = address === undefined ? undefined : [{ ip: address }];
  try {
    // A null is what a merge patch removes a field with.
    await orAbsent(api.merge(path, { status: { loadBalancer: ingress === undefined ? null : { ingress } } }));
  } catch (error) {
    console.error(`load balancer: ${metadata.namespace}/${metadata.name}: ${error}`);
  }
}
