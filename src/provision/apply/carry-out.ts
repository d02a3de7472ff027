import { type KubeClient, patchTypes, resourcePath } from "../../core/kube-client.ts";
import type { FleetAction } from "../plan.ts";
import { fleetObjectKinds } from "../render/fleet-object.ts";
import { fieldAt } from "../state/raw-fields.ts";
import { type ApplyOutcome, applyObject, fieldManager, removeObject } from "./apply-object.ts";

/** What became of one action; `done` where there is nothing to look at. */
export type ActionOutcome = ApplyOutcome | { readonly kind: "done" };

/** Does one thing of a plan. */
export async function carryOut(client: KubeClient, action: FleetAction, gatewayUid: string): Promise<ActionOutcome> {
  switch (action.kind) {
    case "create":
    case "change":
    case "repair":
      return applyObject(client, action.wanted, { observed: action.observed, gatewayUid });
    case "release-replicas":
      return releaseReplicas(client, action);
    case "remove": {
      const failure = await removeObject(client, action.of, action.observed);
      if (failure === undefined) return { kind: "done" };
      return {
        kind: "refused",
        message: `${action.of} ${action.observed.metadata.name} could not be removed: ${failure.message}`,
      };
    }
  }
}

/** Lets another manager hold the number of replicas as it is: what no manager holds falls back to the default, 1. */
async function releaseReplicas(
  client: KubeClient,
  { deployment, wanted }: Extract<FleetAction, { readonly kind: "release-replicas" }>,
): Promise<ActionOutcome> {
  const { namespace, name } = wanted.metadata;
  const { uid } = deployment.metadata;
  const result = await client.request<unknown>({
    method: "PATCH",
    path: resourcePath(fleetObjectKinds.Deployment, { namespace, name }),
    query: { fieldManager: `${fieldManager}-autoscaling`, force: "true" },
    contentType: patchTypes.apply,
    body: {
      apiVersion: wanted.apiVersion,
      kind: wanted.kind,
      metadata: { namespace, name, ...(uid !== undefined && { uid }) },
      spec: { replicas: fieldAt(deployment, "spec", "replicas") ?? 1 },
    },
  });
  if (result.kind === "ok") return { kind: "done" };
  return {
    kind: "refused",
    message: `The replicas of Deployment ${namespace}/${name} could not be released: ${result.message}`,
  };
}
