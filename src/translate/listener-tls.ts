/** The certificates of a listener that ends TLS. https://gateway-api.sigs.k8s.io/reference/spec/#listenertlsconfig */
import type { Collection, Grouped, Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { ListenerSpec, ReferenceGrant, SecretObjectReference } from "../core/gateway-api.ts";
import { gatewayResourceKey, type NamespacedName, namespacedName, parseNamespacedName } from "../core/keys.ts";
import type { CertificateState } from "./certificate.ts";
import { secretName } from "./envoy/names.ts";
import { isGranted, type ReferenceSource } from "./reference-grant.ts";

/** What a listener reads of the world. */
export interface ListenerInputs {
  /** By Secret, namespace/name. */
  readonly certificates: Collection<CertificateState>;
  /** What Envoy said of those that proxies have refused, by gatewayResourceKey(gateway, secret). */
  readonly refusedCertificates: Collection<string>;
  readonly grants: Grouped<ReferenceGrant>;
}

/** The usable certificates of a listener, in the order in which it names them, and what is wrong with the rest. */
export interface ResolvedTls {
  readonly secrets: readonly NamespacedName[];
  readonly rejections: readonly Rejection[];
}

/**
 * Resolves a listener's certificates. Several are allowed, and one that cannot be used does not stop the others: the
 * listener is served with those that can, and ResolvedRefs tells which cannot.
 */
export function resolveTls(
  read: Reader,
  inputs: ListenerInputs,
  from: ReferenceSource & { readonly gateway: NamespacedName },
  { protocol, tls }: Pick<ListenerSpec, "protocol" | "tls">,
): ResolvedTls {
  if (tls?.mode === "Passthrough")
    return refused("UnsupportedValue", `${protocol} takes tls.mode Terminate, not Passthrough`);
  const refs = tls?.certificateRefs ?? [];
  if (refs.length === 0) return refused("Invalid", `${protocol} takes a certificate in tls.certificateRefs`);
  const secrets: NamespacedName[] = [];
  const rejections: Rejection[] = [];
  for (const ref of refs) {
    const result = resolveCertificate(read, inputs, { ...from, ...toServe }, ref);
    if (result.kind === "rejected") rejections.push(result.rejection);
    else if (!secrets.includes(result.secret)) secrets.push(result.secret);
  }
  return { secrets, rejections };
}

const toServe = { reason: "InvalidCertificateRef", purpose: "serve" } as const;

function refused(reason: string, message: string): ResolvedTls {
  return { secrets: [], rejections: [{ condition: "Accepted", reason, message }] };
}

/** Where a reference to a certificate leads. */
export type CertificateResult =
  | { readonly kind: "resolved"; readonly secret: NamespacedName }
  | { readonly kind: "rejected"; readonly rejection: Rejection };

/** What refers to a certificate, with the reason that is told when it cannot be used. */
export interface CertificateSource extends ReferenceSource {
  /** The Gateway whose proxies have it. */
  readonly gateway: NamespacedName;
  readonly reason: string;
  /** To serve with, or to show to backends. */
  readonly purpose: "serve" | "show";
}

/** Asks for the grant before it looks: a reference that is not granted must not tell whether the Secret exists. */
export function resolveCertificate(
  read: Reader,
  inputs: ListenerInputs,
  from: CertificateSource,
  ref: SecretObjectReference,
): CertificateResult {
  const namespace = ref.namespace ?? from.namespace;
  const secret = namespacedName(namespace, ref.name);
  const { group, kind } = ref;
  if (!isGranted(read, inputs.grants, from, { group, kind, namespace, name: ref.name })) {
    return rejected(
      "RefNotPermitted",
      `no ReferenceGrant lets a ${from.kind} of ${from.namespace} refer to ${kind} ${secret}`,
    );
  }
  if (group !== "" || kind !== "Secret") {
    return rejected(from.reason, `a certificate is a Secret, not a ${group === "" ? kind : `${kind}.${group}`}`);
  }
  const state = read.get(inputs.certificates, secret);
  if (state === undefined) return rejected(from.reason, `Secret ${secret} does not exist`);
  if (state.kind === "invalid") return rejected(from.reason, `Secret ${secret} ${state.message}`);
  if (from.purpose === "serve" && state.unservable !== undefined) {
    return rejected(from.reason, `Secret ${secret} ${state.unservable}`);
  }
  const words = read.get(inputs.refusedCertificates, gatewayResourceKey(from.gateway, secretName(secret)));
  if (words !== undefined) return rejected(from.reason, refusedSecret(secret, from, words));
  return { kind: "resolved", secret };
}

/** What Envoy says about a certificate is told to its own namespace only. */
function refusedSecret(secret: NamespacedName, from: ReferenceSource, words: string): string {
  const isOwn = parseNamespacedName(secret).namespace === from.namespace;
  return `Secret ${secret} is refused by proxies${isOwn ? `: ${words}` : ""}`;
}

function rejected(reason: string, message: string): CertificateResult {
  return { kind: "rejected", rejection: { condition: "ResolvedRefs", reason, message } };
}
