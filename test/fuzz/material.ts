/** Certificates of which Secrets and ConfigMaps are made: made once, as they cost time. */
import { createCertificateAuthority, type IssuedCertificate, issueCertificate } from "../support/certificates.ts";
import type { PlainRecord } from "./plain.ts";

export interface Material {
  readonly certificate: IssuedCertificate;
  readonly authorityPem: string;
  /** Contents of `data`, right and wrong ones. */
  readonly secretData: readonly PlainRecord[];
  readonly configMapData: readonly PlainRecord[];
}

/** Stands in Secrets: nobody may ever read it in a status. */
export const secretWord = "q7vz-secret-word";

export async function makeMaterial(): Promise<Material> {
  const [authority, other] = [await createCertificateAuthority("one"), await createCertificateAuthority("two")];
  const certificate = await issueCertificate(authority, { names: ["shop.example.com", "*.example.com"] });
  const rsa = await issueCertificate(authority, { names: ["a.b.test"], keyKind: "rsa" });
  const weak = await issueCertificate(authority, { names: ["a.b.test"], keyKind: "weak rsa" });
  const past = new Date("2020-01-01T00:00:00Z");
  const expired = await issueCertificate(authority, { names: ["shop.example.com"], notBefore: past, notAfter: past });
  const [one, two] = [authority.certificatePem, other.certificatePem];
  return {
    certificate,
    authorityPem: one,
    secretData: [
      ...[certificate, certificate, rsa, weak, expired].map(tlsData),
      tlsData({ ...certificate, keyPem: rsa.keyPem }),
      tlsData({ certificatePem: secretWord, keyPem: secretWord }),
      tlsData({ certificatePem: certificate.certificatePem + rsa.certificatePem, keyPem: certificate.keyPem }),
      { "tls.crt": "", "tls.key": "" },
      { ...tlsData(certificate), "ca.crt": encoded(one) },
      { "ca.crt": encoded(one) },
    ],
    configMapData: [
      ...[one, one, two, one + two, two + one + one].map((pem) => ({ "ca.crt": pem })),
      ...["", "nothing", certificate.certificatePem, certificate.keyPem].map((pem) => ({ "ca.crt": pem })),
      { "ca.crt": one.slice(0, 200) },
      { "ca.crt": `${one}garbage after` },
      { "ca.crt": one.replaceAll("\n", "\r\n") },
      { "ca.crt": one.repeat(40) },
      { other: one },
      {},
    ],
  };
}

/** `data` of a kubernetes.io/tls Secret. */
export function tlsData({ certificatePem, keyPem }: IssuedCertificate): PlainRecord {
  return { "tls.crt": encoded(certificatePem), "tls.key": encoded(keyPem) };
}

function encoded(text: string): string {
  return Buffer.from(text).toString("base64");
}
