import { X509Certificate } from "node:crypto";

/** Longer chains are not followed. */
const longestChain = 8;

/** Whether one of the authorities in a PEM bundle stands behind a certificate, by way of those that were shown with it. */
export function isIssuedBy(certificate: X509Certificate, bundle: string): boolean {
  const authorities = readAuthorities(bundle);
  let link: X509Certificate | undefined = certificate;
  for (let length = 0; link !== undefined && length < longestChain; length++) {
    const shown: X509Certificate = link;
    const isTrusted = authorities.some(
      (authority) =>
        authority.raw.equals(shown.raw) || (shown.checkIssued(authority) && shown.verify(authority.publicKey)),
    );
    if (isTrusted) return true;
    link = shown.issuerCertificate;
  }
  return false;
}

function readAuthorities(bundle: string): readonly X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem));
}
