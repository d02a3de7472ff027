import type { EffectiveParameters, FleetSpec } from "../../src/core/fleet.ts";
import { namespacedName } from "../../src/core/keys.ts";
import type { RenderOptions } from "../../src/provision/render/render-options.ts";
import { defaultLimits } from "../../src/translate/limits.ts";

/** What a test says of a fleet; the rest is as it is by default. */
export interface FleetChoice extends Partial<Omit<FleetSpec, "parameters" | "gateway">> {
  readonly namespace?: string;
  readonly name?: string;
  readonly parameters?: Partial<EffectiveParameters>;
}

/** The parameters of a class that says nothing. */
const defaultParameters: EffectiveParameters = {
  managed: true,
  replicas: 2,
  resources: { requests: { cpu: "100m", memory: "128Mi" } },
  service: { type: "LoadBalancer", annotations: {} },
  nodeSelector: {},
  tolerations: [],
  podLabels: {},
  hostNetwork: false,
  logLevel: "info",
  accessLog: { format: "JSON" },
  tls: { minimumVersion: "1.2", cipherSuites: [] },
  ownership: {
    uniqueness: "Namespace",
    unclaimedHostnames: "Allowed",
    acmeChallenges: "Allowed",
    foreignEndpoints: "Refused",
  },
  budget: {},
  limits: defaultLimits,
  origins: [],
};

/** Makes the fleet of a Gateway, `shop/web` with a listener on port 80 unless told. */
export function fleetSpec(choice: FleetChoice = {}): FleetSpec {
  const { namespace = "shop", name = "web", parameters, ...rest } = choice;
  return {
    gateway: namespacedName(namespace, name),
    uid: `uid-of-${name}`,
    generation: 1,
    gatewayClass: "gatehouse",
    frozen: false,
    labels: {},
    annotations: {},
    ports: [{ name: "http-80", protocol: "TCP", port: 80, targetPort: 10_080 }],
    requestedAddresses: [],
    parameters: { ...defaultParameters, ...parameters },
    ...rest,
  };
}

/** What a control plane of a version renders with. */
export function renderOptions(version = "1.0.0"): RenderOptions {
  return {
    proxyImage: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
    agentImage: `ghcr.io/gatehouse-dev/gatehouse:${version}`,
    imagePullPolicy: "IfNotPresent",
    bootstrapOf: ({ gateway }, files) =>
      new Map([["envoy.json", { node: { cluster: gateway }, credentials: files.folder }]]),
    drainToken: (uid) => `token-of-${uid}`,
  };
}
