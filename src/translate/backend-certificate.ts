/** What proxies show to backends. https://gateway-api.sigs.k8s.io/reference/spec/#gatewaybackendtls */
import type { Reader } from "../collection/collection.ts";
import type { Gateway } from "../core/gateway-api.ts";
import { kinds, nameOf } from "../core/keys.ts";
import { type ListenerInputs, resolveCertificate } from "./listener-tls.ts";
import type { GatewayNode } from "./nodes.ts";

/** Resolves `spec.tls.backend.clientCertificateRef` of a Gateway. One that cannot be used is not shown, and told. */
export function resolveBackendCertificate(
  read: Reader,
  inputs: ListenerInputs,
  { metadata, spec }: Gateway,
): Pick<GatewayNode, "backendCertificate" | "unresolved"> {
  const ref = spec.tls?.backend?.clientCertificateRef;
  if (ref === undefined) return {};
  const { group } = kinds.Gateway;
  const from = { group, kind: "Gateway", namespace: metadata.namespace ?? "", gateway: nameOf(metadata) };
  const to = { reason: "InvalidClientCertificateRef", purpose: "show" } as const;
  const result = resolveCertificate(read, inputs, { ...from, ...to }, ref);
  return result.kind === "resolved" ? { backendCertificate: result.secret } : { unresolved: result.rejection };
}
