/**
 * What the proxies of a Gateway have refused, kept so that it is not sent again. A quarantine never changes: it is made when
 * something is refused and removed when the object is another one, which gets another try.
 */
import { hash } from "node:crypto";
import type { NamespacedName, ObjectKey } from "./keys.ts";
import type { KubernetesObject } from "./kubernetes.ts";

/** Cluster-scoped, made by the control plane: one part of an object, in one form, that proxies have refused. */
export interface Quarantine extends KubernetesObject {
  readonly kind: "Quarantine";
  readonly spec: {
    /** The Gateway whose proxies have refused it: `namespace/name`. */
    readonly gateway: string;
    /** The object that it was made from, as an {@link ObjectKey}. */
    readonly object: string;
    /** The object's generation; 1 for kinds that have none. */
    readonly generation: number;
    /** The xDS name of what was refused: of the routes of a rule, a secret, a cluster. */
    readonly part: string;
    /** The first 16 hex digits of a SHA-256 over each message of that part. */
    readonly hashes: readonly string[];
    /** Envoy's own words. */
    readonly words: string;
    /** RFC 3339. */
    readonly since: string;
  };
}

/** What is refused, before it has a name. */
export type RefusedPart = Omit<Quarantine["spec"], "gateway" | "object"> & {
  readonly gateway: NamespacedName;
  readonly object: ObjectKey;
};

/** How many quarantines there may be; the oldest are dropped. */
export const quarantineLimits = { hashes: 256, ofObject: 64, all: 2_048, wordsLength: 1_024 } as const;

/** The condition of a route of which proxies have refused a part; no other route has it. */
export const routeProgrammed = "gatehouse.dev/Programmed";

/** The quarantine of what was refused. Whoever finds the same gives it the same name. */
export function quarantineOf({ hashes, words, ...part }: RefusedPart): Quarantine {
  const kept = [...new Set(hashes)].sort().slice(0, quarantineLimits.hashes);
  const { gateway, object, generation, since } = part;
  const identity = JSON.stringify([gateway, object, generation, part.part, kept]);
  return {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "Quarantine",
    metadata: { name: `q-${hash("sha256", identity, "hex").slice(0, 40)}`, generation: 1, creationTimestamp: since },
    spec: { ...part, hashes: kept, words: cleanWords(words) },
  };
}

/** Without control characters, and cut to what is kept. */
function cleanWords(words: string): string {
  return words
    .replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, quarantineLimits.wordsLength)
    .toWellFormed();
}
