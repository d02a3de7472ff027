import type { ObjectStatus } from "./object-status.ts";

/** What the API server holds of an object whose status we write: what a merge and a conditional write need. */
export interface StoredObject {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly status: ObjectStatus;
}
