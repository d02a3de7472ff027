import type { ResourceType } from "../../../../src/core/xds-resource.ts";

/** What the xDS client is told: where it connects, what it shows there, who it says it is, and what it asks for. */
export interface XdsQuestion {
  readonly address: string;
  readonly serverName: string;
  readonly authorityPem: string;
  /** Absent: it shows no certificate. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly node: { readonly id: string; readonly cluster: string };
  readonly type: ResourceType;
  /** Empty: all. */
  readonly names: readonly string[];
  /** It ends its stream after this long. */
  readonly seconds: number;
  /** Whether it stays when it was answered. */
  readonly holds: boolean;
}

/** What the xDS client tells. */
export interface XdsOutcome {
  /** Names of the resources that it was sent; absent where no answer came. */
  readonly resources?: readonly string[];
  /** How the server ended the stream, in gRPC's terms; absent where it did not. */
  readonly end?: { readonly code: string; readonly details: string };
}
