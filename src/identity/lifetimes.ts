const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long certificates are good for, in milliseconds. */
export interface Lifetimes {
  /** Of the certificates of fleets and of the control plane. */
  readonly certificateMs: number;
  /** Of an authority. Its successor is made when a third of it is left. */
  readonly authorityMs: number;
  /** How long a new authority is trusted by everybody before it signs anything. */
  readonly learnMs: number;
}

/** What holds unless told otherwise: a day, a year, and two days to hear of a new authority. */
export const defaultLifetimes: Lifetimes = { certificateMs: day, authorityMs: 365 * day, learnMs: 2 * day };

/** Certificates begin so much before they are issued, for machines whose clocks are behind. */
export const backdateMs = 5 * minute;

/** From when on something that is valid between two moments has to be replaced: when a third of its life is left. */
export function renewalTime({
  notBefore,
  notAfter,
}: {
  readonly notBefore: number;
  readonly notAfter: number;
}): number {
  const issued = notBefore + backdateMs;
  return issued + (2 * (notAfter - issued)) / 3;
}

/**
 * The same for a certificate among many: up to a tenth earlier, so that not all of them fall due at once. The certificate
 * itself decides how much, and so every replica and every restart comes to the same moment.
 */
export function jitteredRenewalTime(certificate: {
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256, in hex. */
  readonly fingerprint: string;
}): number {
  const share = Number.parseInt(certificate.fingerprint.slice(0, 8), 16) / 0xffff_ffff;
  const issued = certificate.notBefore + backdateMs;
  return issued + (renewalTime(certificate) - issued) * (1 - share / 10);
}
