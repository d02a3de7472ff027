import type { FleetSpec } from "../../src/core/fleet.ts";
import { fleetSpec } from "./fleet-specs.ts";

/** Fleets whose rendered objects are kept beside this file, by the name of the file. */
export const renderCases: Readonly<Record<string, FleetSpec>> = {
  defaults: fleetSpec(),
  "every-parameter": fleetSpec({
    labels: { team: "shop", "app.kubernetes.io/managed-by": "somebody-else" },
    annotations: { "example.com/cost-center": "42", "gatehouse.dev/rollout": "awaited" },
    ports: [
      { name: "http-80", protocol: "TCP", port: 80, targetPort: 10_080 },
      { name: "https-443", protocol: "TCP", port: 443, targetPort: 10_443 },
      { name: "quic-443", protocol: "UDP", port: 443, targetPort: 10_443 },
      { name: "http-10080", protocol: "TCP", port: 10_080, targetPort: 20_080 },
    ],
    requestedAddresses: ["10.200.0.7", "10.200.0.8"],
    parameters: {
      image: "registry.example.com/envoy:patched",
      replicas: 4,
      addressAnnotation: "lb.example.com/ips",
      resources: { requests: { cpu: "0.5", memory: "131072Ki" }, limits: { cpu: "2000m", memory: "1024Mi" } },
      service: {
        type: "LoadBalancer",
        annotations: { "lb.example.com/pool": "edge" },
        loadBalancerClass: "example.com/lb",
        externalTrafficPolicy: "Local",
      },
      nodeSelector: { "kubernetes.io/os": "linux" },
      tolerations: [
        { key: "edge", operator: "Exists", effect: "NoSchedule" },
        { key: "pool", operator: "Equal", value: "", effect: "NoExecute", tolerationSeconds: 0 },
      ],
      podLabels: { tier: "edge", "pod-template-hash": "mine" },
      logLevel: "debug",
      origins: [{ field: "logLevel", from: "gateway" }],
    },
  }),
  "autoscaled-with-a-long-name": fleetSpec({
    name: `${"a".repeat(120)}.${"b".repeat(132)}`,
    parameters: {
      autoscaling: { minReplicas: 2, maxReplicas: 6, targetCPUUtilization: 80 },
      service: { type: "ClusterIP", annotations: {}, externalTrafficPolicy: "Local" },
    },
  }),
  "on-the-network-of-its-nodes": fleetSpec({
    parameters: { hostNetwork: true, service: { type: "NodePort", annotations: {} } },
  }),
};
