import type { KeyPair } from "./authority.ts";
import { type Lifetimes, renewalTime } from "./lifetimes.ts";
import { type CertificateFacts, keyFits, readCertificate } from "./read-certificate.ts";
import type { SecretData } from "./secret-data.ts";

/** What to do with the authorities before anything else; one step at a time, until there is none. */
export type CaStep =
  /** There is no authority that can sign: what it signed before counts for nothing. */
  | { readonly kind: "make-current"; readonly reason: string }
  | { readonly kind: "make-next" }
  /** What is stored as the next one is of no use. */
  | { readonly kind: "drop-next"; readonly reason: string }
  /** The next authority signs from now on; the current one is trusted until what it signed has ended. */
  | { readonly kind: "promote-next"; readonly reason?: string }
  | { readonly kind: "drop-previous" }
  | { readonly kind: "make-token-key" };

/** Which authorities there are. */
export interface CaPlan {
  readonly step?: CaStep;
  /** Signs certificates; undefined while a step has to make it. */
  readonly signing?: KeyPair;
  /** PEM of all that are trusted: the one that signs, its successor, its predecessor. */
  readonly trusted: readonly string[];
  /** Everybody has yet to be told of the next one: {@link caKeys}.announcedAt is to be written when that is done. */
  readonly announce: boolean;
  /** When to plan again, in milliseconds since the epoch. */
  readonly lookAgainAt: number;
}

/** Keys of the data of the Secret that holds the authorities. */
export const caKeys = {
  currentCert: "current.crt",
  currentKey: "current.key",
  nextCert: "next.crt",
  nextKey: "next.key",
  /** When all certificate holders had been told of the next one, in milliseconds since the epoch. */
  announcedAt: "next.announcedAt",
  previousCert: "previous.crt",
  /** When the last certificate of the previous one ends, in milliseconds since the epoch. */
  previousUntil: "previous.until",
  /** 32 random bytes in hex, from which the fleets' tokens are derived. */
  tokenKey: "tokenKey",
} as const;

/**
 * Reads from the stored authorities what comes next in their lives.
 *
 *   make-next     everybody is told         promote-next                      drop-previous
 *       |---------------|------- learn ----------|-- life of a certificate ---------|
 *   current signs ...............................| next signs, current is trusted    |
 */
export function planAuthorities(data: SecretData, now: number, lifetimes: Lifetimes): CaPlan {
  const current = readAuthority(data, caKeys.currentCert, caKeys.currentKey);
  const next = readAuthority(data, caKeys.nextCert, caKeys.nextKey);
  const previous = readPrevious(data);
  const announcedAt = readTime(data.get(caKeys.announcedAt));
  const step = planStep({ data, now, lifetimes, current, next, previous, announcedAt });
  const trusted = [current, next, previous].filter((one) => one !== undefined);
  return {
    ...(step !== undefined && { step }),
    ...(isValid(current, now) && { signing: current.pair }),
    trusted: trusted.map(({ facts }) => facts.pem),
    announce: next !== undefined && announcedAt === undefined,
    lookAgainAt: Math.min(
      current?.facts.notAfter ?? now,
      next === undefined && current !== undefined ? renewalTime(current.facts) : Number.POSITIVE_INFINITY,
      next !== undefined && announcedAt !== undefined ? announcedAt + lifetimes.learnMs : Number.POSITIVE_INFINITY,
      previous?.until ?? Number.POSITIVE_INFINITY,
    ),
  };
}

/** The names of the entries that are part of an authority's private side; never to be logged. */
interface StoredAuthority {
  readonly facts: CertificateFacts;
  readonly pair: KeyPair;
}

interface PreviousAuthority {
  readonly facts: CertificateFacts;
  readonly until: number;
}

interface Situation {
  readonly data: SecretData;
  readonly now: number;
  readonly lifetimes: Lifetimes;
  readonly current: StoredAuthority | undefined;
  readonly next: StoredAuthority | undefined;
  readonly previous: PreviousAuthority | undefined;
  readonly announcedAt: number | undefined;
}

function planStep({ data, now, lifetimes, current, next, previous, announcedAt }: Situation): CaStep | undefined {
  if (!/^[0-9a-f]{64}$/.test(data.get(caKeys.tokenKey) ?? "")) return { kind: "make-token-key" };
  if (!isValid(current, now)) {
    const reason = current === undefined ? "there is none that can be used" : "it has expired";
    return isValid(next, now) ? { kind: "promote-next", reason } : { kind: "make-current", reason };
  }
  const hasPrevious = data.has(caKeys.previousCert) || data.has(caKeys.previousUntil);
  if (hasPrevious && (previous === undefined || previous.until <= now)) return { kind: "drop-previous" };
  const hasNext = data.has(caKeys.nextCert) || data.has(caKeys.nextKey);
  if (hasNext && !isValid(next, now)) return { kind: "drop-next", reason: "it cannot be used" };
  if (!hasNext) return now >= renewalTime(current.facts) ? { kind: "make-next" } : undefined;
  // A second predecessor could not be remembered.
  if (announcedAt === undefined || previous !== undefined) return undefined;
  return now >= announcedAt + lifetimes.learnMs ? { kind: "promote-next" } : undefined;
}

function readAuthority(data: SecretData, certKey: string, keyKey: string): StoredAuthority | undefined {
  const facts = readCertificate(data.get(certKey));
  const key = data.get(keyKey);
  if (facts?.isAuthority !== true || key === undefined || !keyFits(facts.pem, key)) return undefined;
  return { facts, pair: { cert: facts.pem, key } };
}

function isValid(authority: StoredAuthority | undefined, now: number): authority is StoredAuthority {
  return authority !== undefined && authority.facts.notBefore <= now && now < authority.facts.notAfter;
}

function readPrevious(data: SecretData): PreviousAuthority | undefined {
  const facts = readCertificate(data.get(caKeys.previousCert));
  const until = readTime(data.get(caKeys.previousUntil));
  if (facts?.isAuthority !== true || until === undefined) return undefined;
  return { facts, until: Math.min(until, facts.notAfter) };
}

function readTime(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}
