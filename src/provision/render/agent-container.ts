import { type FleetSpec, proxyPorts } from "../../core/fleet.ts";
import { containerSecurity } from "./pod-security.ts";
import type { RenderOptions } from "./render-options.ts";

/** How long a drain takes at least and at most, in seconds. */
export const drainSeconds = { quiet: 5, most: 60 } as const;

/** The container that drains Envoy before its pod goes. */
export function agentContainer(fleet: FleetSpec, options: RenderOptions): object {
  return {
    name: "agent",
    image: options.agentImage,
    imagePullPolicy: options.imagePullPolicy,
    args: [
      "proxy-agent",
      "--drain-quiet-seconds",
      `${drainSeconds.quiet}`,
      "--drain-most-seconds",
      `${drainSeconds.most}`,
    ],
    env: [{ name: "GATEHOUSE_DRAIN_TOKEN", value: options.drainToken(fleet.uid) }],
    ports: [{ name: "drain", containerPort: proxyPorts.drain, protocol: "TCP" }],
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "160Mi" } },
    securityContext: containerSecurity,
    livenessProbe: {
      httpGet: { path: "/healthz", port: proxyPorts.drain, scheme: "HTTP" },
      initialDelaySeconds: 10,
      periodSeconds: 15,
      timeoutSeconds: 5,
      failureThreshold: 8,
    },
  };
}
