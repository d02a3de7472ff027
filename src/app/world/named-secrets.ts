import type { Gateway, ListenerSet, SecretObjectReference } from "../../core/gateway-api.ts";
import { type NamespacedName, nameOf, namespacedName, type ObjectKey, objectKey } from "../../core/keys.ts";

/** The Secrets that one listener names as its certificates, or a Gateway as the one that it shows to backends. */
export interface NamedSecrets {
  /** The Gateway or ListenerSet in which they are named. */
  readonly owner: ObjectKey;
  /** Absent for what is named for all of a Gateway. */
  readonly listener?: string;
  readonly secrets: readonly NamespacedName[];
}

/** Lists the certificates of each listener of a Gateway or ListenerSet, whether or not they may be referred to. */
export function namedSecrets(object: Gateway | ListenerSet): readonly NamedSecrets[] {
  const owner = objectKey(object.kind, nameOf(object.metadata));
  const named = (refs: readonly SecretObjectReference[] = []) =>
    refs.flatMap(({ group, kind, namespace = object.metadata.namespace, name }) =>
      group === "" && kind === "Secret" ? [namespacedName(namespace, name)] : [],
    );
  const shown = object.kind === "Gateway" ? object.spec.tls?.backend?.clientCertificateRef : undefined;
  return [
    ...object.spec.listeners.map(({ name, tls }) => ({
      ...{ owner, listener: name },
      secrets: named(tls?.certificateRefs),
    })),
    ...(shown === undefined ? [] : [{ owner, secrets: named([shown]) }]),
  ];
}
