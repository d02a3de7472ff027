import type { RawObject } from "../../../src/core/kube-client.ts";
import { ApiError, type BedApi } from "./api.ts";

/** What of a Pod decides where it runs. */
export interface UnboundPod extends RawObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly schedulerName?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
    readonly schedulingGates?: readonly unknown[];
  };
}

/** What of a Node decides what runs on it. */
export interface SchedulableNode extends RawObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** Binds every new pod to the first node that takes it, and tells a pod that no node takes why. */
export function runScheduler(api: BedApi, signal: AbortSignal): void {
  const nodes = new Map<string, SchedulableNode>();
  const waiting = new Map<string, UnboundPod>();
  const place = (pod: UnboundPod): void => {
    const node = [...nodes.values()].find((candidate) => nodeTakes(candidate, pod));
    void (node === undefined ? tellUnschedulable(api, pod) : bind(api, pod, node.metadata.name));
  };
  api.watch<SchedulableNode>(
    "/api/v1/nodes",
    (change, node) => {
      if (change === "deleted") nodes.delete(node.metadata.name);
      else nodes.set(node.metadata.name, node);
      for (const pod of waiting.values()) place(pod);
    },
    signal,
  );
  api.watch<UnboundPod>(
    "/api/v1/pods?fieldSelector=spec.nodeName%3D",
    (change, pod) => {
      const uid = pod.metadata.uid ?? "";
      if (change === "deleted" || !awaitsNode(pod)) return void waiting.delete(uid);
      const isNew = !waiting.has(uid);
      waiting.set(uid, pod);
      // A pod's own conditions come back here as changes; only what nodes say can make a difference then.
      if (isNew && nodes.size > 0) place(pod);
    },
    signal,
  );
}

/** Whether a node's labels and taints let a pod run there. */
export function nodeTakes(node: SchedulableNode, { spec }: UnboundPod): boolean {
  const labels = new Map(Object.entries(node.metadata.labels ?? {}));
  const isSelected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels.get(key) === value);
  const repelling = (node.spec?.taints ?? []).filter((taint) => taint.effect !== "PreferNoSchedule");
  const isTolerated = repelling.every((taint) =>
    (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  );
  return node.spec?.unschedulable !== true && isSelected && isTolerated;
}

function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== "" && effect !== taint.effect) return false;
  if (key === undefined || key === "") return operator === "Exists";
  if (key !== taint.key) return false;
  return operator === "Exists" || (value ?? "") === (taint.value ?? "");
}

function awaitsNode({ spec, metadata }: UnboundPod): boolean {
  const isGated = (spec.schedulingGates ?? []).length > 0;
  return (spec.nodeName ?? "") === "" && metadata.deletionTimestamp === undefined && !isGated;
}

async function bind(api: BedApi, { metadata }: UnboundPod, node: string): Promise<void> {
  const target = { apiVersion: "v1", kind: "Node", name: node };
  const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: metadata.name, uid: metadata.uid }, target };
  await report(metadata, api.create(`${podPath(metadata)}/binding`, binding));
}

async function tellUnschedulable(api: BedApi, { metadata }: UnboundPod): Promise<void> {
  const condition = {
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "no node matches the pod's selector and tolerations",
    lastTransitionTime: new Date().toISOString(),
  };
  await report(metadata, api.merge(`${podPath(metadata)}/status`, { status: { conditions: [condition] } }));
}

function podPath({ namespace, name }: RawObject["metadata"]): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}`;
}

async function report({ namespace, name }: RawObject["metadata"], writing: Promise<unknown>): Promise<void> {
  try {
    await writing;
  } catch (error) {
    // The pod is gone, or was bound a moment ago.
    if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return;
    console.error(`scheduler: ${namespace}/${name}: ${error}`);
  }
}
