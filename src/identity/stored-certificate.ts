import type { KeyPair } from "./authority.ts";
import { jitteredRenewalTime } from "./lifetimes.ts";
import { type CertificateFacts, isSignedBy, keyFits, readCertificate } from "./read-certificate.ts";

/** What is to be done about a certificate that a Secret holds. */
export type StoredCertificate =
  | { readonly kind: "good"; readonly pair: KeyPair; readonly facts: CertificateFacts; readonly renewAt: number }
  /** It still proves what it says, but a new one has to be issued. */
  | { readonly kind: "due"; readonly facts: CertificateFacts }
  | { readonly kind: "missing" }
  /** Somebody else wrote it, or it has ended. Its fingerprint is not accepted any more. */
  | { readonly kind: "useless"; readonly reason: string };

/** Judges a certificate and its key as they are stored, whoever wrote them. */
export function judgeCertificate(
  { cert, key }: { readonly cert: string | undefined; readonly key: string | undefined },
  {
    trusted,
    names,
    now,
  }: {
    readonly trusted: readonly string[];
    /** The subject alternative names that it must have, all of them and no other. */
    readonly names: string;
    readonly now: number;
  },
): StoredCertificate {
  if (cert === undefined && key === undefined) return { kind: "missing" };
  const facts = readCertificate(cert);
  if (facts === undefined) return useless("it is no certificate");
  if (key === undefined || !keyFits(facts.pem, key)) return useless("its private key is not its own");
  if (!isSignedBy(facts.pem, trusted)) return useless("its authority is not trusted");
  if (facts.names !== names || facts.isAuthority) return useless("it names somebody else");
  if (now < facts.notBefore || facts.notAfter <= now) return useless("it is not valid at this time");
  const renewAt = jitteredRenewalTime(facts);
  return renewAt <= now ? { kind: "due", facts } : { kind: "good", pair: { cert: facts.pem, key }, facts, renewAt };
}

function useless(reason: string): StoredCertificate {
  return { kind: "useless", reason };
}
