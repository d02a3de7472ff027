import { type BedApi, orAbsent } from "./api.ts";
import { bedNetwork } from "./layout.ts";

/** Makes the Node that the bed's pods run on, with room for all of them. */
export async function createNode(api: BedApi): Promise<void> {
  const { nodeName, podCidr } = bedNetwork;
  const path = `/api/v1/nodes/${nodeName}`;
  const labels = {
    "kubernetes.io/hostname": nodeName,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": process.arch === "x64" ? "amd64" : process.arch,
  };
  if ((await orAbsent(api.get(path))) === undefined) {
    const spec = { podCIDR: podCidr, podCIDRs: [podCidr] };
    await api.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: nodeName, labels }, spec });
  }
  await api.merge(`${path}/status`, { status: nodeStatus() });
  // Admission marks a new node as not ready, and there is no controller here that takes the mark off.
  await api.merge(path, { spec: { taints: null } });
}

function nodeStatus(): unknown {
  const { nodeName, nodeAddress, kubeletPort } = bedNetwork;
  const now = new Date().toISOString();
  const room = { cpu: "64", memory: "256Gi", pods: "5000", "ephemeral-storage": "1Ti" };
  return {
    capacity: room,
    allocatable: room,
    addresses: [
      { type: "InternalIP", address: nodeAddress },
      { type: "Hostname", address: nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
    conditions: [
      { type: "Ready", status: "True", reason: "BedReady", lastHeartbeatTime: now, lastTransitionTime: now },
    ],
    nodeInfo: {
      kubeletVersion: "v1.36.3",
      kubeProxyVersion: "",
      architecture: "amd64",
      operatingSystem: "linux",
      containerRuntimeVersion: "process://1",
      machineID: nodeName,
      systemUUID: nodeName,
      bootID: nodeName,
      kernelVersion: "6",
      osImage: nodeName,
    },
  };
}
