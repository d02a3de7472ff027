/** TLS to backends as the clusters of a Gateway need it. */
import type { TlsVersion } from "../../core/gateway-parameters.ts";
import type { NamespacedName } from "../../core/keys.ts";

/** What a backend has to prove, and how it is asked to. */
export interface TlsSettings {
  /** The server name that is asked for. */
  readonly hostname: string;
  /** The certificate has to hold one of them. Never empty. */
  readonly names: readonly CertificateName[];
  readonly authorities: TrustedAuthorities;
  readonly minimumVersion: TlsVersion;
}

export type CertificateName =
  | { readonly kind: "dns"; readonly value: string }
  | { readonly kind: "uri"; readonly value: string };

/** Who may have issued the certificate: those of the proxies' own system, or those in ConfigMaps, sorted, at least one. */
export type TrustedAuthorities =
  | { readonly kind: "system" }
  | { readonly kind: "configMaps"; readonly names: readonly NamespacedName[] };

/** What a Service port asks of everybody who connects to it. */
export type PortTls =
  | { readonly kind: "tls"; readonly policy: NamespacedName; readonly settings: TlsSettings }
  | RefusedTls;

/** TLS is wanted, and there is no telling how: nothing may be sent, in the clear least of all. */
export interface RefusedTls {
  readonly kind: "refused";
  readonly policy: NamespacedName;
  /** Why, for the namespace of the Service. */
  readonly message: string;
}

/** How one cluster speaks TLS, or why it does not speak at all. */
export type ClusterTls =
  | (Extract<PortTls, { kind: "tls" }> & {
      /** The Secret with the certificate that the Gateway shows. */
      readonly clientCertificate?: NamespacedName;
    })
  | RefusedTls;
