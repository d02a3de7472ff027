import type { Gateway, ListenerSet } from "../../core/gateway-api.ts";
import { type NamespacedName, nameOf, namespacedName, type ObjectKey, objectKey } from "../../core/keys.ts";

/** The Secrets that one listener names as its certificates. */
export interface NamedSecrets {
  /** The Gateway or ListenerSet in which the listener is written. */
  readonly owner: ObjectKey;
  readonly listener: string;
  readonly secrets: readonly NamespacedName[];
}

/** Lists the certificates of each listener of a Gateway or ListenerSet, whether or not they may be referred to. */
export function namedSecrets({ kind, metadata, spec }: Gateway | ListenerSet): readonly NamedSecrets[] {
  const owner = objectKey(kind, nameOf(metadata));
  return spec.listeners.map(({ name, tls }) => ({
    owner,
    listener: name,
    secrets: (tls?.certificateRefs ?? []).flatMap(({ group, kind: refKind, namespace = metadata.namespace, name }) =>
      group === "" && refKind === "Secret" ? [namespacedName(namespace, name)] : [],
    ),
  }));
}
