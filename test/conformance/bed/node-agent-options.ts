import type { BedApi } from "./api.ts";
import type { ImageTable } from "./images.ts";

/**
 * What the bed hands to its node agent (`agent/main.ts`, `startNodeAgent`). The agent is a process of its own inside the
 * bed: its namespaces of network, mounts and processes are the bed's, so all it leaves behind ends with the bed, and
 * `/run/netns` and `/etc/netns` are the bed's own empty folders.
 */
export interface NodeAgentOptions {
  readonly api: BedApi;
  /** The Node object, which the bed has created, Ready, before the agent starts. Pods are bound by the bed's scheduler. */
  readonly nodeName: string;
  /** Address of the bridge: the pods' gateway and name server, and where the kubelet API listens. */
  readonly nodeAddress: string;
  readonly kubeletPort: number;
  /** Name of the bridge that pods are attached to. */
  readonly bridge: string;
  /**
   * Where pod addresses come from, such as `10.244.0.0/16`; the first /24 is the bed's own. A pod has its address as a /32
   * with a link route to {@link nodeAddress}, so that all traffic between pods passes the node's NAT.
   */
  readonly podCidr: string;
  /** Where the agent keeps what pods wrote and were given; it exists. */
  readonly stateDirectory: string;
  readonly images: ImageTable;
  /** The kubelet API's certificate, and the authority of the clients that it lets in. */
  readonly kubelet: { readonly certificatePem: string; readonly keyPem: string; readonly clientAuthorityPem: string };
  /** What pods are told of the API server. */
  readonly kubernetesService: { readonly host: string; readonly port: number };
  readonly clusterDomain: string;
}
