import type { BinaryPaths } from "./binaries.ts";
import type { ImageTable } from "./images.ts";

/** What the process that starts a bed tells the process that is the bed; they share nothing but files. */
export interface SupervisorSettings {
  readonly stateDirectory: string;
  readonly binaries: BinaryPaths;
  readonly images: ImageTable;
}

/** What the supervisor reports once it is up, or why it cannot be. */
export type SupervisorReport =
  | { readonly kind: "ready"; readonly seconds: number }
  | { readonly kind: "failed"; readonly reason: string };
