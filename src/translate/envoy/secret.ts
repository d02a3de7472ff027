import { encodeMessage } from "../../../proto/messages.ts";
import type { XdsResource } from "../../core/xds-resource.ts";
import type { Certificate } from "../nodes.ts";
import { xdsResource } from "./resource.ts";

/** Prints a certificate with its key as the secret that TLS listeners name. */
export function printSecret(name: string, certificate: Extract<Certificate, { kind: "valid" }>): XdsResource {
  const bytes = encodeMessage("envoy.extensions.transport_sockets.tls.v3.Secret", {
    name,
    tlsCertificate: {
      certificateChain: { inlineString: certificate.chainPem },
      privateKey: { inlineString: certificate.keyPem },
    },
  });
  return xdsResource("secret", name, bytes);
}

/** Prints authorities as the secret that those name who ask the other side for a certificate. */
export function printAuthorities(name: string, pem: string): XdsResource {
  const bytes = encodeMessage("envoy.extensions.transport_sockets.tls.v3.Secret", {
    name,
    validationContext: { trustedCa: { inlineString: pem } },
  });
  return xdsResource("secret", name, bytes);
}
