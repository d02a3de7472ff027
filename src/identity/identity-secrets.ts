import { isDeepStrictEqual } from "node:util";
import { fleetLabels, managedBy } from "../core/fleet-names.ts";
import type { OwnerReference, RawObject } from "../core/kube-client.ts";
import { type SecretData, writeSecretData } from "./secret-data.ts";

/** The Secret, in the namespace of the release, with the authorities and the key of the fleets' tokens. */
export const authoritySecretName = "gatehouse-ca";

/** The Secret, in the namespace of the release, with the certificate of the control plane itself. */
export const serverSecretName = "gatehouse-xds-server";

/** Where a fleets' Secret tells which certificates are accepted: JSON, SHA-256 in hex by the Gateway's name. */
export const fingerprintsAnnotation = "gatehouse.dev/fingerprints";

/** What a Secret of ours should hold. */
export interface DesiredSecret {
  readonly namespace: string;
  readonly name: string;
  readonly data: SecretData;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
}

/** The Secret as it is applied; what it does not name any more is removed by the API server. */
export function secretBody(desired: DesiredSecret, resourceVersion: string | undefined): object {
  const { namespace, name, data, annotations, ownerReferences } = desired;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      namespace,
      name,
      labels: { [fleetLabels.managedBy]: managedBy },
      ...(annotations && { annotations }),
      ...(ownerReferences && { ownerReferences }),
      // With a version, the API server refuses the write when somebody else was faster.
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    type: "Opaque",
    data: writeSecretData(data),
  };
}

/** Whether a Secret holds what it should, and nothing of ours that it should not. */
export function holds(stored: RawObject | undefined, desired: DesiredSecret): boolean {
  if (stored === undefined) return false;
  const { labels, annotations, ownerReferences } = stored.metadata;
  const owners = (references: readonly OwnerReference[] = []) => references.map(({ uid }) => uid).sort();
  const isAnnotated = Object.entries(desired.annotations ?? {}).every(([key, value]) => annotations?.[key] === value);
  return (
    isAnnotated &&
    labels?.[fleetLabels.managedBy] === managedBy &&
    isDeepStrictEqual(owners(ownerReferences), owners(desired.ownerReferences)) &&
    isDeepStrictEqual(stored["data"] ?? {}, writeSecretData(desired.data))
  );
}
