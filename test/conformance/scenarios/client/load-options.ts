import type { ClientRequest } from "./request.ts";

/** What the load client is told. */
export interface LoadOptions {
  readonly request: ClientRequest;
  /** So many at a time, half of them on connections that are kept. */
  readonly concurrency: number;
  /** It stops when this file is there. */
  readonly stopFile: string;
}

/** What the load client tells in the end. */
export interface LoadReport {
  readonly answered: number;
  /** What went wrong, at most ten of them. */
  readonly failures: readonly string[];
  readonly failed: number;
}
