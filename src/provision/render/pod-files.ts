import type { FleetSpec } from "../../core/fleet.ts";
import { fleetSecretName } from "../../core/fleet-names.ts";
import { fleetAddress } from "./metadata.ts";
import type { CredentialFiles } from "./render-options.ts";

/** The file that Envoy is started with; the name is its key in the ConfigMap. */
export const bootstrapFile = { folder: "/etc/gatehouse/bootstrap", name: "envoy.json" } as const;

/** The folder of the proxy's certificate, its key and the authority of the control plane. */
export const credentialsFolder = "/etc/gatehouse/credentials";

/** The credentials by path. */
export const credentialFiles: CredentialFiles = {
  folder: credentialsFolder,
  certificateFile: `${credentialsFolder}/tls.crt`,
  keyFile: `${credentialsFolder}/tls.key`,
  authorityFile: `${credentialsFolder}/ca.crt`,
  bootstrapFolder: bootstrapFile.folder,
};

/** The volumes of a pod. Of the namespace's Secret it gets what belongs to its own Gateway. */
export function podVolumes(fleet: FleetSpec): readonly object[] {
  const { name } = fleetAddress(fleet);
  const items = [
    { key: `${name}.crt`, path: "tls.crt" },
    { key: `${name}.key`, path: "tls.key" },
    { key: "ca.crt", path: "ca.crt" },
  ];
  return [
    { name: "bootstrap", configMap: { name } },
    { name: "credentials", secret: { secretName: fleetSecretName, defaultMode: ownerAndGroupRead, items } },
  ];
}

const ownerAndGroupRead = 0o440;
