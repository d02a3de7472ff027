import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The addresses of a bed. Every bed has a network of its own, so all beds use the same ones. */
export const bedNetwork = {
  bridge: "br0",
  nodeName: "bed",
  nodeAddress: "10.244.0.1",
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/16",
  /** The first address of the service CIDR, which the API server takes for itself. */
  kubernetesService: "10.96.0.1",
  apiServerPort: 6443,
  kubeletPort: 10250,
  clusterDomain: "cluster.local",
  loadBalancerPool: "10.200.0.0/22",
  /** An address of the pool far behind those that are handed out by themselves. */
  usableAddress: "10.200.3.250",
  /** An address beside the pool. */
  unusableAddress: "10.201.0.1",
  /** Whatever is sent here goes to the bridge; kube-proxy turns it to pods. */
  routedToBridge: ["10.96.0.0/16", "10.200.0.0/15"],
} as const;

/** The files of one bed, by the folder that it was given. */
export interface BedLayout {
  readonly stateDirectory: string;
  /** The process whose end is the end of the bed: its number, and when it started in ticks since boot. */
  readonly processFile: string;
  readonly settingsFile: string;
  /** Written last: the bed serves. */
  readonly readyFile: string;
  readonly kubeconfig: string;
  /** Leads to the API server from outside of the bed's network. */
  readonly apiSocket: string;
  readonly credentials: string;
  readonly logs: string;
  readonly agentState: string;
}

/** Lays out the files of the bed in a folder. */
export function layoutOf(stateDirectory: string): BedLayout {
  return {
    stateDirectory,
    processFile: join(stateDirectory, "process"),
    settingsFile: join(stateDirectory, "settings.json"),
    readyFile: join(stateDirectory, "ready"),
    kubeconfig: join(stateDirectory, "kubeconfig"),
    apiSocket: socketPath(stateDirectory),
    credentials: join(stateDirectory, "credentials"),
    logs: join(stateDirectory, "logs"),
    agentState: join(stateDirectory, "agent"),
  };
}

/** The path of a socket has at most 107 bytes: a folder that lies too deep has its socket in the folder for temporary files. */
function socketPath(stateDirectory: string): string {
  const path = join(stateDirectory, "api.sock");
  if (Buffer.byteLength(path) <= 107) return path;
  const hash = createHash("sha256").update(stateDirectory).digest("hex").slice(0, 16);
  return join(tmpdir(), `gatehouse-bed-${hash}.sock`);
}
