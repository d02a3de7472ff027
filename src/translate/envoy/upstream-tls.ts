import {
  type EnvoyExtensionsTransportSocketsTlsV3CommonTlsContext as CommonTlsContext,
  type EnvoyConfigCoreV3TransportSocket,
  EnvoyExtensionsTransportSocketsTlsV3SubjectAltNameMatcherSanType as SanType,
  EnvoyExtensionsTransportSocketsTlsV3TlsParametersTlsProtocol as TlsProtocol,
  type EnvoyExtensionsTransportSocketsTlsV3CertificateValidationContext as ValidationContext,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { CertificateName, ClusterTls, TlsSettings } from "../backend-tls/upstream-tls.ts";
import type { ClusterNode } from "../nodes.ts";
import { adsConfigSource } from "./ads.ts";
import { caSecretName, secretName } from "./names.ts";

/** Prints how TLS is spoken to a backend, which has to prove who it is. */
export function upstreamTlsSocket(
  { settings, clientCertificate }: Extract<ClusterTls, { kind: "tls" }>,
  protocol: ClusterNode["protocol"],
): EnvoyConfigCoreV3TransportSocket {
  const alpn = alpnProtocols[protocol];
  return {
    name: "envoy.transport_sockets.tls",
    typedConfig: anyOf("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      sni: settings.hostname,
      commonTlsContext: {
        // Left alone, Envoy speaks no more than 1.2 to backends.
        tlsParams: {
          tlsMinimumProtocolVersion: settings.minimumVersion === "1.3" ? TlsProtocol.TLSv1_3 : TlsProtocol.TLSv1_2,
          tlsMaximumProtocolVersion: TlsProtocol.TLSv1_3,
        },
        ...(alpn.length > 0 && { alpnProtocols: [...alpn] }),
        ...(clientCertificate && {
          tlsCertificateSdsSecretConfigs: [{ name: secretName(clientCertificate), sdsConfig: adsConfigSource }],
        }),
        ...validation(settings),
      },
    }),
  };
}

/** Whoever is forwarded as it is says itself what it speaks. */
const alpnProtocols = {
  http1: ["http/1.1"],
  http2: ["h2"],
  tcp: [],
  udp: [],
  passthrough: [],
} as const satisfies Record<ClusterNode["protocol"], readonly string[]>;

/** Where the bundle of the system is in the image of the proxies, and on the hosts where it is not theirs. */
const systemBundle = "/etc/ssl/certs/ca-certificates.crt";

function validation({ authorities, names }: TlsSettings): CommonTlsContext {
  const matchers: ValidationContext = {
    matchTypedSubjectAltNames: names.map((name) => ({ sanType: sanTypes[name.kind], matcher: { exact: name.value } })),
  };
  if (authorities.kind === "system") {
    return { validationContext: { trustedCa: { filename: systemBundle }, ...matchers } };
  }
  return {
    combinedValidationContext: {
      defaultValidationContext: matchers,
      validationContextSdsSecretConfig: { name: caSecretName(authorities.names), sdsConfig: adsConfigSource },
    },
  };
}

const sanTypes = { dns: SanType.DNS, uri: SanType.URI } as const satisfies Record<CertificateName["kind"], SanType>;
