/** What `gatehouse lint` finds: nothing that keeps anything from working by itself, unless it says so. */
import type { ObjectKey } from "./keys.ts";

export type Severity = "error" | "warning";

/** One thing that is worth a look. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Absent where the text of a file is no object. */
  readonly object?: ObjectKey;
  /** Absent for what comes from a cluster. Lines and documents count from 1. */
  readonly place?: { readonly file: string; readonly document?: number; readonly line?: number };
  /** What is found: one sentence without a full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly advice: string;
}

/** What is the same for all findings of a code. */
export interface FindingKind {
  readonly name: string;
  readonly severity: Severity;
  /** What the rule looks for. */
  readonly title: string;
  readonly advice: string;
}

/** Every code. A code keeps its meaning; one that is given up is not given again. */
export const findingKinds = {
  GH0001: {
    name: "OpenListener",
    severity: "warning",
    title: "A listener admits routes of all namespaces and has no hostname",
    advice: "Give the listener a hostname, or admit namespaces by a selector",
  },
  GH0002: {
    name: "UnusedReferenceGrant",
    severity: "warning",
    title: "A ReferenceGrant opens something that nothing refers to",
    advice: "Delete the grant, or narrow it to what is used",
  },
  GH0003: {
    name: "UnreachableRule",
    severity: "warning",
    title: "A match never answers, because another one that comes first takes all of its requests",
    advice: "Make the match more specific, or remove it",
  },
  GH0004: {
    name: "UnusedHostnameClaim",
    severity: "warning",
    title: "A HostnameClaim grants a hostname that no route or ListenerSet of the granted namespaces has",
    advice: "Delete the claim, or correct its hostname and namespaces",
  },
  GH0005: {
    name: "UnusedHostnameRecord",
    severity: "warning",
    title: "A HostnameRecord keeps a hostname that its namespace does not use",
    advice: "It ends by itself some time after its last use; delete it to set the hostname free at once",
  },
  GH0006: {
    name: "ForeignEndpoints",
    severity: "error",
    title: "A hand-written EndpointSlice points at pods of another namespace",
    advice: "Refer to the other namespace's Service, with a ReferenceGrant beside it",
  },
  GH0007: {
    name: "CertificateExpires",
    severity: "warning",
    title: "A certificate of a listener expires within 30 days",
    advice: "Renew the certificate",
  },
  GH0008: {
    name: "CertificateExpired",
    severity: "error",
    title: "A certificate of a listener has expired",
    advice: "Renew the certificate",
  },
  GH0009: {
    name: "OwnershipOff",
    severity: "warning",
    title: "A Gateway admits other namespaces and does not keep their hostnames apart",
    advice: "Set ownership.mode to Enforce in the GatewayParameters, or to Warn while hostnames are sorted out",
  },
  GH0010: {
    name: "CatchAllRoute",
    severity: "warning",
    title: "A route without hostnames answers every path of a listener that is shared",
    advice: "Give the route hostnames, or narrower paths",
  },
  GH0011: {
    name: "Refused",
    severity: "error",
    title: "A route, ListenerSet or Gateway is not accepted",
    advice: "Change what the message names, here or at the parent",
  },
  GH0012: {
    name: "HostnamesRefused",
    severity: "error",
    title: "A route is refused some of its hostnames or paths",
    advice: "Remove the hostnames that others own, or have the platform grant them with a HostnameClaim",
  },
  GH0013: {
    name: "UnresolvedReference",
    severity: "error",
    title: "A route or listener refers to something that is absent or not granted",
    advice: "Create what is referred to, or a ReferenceGrant beside it",
  },
  GH0014: {
    name: "InvalidManifest",
    severity: "error",
    title: "An object is none that the API server would take",
    advice: "Correct the field that the message names",
  },
} as const satisfies Record<string, FindingKind>;

export type FindingCode = keyof typeof findingKinds;
