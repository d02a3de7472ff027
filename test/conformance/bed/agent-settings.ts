import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openApi } from "./api.ts";
import type { Component } from "./control-plane.ts";
import type { ImageTable } from "./images.ts";
import { type BedLayout, bedNetwork } from "./layout.ts";
import type { NodeAgentOptions } from "./node-agent-options.ts";
import type { BedCredentials } from "./pki.ts";

interface AgentSettings {
  readonly layout: BedLayout;
  readonly images: ImageTable;
  readonly credentials: BedCredentials;
}

/** The node agent's process. */
export function agentComponent(layout: BedLayout): Component {
  const entry = fileURLToPath(new URL("agent-process.ts", import.meta.url));
  return { name: "node-agent", command: [process.execPath, entry, fileOf(layout)] };
}

/** Writes down what the node agent's process is to be told. */
export function writeAgentSettings(settings: AgentSettings): void {
  writeFileSync(fileOf(settings.layout), JSON.stringify(settings), { mode: 0o600 });
}

/** Reads what {@link writeAgentSettings} wrote, and connects to the API server. */
export function readAgentSettings(file: string): NodeAgentOptions {
  // The supervisor's own words.
  const { layout, images, credentials } = JSON.parse(readFileSync(file, "utf8")) as AgentSettings;
  const { admin, kubelet, authorityPem } = credentials;
  const { nodeName, nodeAddress, kubeletPort, bridge, podCidr, clusterDomain, apiServerPort } = bedNetwork;
  return {
    api: openApi({ server: { host: "127.0.0.1", port: apiServerPort }, authorityPem, ...admin }),
    nodeName,
    nodeAddress,
    kubeletPort,
    bridge,
    podCidr,
    stateDirectory: layout.agentState,
    images,
    kubelet: { ...kubelet, clientAuthorityPem: authorityPem },
    kubernetesService: { host: bedNetwork.kubernetesService, port: 443 },
    clusterDomain,
  };
}

function fileOf({ credentials }: BedLayout): string {
  return join(credentials, "node-agent.json");
}
