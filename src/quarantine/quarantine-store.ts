import type { Quarantine } from "../core/quarantine.ts";

/** One thing to be stored, or to be taken out of the store. */
export type QuarantineChange =
  | { readonly kind: "create"; readonly quarantine: Quarantine }
  | { readonly kind: "delete"; readonly name: string };

/** Where quarantines are kept beyond the end of a process. */
export interface QuarantineStore {
  /** Resolves once it is done, with why it could not be. What is there already, or gone already, is done. */
  apply(change: QuarantineChange): Promise<string | undefined>;
}

/** Forgets them with the process. */
export const noStore: QuarantineStore = { apply: async () => undefined };
