import { type FleetSpec, proxyPorts } from "../../core/fleet.ts";
import { bootstrapFile, credentialsFolder } from "./pod-files.ts";
import { containerSecurity } from "./pod-security.ts";
import type { RenderOptions } from "./render-options.ts";

/** The container that runs Envoy. Its image has no shell: every hook and probe is a request. */
export function envoyContainer(fleet: FleetSpec, options: RenderOptions): object {
  const { image = options.proxyImage, resources } = fleet.parameters;
  return {
    name: "envoy",
    image,
    imagePullPolicy: options.imagePullPolicy,
    command: ["envoy"],
    args: argumentsOf(fleet),
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    // The listeners' ports are not here: one more of them must not replace the pods.
    ports: [
      { name: "readiness", containerPort: proxyPorts.readiness, protocol: "TCP" },
      { name: "metrics", containerPort: proxyPorts.metrics, protocol: "TCP" },
    ],
    resources,
    securityContext: containerSecurity,
    volumeMounts: [
      { name: "bootstrap", mountPath: bootstrapFile.folder, readOnly: true },
      { name: "credentials", mountPath: credentialsFolder, readOnly: true },
    ],
    readinessProbe,
    lifecycle: { preStop: { httpGet: drainRequest(options.drainToken(fleet.uid)) } },
  };
}

function argumentsOf(fleet: FleetSpec): readonly string[] {
  return [
    "--config-path",
    `${bootstrapFile.folder}/${bootstrapFile.name}`,
    "--service-node",
    "$(POD_NAME)",
    "--service-cluster",
    fleet.gateway,
    "--log-level",
    fleet.parameters.logLevel,
    // It would want shared memory, and there is never a second Envoy in the pod.
    "--disable-hot-restart",
    // A line of the access log is there when somebody looks for it.
    "--file-flush-interval-msec",
    "1000",
    // Of listeners that are replaced or removed. A pod that ends is drained by the agent.
    "--drain-time-s",
    "60",
  ];
}

/**
 * Ready is what Envoy says of itself: it has its whole first configuration. Nothing asks whether it lives: until it has that
 * configuration it opens no port at all, and with a large one its main thread is busy for seconds, so every such check would
 * kill a healthy proxy while the control plane is away or busy. An Envoy that fails ends, and is started again for that.
 */
const readinessProbe = {
  httpGet: { path: "/ready", port: proxyPorts.readiness, scheme: "HTTP" },
  periodSeconds: 2,
  timeoutSeconds: 2,
  successThreshold: 1,
  failureThreshold: 3,
};

function drainRequest(token: string): object {
  const httpHeaders = [{ name: "x-gatehouse-token", value: token }];
  return { path: "/drain", port: proxyPorts.drain, scheme: "HTTP", httpHeaders };
}
