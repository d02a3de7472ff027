/** The status of a GatewayClass. */
import { type Condition, conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import type { ClusterFacts } from "../core/fleet.ts";
import type { GatewayClassNode } from "./gateway-class.ts";

/** What a status is told of besides the node. */
export interface ClassReportInputs {
  readonly supportedFeatures: readonly string[];
  /** What is known of the cluster; absent where the CRDs are those that we embed. */
  readonly cluster: ClusterFacts | undefined;
}

/** Tells whether a class is accepted, which features it has, and whether the installed CRDs are ones that we know. */
export function gatewayClassStatus(
  { key, generation, rejection }: GatewayClassNode,
  { supportedFeatures, cluster }: ClassReportInputs,
): StatusUpdate {
  return {
    kind: "GatewayClass",
    object: key,
    conditions: [
      rejection === undefined
        ? conditionTrue("Accepted", generation, { message: "The class is served by this controller" })
        : conditionFalse("Accepted", generation, rejection),
      versionCondition(cluster, generation),
    ],
    supportedFeatures: [...new Set(supportedFeatures)].sort(),
  };
}

/** Minor versions of Gateway API 1 whose CRDs we have been tried with. */
const supportedMinors = { oldest: 4, newest: 7 } as const;

/** An unknown version is told, and served as well as it goes: what is there keeps working. */
function versionCondition(cluster: ClusterFacts | undefined, generation: number): Condition {
  const { oldest, newest } = supportedMinors;
  if (cluster === undefined) return conditionTrue("SupportedVersion", generation);
  const { bundleVersion } = cluster;
  const minor = Number(/^v1\.(\d{1,4})\.\d/.exec(bundleVersion ?? "")?.[1] ?? -1);
  if (minor >= oldest && minor <= newest) return conditionTrue("SupportedVersion", generation);
  const found = bundleVersion === undefined ? "do not tell their version" : `are of version ${bundleVersion}`;
  const message = `The installed CRDs of Gateway API ${found}; v1.${oldest} to v1.${newest} are supported`;
  return conditionFalse("SupportedVersion", generation, { reason: "UnsupportedVersion", message });
}
