import { type CertificateRequest, issueCertificate, type KeyPair } from "./authority.ts";
import type { CaPlan } from "./ca-plan.ts";
import { jitteredRenewalTime } from "./lifetimes.ts";
import { readCertificate } from "./read-certificate.ts";
import { judgeCertificate, type StoredCertificate } from "./stored-certificate.ts";

/** A certificate that is in force, with what was there before. */
export interface CertificateInForce {
  readonly pair: KeyPair;
  /** SHA-256, in hex. */
  readonly fingerprint: string;
  readonly notAfter: number;
  readonly renewAt: number;
  /** Good when it was kept. */
  readonly before: StoredCertificate;
}

/** Keeps a stored certificate while it is good, and issues another when it is not. */
export async function keepOrIssue(
  stored: { readonly cert: string | undefined; readonly key: string | undefined },
  { trusted, signing }: CaPlan,
  request: CertificateRequest,
): Promise<CertificateInForce> {
  const names = [...request.dnsNames.map((name) => `DNS:${name}`), `URI:${request.uri}`].join(", ");
  const before = judgeCertificate(stored, { trusted, names, now: request.now });
  if (before.kind === "good") {
    const { pair, facts, renewAt } = before;
    return { pair, fingerprint: facts.fingerprint, notAfter: facts.notAfter, renewAt, before };
  }
  if (signing === undefined) throw new Error("bug: no authority that signs");
  const issued = await issueCertificate(signing, request);
  const facts = readCertificate(issued.cert);
  if (facts === undefined) throw new Error("bug: an issued certificate cannot be read");
  const { pem, fingerprint, notAfter } = facts;
  return { pair: { cert: pem, key: issued.key }, fingerprint, notAfter, renewAt: jitteredRenewalTime(facts), before };
}
