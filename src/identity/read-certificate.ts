import { createHash, createPrivateKey, X509Certificate } from "node:crypto";

/** What a stored certificate says. Times are milliseconds since the epoch. */
export interface CertificateFacts {
  /** In one form, whatever the white space was. */
  readonly pem: string;
  /** SHA-256 of the certificate, in hex. */
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isAuthority: boolean;
  /** Subject alternative names as OpenSSL prints them, such as `DNS:a.example, URI:spiffe://b`. */
  readonly names: string;
}

/** Reads what a Secret holds as a certificate; undefined unless it is exactly one. */
export function readCertificate(pem: string | undefined): CertificateFacts | undefined {
  const certificate = parse(pem);
  if (certificate === undefined) return undefined;
  return {
    pem: certificate.toString(),
    fingerprint: createHash("sha256").update(certificate.raw).digest("hex"),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    isAuthority: certificate.ca,
    names: certificate.subjectAltName ?? "",
  };
}

/** Whether a private key is a P-256 key in PKCS#8, the kind that we make, and belongs to the certificate. */
export function keyFits(pem: string, key: string | undefined): boolean {
  if (key?.startsWith("-----BEGIN PRIVATE KEY-----\n") !== true) return false;
  try {
    const parsed = createPrivateKey(key);
    const isOurKind = parsed.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return isOurKind && parse(pem)?.checkPrivateKey(parsed) === true;
  } catch {
    // Whatever is wrong with it, it is no such key.
    return false;
  }
}

/** Whether one of the authorities has signed a certificate. */
export function isSignedBy(pem: string, authorities: readonly string[]): boolean {
  const certificate = parse(pem);
  return authorities.some((authority) => {
    const issuer = parse(authority);
    if (certificate === undefined || issuer === undefined) return false;
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  });
}

function parse(pem: string | undefined): X509Certificate | undefined {
  // Node reads the first of several and ignores the rest; TLS would not.
  if (pem === undefined || pem.split("-----BEGIN").length !== 2) return undefined;
  try {
    return new X509Certificate(pem);
  } catch {
    // Not a certificate: the caller gets to know by the missing value.
    return undefined;
  }
}
