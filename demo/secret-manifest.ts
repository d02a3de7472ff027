import type { IssuedCertificate } from "../test/support/certificates.ts";
import type { CertificateRequest } from "./step.ts";

/** The manifest of a TLS Secret. */
export function secretManifest({ secret }: CertificateRequest, made: IssuedCertificate): string {
  const [namespace, name] = secret.split("/");
  return [
    "# Made for this run.",
    "apiVersion: v1",
    "kind: Secret",
    "metadata:",
    `  name: ${name}`,
    `  namespace: ${namespace}`,
    "type: kubernetes.io/tls",
    "data:",
    `  tls.crt: ${Buffer.from(made.certificatePem).toString("base64")}`,
    `  tls.key: ${Buffer.from(made.keyPem).toString("base64")}`,
    "",
  ].join("\n");
}
