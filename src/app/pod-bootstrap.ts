import type { ControllerConfig } from "../controller-config.ts";
import { proxyPorts } from "../core/fleet.ts";
import type { RenderOptions } from "../provision/render/render-options.ts";
import { proxyBootstrap } from "../translate/envoy/bootstrap.ts";
import { credentialSecrets } from "../translate/envoy/control-plane-tls.ts";
import { settingsOf } from "../translate/limits.ts";

/** Makes the files that the proxies which this control plane provisions are started with. */
export function podBootstrap(
  config: Pick<ControllerConfig, "xdsService" | "xdsAddress" | "clusterDomain">,
): RenderOptions["bootstrapOf"] {
  const { xdsService, clusterDomain, xdsAddress } = config;
  return ({ gateway, parameters }, { certificateFile, keyFile, authorityFile, bootstrapFolder }) => {
    const files = { certificateFile, keyFile, authorityFile, secretsFolder: bootstrapFolder };
    const tls = { ...files, serverName: xdsService };
    const bootstrap = proxyBootstrap({
      gateway,
      // Envoy's resolver knows no search list: the name is complete, and says so by its last dot.
      xds: { address: `${xdsService}.${clusterDomain}.`, port: xdsAddress.port },
      tls,
      adminAddress: "127.0.0.1",
      adminPort: proxyPorts.admin,
      podAddress: "0.0.0.0",
      settings: settingsOf(parameters.limits),
    });
    return new Map([["envoy.json", bootstrap], ...credentialSecrets(tls)]);
  };
}
