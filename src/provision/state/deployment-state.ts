import type { RawObject } from "../../core/kube-client.ts";
import { fieldAt, listAt, numberAt, textAt } from "./raw-fields.ts";

/** Whether all proxies of a Deployment are of its latest version and Ready. */
export function isDeploymentReady(deployment: RawObject): boolean {
  const { generation = 0 } = deployment.metadata;
  const wanted = wantedReplicas(deployment);
  return (
    numberAt(deployment, "status", "observedGeneration") >= generation &&
    numberAt(deployment, "status", "updatedReplicas") >= wanted &&
    numberAt(deployment, "status", "availableReplicas") >= wanted
  );
}

/** How many proxies pass their readiness check. */
export function readyReplicas(deployment: RawObject | undefined): number {
  return numberAt(deployment, "status", "readyReplicas");
}

/**
 * What the Deployment itself says is wrong: pods that a quota or an admission refused, or a change that has not become
 * Ready within its deadline.
 */
export function deploymentProblem(deployment: RawObject | undefined): string | undefined {
  if (deployment === undefined) return undefined;
  const failure = condition(deployment, "ReplicaFailure");
  if (textAt(failure, "status") === "True")
    return `Pods of the proxies could not be made: ${textAt(failure, "message") ?? "no reason is told"}`;
  const progress = condition(deployment, "Progressing");
  const isStuck = textAt(progress, "status") === "False" && textAt(progress, "reason") === "ProgressDeadlineExceeded";
  if (!isStuck || isDeploymentReady(deployment)) return undefined;
  const available = numberAt(deployment, "status", "availableReplicas");
  return `The proxies have not become Ready in time, ${available} of ${wantedReplicas(deployment)} are: see the events of the pods of this Deployment`;
}

function wantedReplicas(deployment: RawObject): number {
  return fieldAt(deployment, "spec", "replicas") === undefined ? 1 : numberAt(deployment, "spec", "replicas");
}

function condition(deployment: RawObject, type: string): unknown {
  return listAt(deployment, "status", "conditions").find((one) => textAt(one, "type") === type);
}
