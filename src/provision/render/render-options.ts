import type { FleetSpec } from "../../core/fleet.ts";

/** What the control plane knows that a Gateway does not: the same for all fleets. */
export interface RenderOptions {
  /** Image of Envoy where the parameters name none. */
  readonly proxyImage: string;
  /** Image of Gatehouse, for the agent. */
  readonly agentImage: string;
  /** Of both images: `Always`, `IfNotPresent` or `Never`. */
  readonly imagePullPolicy: string;
  /**
   * Makes the files that Envoy is started with, by name: `envoy.json`, and what that refers to in the same folder. Equal
   * input has to give an equal value.
   */
  readonly bootstrapOf: (fleet: FleetSpec, files: CredentialFiles) => ReadonlyMap<string, object>;
  /** What a drain of the proxies of the Gateway with this uid is asked with; always the same for the same uid. */
  readonly drainToken: (uid: string) => string;
}

/** Where a proxy finds its credentials in its pod. The kubelet replaces all of them at once, by a link of their folder. */
export interface CredentialFiles {
  readonly folder: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly authorityFile: string;
  /** Where the bootstrap and the files beside it are. */
  readonly bootstrapFolder: string;
}
