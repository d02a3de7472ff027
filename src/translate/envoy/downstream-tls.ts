import {
  type EnvoyExtensionsTransportSocketsTlsV3CommonTlsContext as CommonTlsContext,
  type EnvoyExtensionsTransportSocketsTlsV3DownstreamTlsContext as DownstreamTlsMessage,
  type EnvoyConfigCoreV3TransportSocket,
  type EnvoyExtensionsTransportSocketsTlsV3TlsParameters,
  EnvoyExtensionsTransportSocketsTlsV3TlsParametersTlsProtocol as TlsProtocol,
  EnvoyExtensionsTransportSocketsTlsV3CertificateValidationContextTrustChainVerification as TrustChainVerification,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { TlsVersion } from "../../core/gateway-parameters.ts";
import type { ClientValidation, DownstreamTls, EnvoyListener } from "../nodes.ts";
import { adsConfigSource } from "./ads.ts";
import type { EdgeSettings } from "./edge-defaults.ts";
import { caSecretName, secretName } from "./names.ts";

/** What the end of a client's TLS depends on besides its own settings. */
export interface DownstreamTlsContext {
  readonly node: EnvoyListener;
  readonly settings: EdgeSettings;
  readonly alpnProtocols: readonly string[];
}

/** Prints how clients' TLS is ended. */
export function downstreamTlsSocket(
  { secrets, clientValidation, options }: DownstreamTls,
  { node, settings, alpnProtocols }: DownstreamTlsContext,
): EnvoyConfigCoreV3TransportSocket {
  return {
    name: "envoy.transport_sockets.tls",
    typedConfig: anyOf("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
      commonTlsContext: {
        tlsParams: tlsParameters(node, { settings, options }),
        alpnProtocols: [...alpnProtocols],
        tlsCertificateSdsSecretConfigs: certificates(secrets),
        ...(clientValidation && validationContext(clientValidation)),
      },
      // A client that need not show one is asked all the same.
      ...(clientValidation?.isOptional === false && checkedEachTime),
    }),
  };
}

/**
 * Prints how clients' TLS is ended on QUIC, which speaks TLS 1.3 and nothing older. Early data is never taken: whoever has
 * seen it could send it again.
 */
export function quicSocket({ secrets }: DownstreamTls): EnvoyConfigCoreV3TransportSocket {
  return {
    name: "envoy.transport_sockets.quic",
    typedConfig: anyOf("envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport", {
      enableEarlyData: { value: false },
      downstreamTlsContext: {
        commonTlsContext: { alpnProtocols: ["h3"], tlsCertificateSdsSecretConfigs: certificates(secrets) },
      },
    }),
  };
}

function certificates(secrets: DownstreamTls["secrets"]) {
  return secrets.map((secret) => ({ name: secretName(secret), sdsConfig: adsConfigSource }));
}

/** Who resumes a session is not looked at again (seen with 1.40): an expired certificate would be good for days. */
const checkedEachTime = {
  requireClientCertificate: { value: true },
  disableStatelessSessionResumption: true,
  disableStatefulSessionResumption: true,
} as const satisfies DownstreamTlsMessage;

/** Where anybody is let in nothing is made of what the check comes to, expired certificates included. */
function validationContext({ configMaps, isOptional }: ClientValidation): CommonTlsContext {
  const validationContextSdsSecretConfig = { name: caSecretName(configMaps), sdsConfig: adsConfigSource };
  if (!isOptional) return { validationContextSdsSecretConfig };
  const defaultValidationContext = { trustChainVerification: TrustChainVerification.ACCEPT_UNTRUSTED };
  return { combinedValidationContext: { defaultValidationContext, validationContextSdsSecretConfig } };
}

const protocols = { "1.2": "TLSv1_2", "1.3": "TLSv1_3" } as const satisfies Record<
  TlsVersion,
  keyof typeof TlsProtocol
>;

/** What the listener says itself, else what the parameters of its Gateway say. */
function tlsParameters(
  { tlsParameters }: EnvoyListener,
  { settings, options }: { readonly settings: EdgeSettings; readonly options: DownstreamTls["options"] },
): EnvoyExtensionsTransportSocketsTlsV3TlsParameters {
  const { minimumVersion, cipherSuites = [] } = { ...tlsParameters, ...options };
  return {
    tlsMinimumProtocolVersion: TlsProtocol[minimumVersion ? protocols[minimumVersion] : settings.tlsMinimumVersion],
    ...(cipherSuites.length > 0 && { cipherSuites: [...cipherSuites] }),
  };
}
