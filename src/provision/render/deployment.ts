import type { FleetSpec } from "../../core/fleet.ts";
import { agentContainer, drainSeconds } from "./agent-container.ts";
import type { BootstrapTexts } from "./config-map.ts";
import { digestOf } from "./digest.ts";
import { envoyContainer } from "./envoy-container.ts";
import { type FleetObject, fleetAnnotations } from "./fleet-object.ts";
import { gatewayShare } from "./gateway-share.ts";
import { annotationsOf, fleetAddress, fleetObject, labelsOf, selectorLabels } from "./metadata.ts";
import { podVolumes } from "./pod-files.ts";
import { podSecurity } from "./pod-security.ts";
import type { RenderOptions } from "./render-options.ts";

/** The Deployment of a fleet. With an autoscaler it says nothing about replicas. */
export function deployment(fleet: FleetSpec, options: RenderOptions, bootstrap: BootstrapTexts): FleetObject {
  const { replicas, autoscaling, hostNetwork } = fleet.parameters;
  return fleetObject(fleet, "Deployment", {
    annotations: { [fleetAnnotations.gatewayShare]: gatewayShare(fleet) },
    spec: {
      ...(autoscaling === undefined && { replicas }),
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: selectorLabels(fleet) },
      strategy: { type: "RollingUpdate", rollingUpdate: hostNetwork ? makeRoomFirst : neverFewer },
      template: {
        metadata: {
          labels: podLabels(fleet),
          annotations: { ...annotationsOf(fleet), [fleetAnnotations.bootstrap]: digestOf(bootstrap) },
        },
        spec: podSpec(fleet, options),
      },
    },
  });
}

const neverFewer = { maxUnavailable: 0, maxSurge: "25%" };

/** A second pod would find the node's ports taken. */
const makeRoomFirst = { maxUnavailable: 1, maxSurge: 0 };

/** Deployments keep that label for themselves. */
const templateHash = "pod-template-hash";

function podLabels(fleet: FleetSpec): Readonly<Record<string, string>> {
  const labels = { ...fleet.parameters.podLabels, ...labelsOf(fleet) };
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== templateHash));
}

function podSpec(fleet: FleetSpec, options: RenderOptions): object {
  const { nodeSelector, tolerations, hostNetwork } = fleet.parameters;
  return {
    serviceAccountName: fleetAddress(fleet).name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity,
    terminationGracePeriodSeconds: drainSeconds.quiet + drainSeconds.most + secondsToEnd,
    ...(hostNetwork && { hostNetwork, dnsPolicy: "ClusterFirstWithHostNet" }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations.length > 0 && { tolerations }),
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selectorLabels(fleet) },
    })),
    containers: [envoyContainer(fleet, options), agentContainer(fleet, options)],
    volumes: podVolumes(fleet),
  };
}

/** For what comes after the longest drain. */
const secondsToEnd = 15;
