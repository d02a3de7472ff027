import { fleetLabels } from "../../../src/core/fleet-names.ts";
import type { RawObject } from "../../../src/core/kube-client.ts";
import type { Bed } from "../bed/start-bed.ts";
import { untilSame, waitFor } from "../bed/wait-for.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";

/** What of a Pod the tests look at. */
export interface Pod extends RawObject {
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

const { namespace, release } = gatehouse;
const controlPlaneLabels = "app.kubernetes.io%2Fcomponent%3Dcontrol-plane";

/** The pods of the control plane that are not on their way out. */
export async function controlPlanePods({ api }: Bed): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${controlPlaneLabels}`;
  const { items } = await api.get<{ items: readonly Pod[] }>(path);
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Waits until both replicas are Ready, none of them one of those that are named, and answers them. */
export function untilReplicasReady(bed: Bed, gone: readonly string[] = []): Promise<readonly Pod[]> {
  return waitFor("both replicas to be Ready", async () => {
    const pods = await controlPlanePods(bed);
    const fresh = pods.filter((pod) => isReady(pod) && !gone.includes(pod.metadata.name));
    return fresh.length === 2 && pods.length === 2 && fresh;
  });
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true;
}

interface Lease {
  readonly spec: { readonly holderIdentity?: string };
}

/** The name of the pod that leads, by the Lease. */
export async function leaderOf({ api }: Bed): Promise<string | undefined> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${release}`;
  return (await api.get<Lease>(path)).spec.holderIdentity || undefined;
}

/** Waits for a leader that is none of those that are named. */
export function untilLed(bed: Bed, gone: readonly string[] = []): Promise<string> {
  return waitFor("a leader", async () => {
    const leader = await leaderOf(bed);
    return leader !== undefined && !gone.includes(leader) && leader;
  });
}

/** One stream, as the debug page tells it. */
export interface StreamEntry {
  readonly gateway?: string;
  /** Milliseconds since the epoch. */
  readonly connectedSince: number;
  readonly firstConfigAcknowledged: boolean;
}

/** The streams that a replica has, by its debug page, which answers inside its pod only. */
export async function streamsOf(bed: Bed, podAddress: string): Promise<readonly StreamEntry[]> {
  const script = `fetch("http://127.0.0.1:8082/debug/streams").then(async (a) => console.log(await a.text()))`;
  const text = await insidePod(bed, podAddress, [process.execPath, "-e", script]);
  // Our own debug page.
  return (JSON.parse(text) as { streams: readonly StreamEntry[] }).streams;
}

/** Waits until a Gateway has one stream, acknowledged, and answers the name of the pod that has it. */
export async function untilStreamed(bed: Bed, gateway: string): Promise<string> {
  return streamedAmong(bed, await controlPlanePods(bed), { gateway, since: 0 });
}

/** The same for a stream that was opened after a time, among pods that are known; asks nothing of the API server. */
export function streamedAmong(
  bed: Bed,
  pods: readonly Pod[],
  { gateway, since }: { readonly gateway: string; readonly since: number },
): Promise<string> {
  return waitFor(`a stream of ${gateway}`, async () => {
    const found = await Promise.all(
      pods.map(async ({ metadata: { name }, status }) => {
        const streams = (await streamsOf(bed, status?.podIP ?? "")).filter((stream) => stream.gateway === gateway);
        return streams.map((stream) => ({ name, stream }));
      }),
    );
    const [only, ...more] = found.flat();
    const isThere = only?.stream.firstConfigAcknowledged === true && only.stream.connectedSince > since;
    return isThere && more.length === 0 && only.name;
  });
}

/** The responses that proxies were sent, by type, summed over the replicas that answer. */
export async function pushesOf(bed: Bed): Promise<Readonly<Record<string, number>>> {
  const pods = await controlPlanePods(bed);
  const addresses = pods.flatMap(({ status }) => status?.podIP ?? []);
  const script = `Promise.all(${JSON.stringify(addresses)}.map((address) =>
    fetch("http://" + address + ":8081/metrics").then((answer) => answer.text()),
  )).then((texts) => console.log(texts.join("\\n")))`;
  const { stdout, stderr, code } = await bed.run([process.execPath, "-e", script]);
  if (code !== 0) throw new Error(stderr);
  const pushes = new Map<string, number>();
  for (const [, type = "", count] of stdout.matchAll(/^gatehouse_xds_responses_total\{type="(\w+)"\} (\d+)$/gm)) {
    pushes.set(type, (pushes.get(type) ?? 0) + Number(count));
  }
  return Object.fromEntries(pushes);
}

/** Waits until proxies have been sent nothing for a while, and answers what they were sent so far. */
export function untilPushesRest(bed: Bed): Promise<Readonly<Record<string, number>>> {
  return untilSame("what proxies are sent", () => pushesOf(bed), 3);
}

/** The pods of a Gateway's proxies. */
export async function proxyPods({ api }: Bed, place: string, gateway: string): Promise<readonly Pod[]> {
  const selector = encodeURIComponent(`${fleetLabels.gatewayName}=${gateway},${fleetLabels.managedBy}=gatehouse`);
  const path = `/api/v1/namespaces/${place}/pods?labelSelector=${selector}`;
  const { items } = await api.get<{ items: readonly Pod[] }>(path);
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/**
 * Breaks the connections of a pod to the control plane; its proxy connects again. Asks nothing of the API server, which may
 * be what is broken.
 */
export async function cutStreams(bed: Bed, podAddress: string): Promise<void> {
  await insidePod(bed, podAddress, ["ss", "--kill", "--tcp", "dport", "=", "18000"]);
}

/** Keeps a proxy from one replica, so that it goes to the other; answers how to let it through again. */
export async function keepApart(bed: Bed, proxyAddress: string, replicaAddress: string): Promise<() => Promise<void>> {
  // What a pod sends to a Service is routed by the node, here with the address of the pod behind it.
  const rule = `ip saddr ${proxyAddress} ip daddr ${replicaAddress} tcp dport 18000 reject with tcp reset`;
  const nft = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await bed.run(["nft", ...args]);
    if (code !== 0) throw new Error(stderr);
  };
  await nft(`table inet apart { chain forward { type filter hook forward priority 10; ${rule}; }; }`);
  await cutStreams(bed, proxyAddress);
  return () => nft("delete", "table", "inet", "apart");
}

/** Runs a program of the machine in the network of a pod. */
async function insidePod(bed: Bed, podAddress: string, command: readonly string[]): Promise<string> {
  const script = `for name in $(ip netns list | cut -d' ' -f1); do
      ip -n "$name" -4 addr show dev eth0 | grep -q " ${podAddress}/" && exec ip netns exec "$name" "$@"
    done
    echo "no pod has ${podAddress}" >&2; exit 1`;
  const { code, stdout, stderr } = await bed.run(["sh", "-c", script, "sh", ...command]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}
