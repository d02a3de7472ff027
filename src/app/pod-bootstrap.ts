import type { ControllerConfig } from "../controller-config.ts";
import { type FleetSpec, proxyPorts } from "../core/fleet.ts";
import type { CredentialFiles } from "../provision/render/render-options.ts";
import { proxyBootstrap } from "../translate/envoy/bootstrap.ts";

/** Makes the bootstraps of the proxies that this control plane provisions. */
export function podBootstrap(
  config: Pick<ControllerConfig, "xdsService" | "xdsAddress" | "clusterDomain">,
): (fleet: FleetSpec, files: CredentialFiles) => object {
  const { xdsService, clusterDomain, xdsAddress } = config;
  return ({ gateway }, { certificateFile, keyFile, authorityFile }) =>
    proxyBootstrap({
      gateway,
      // Envoy's resolver knows no search list: the name is complete, and says so by its last dot.
      xds: { address: `${xdsService}.${clusterDomain}.`, port: xdsAddress.port },
      tls: { certificateFile, keyFile, authorityFile, serverName: xdsService },
      adminAddress: "127.0.0.1",
      adminPort: proxyPorts.admin,
      podAddress: "0.0.0.0",
    });
}
