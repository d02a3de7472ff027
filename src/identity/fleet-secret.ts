import { fleetName, fleetSecretName } from "../core/fleet-names.ts";
import { type NamespacedName, parseNamespacedName } from "../core/keys.ts";
import type { OwnerReference, RawObject } from "../core/kube-client.ts";
import type { CaPlan } from "./ca-plan.ts";
import { type DesiredSecret, fingerprintsAnnotation } from "./identity-secrets.ts";
import { type CertificateInForce, keepOrIssue } from "./issue.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { readSecretData } from "./secret-data.ts";

/** A Gateway whose proxies get a certificate. */
export interface FleetIdentity {
  readonly gateway: NamespacedName;
  /** Of the Gateway: one that was deleted and made again is another. */
  readonly uid: string;
}

/** The Secret with the certificates of a namespace's fleets as it should be. */
export interface SettledFleetSecret {
  readonly desired: DesiredSecret;
  readonly certificates: ReadonlyMap<FleetIdentity, CertificateInForce>;
}

/** Issues what the fleets of one namespace lack, and leaves out what belongs to none of them. */
export async function settleFleetSecret(
  {
    namespace,
    stored,
    fleets,
  }: {
    readonly namespace: string;
    readonly stored: RawObject | undefined;
    readonly fleets: readonly FleetIdentity[];
  },
  {
    authorities,
    trustDomain,
    now,
    lifetimes,
  }: {
    readonly authorities: CaPlan;
    readonly trustDomain: string;
    readonly now: number;
    readonly lifetimes: Lifetimes;
  },
): Promise<SettledFleetSecret> {
  const before = readSecretData(stored);
  const accepted = readFingerprints(stored);
  const certificates = new Map<FleetIdentity, CertificateInForce>();
  const data = new Map([["ca.crt", authorities.trusted.join("")]]);
  const fingerprints: [string, readonly string[]][] = [];
  const ownerReferences: OwnerReference[] = [];
  for (const fleet of [...fleets].sort((a, b) => (a.gateway < b.gateway ? -1 : 1))) {
    const { name } = parseNamespacedName(fleet.gateway);
    const [certKey, keyKey] = [`${fleetName(name)}.crt`, `${fleetName(name)}.key`];
    const uri = `spiffe://${trustDomain}/fleet/${fleet.gateway}/${fleet.uid}`;
    const request = { usages: ["client"] as const, dnsNames: [], uri, now, lifeMs: lifetimes.certificateMs };
    const inForce = await keepOrIssue({ cert: before.get(certKey), key: before.get(keyKey) }, authorities, request);
    certificates.set(fleet, inForce);
    data.set(certKey, inForce.pair.cert).set(keyKey, inForce.pair.key);
    fingerprints.push([name, acceptedNow(inForce, accepted.get(name) ?? [])]);
    ownerReferences.push({ apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", name, uid: fleet.uid });
  }
  const annotations = { [fingerprintsAnnotation]: JSON.stringify(Object.fromEntries(fingerprints)) };
  return { desired: { namespace, name: fleetSecretName, data, annotations, ownerReferences }, certificates };
}

/**
 * Reads which certificates a fleets' Secret says are accepted, by the Gateway's name. What is not in our form is accepted
 * for nobody.
 */
export function readFingerprints(secret: RawObject | undefined): ReadonlyMap<string, readonly string[]> {
  const parsed = parseJson(secret?.metadata.annotations?.[fingerprintsAnnotation]);
  if (typeof parsed !== "object" || parsed === null) return new Map();
  return new Map(
    Object.entries(parsed).map(([name, value]) => {
      const list: readonly unknown[] = Array.isArray(value) ? value : [];
      return [name, list.filter(isFingerprint).slice(0, 2)];
    }),
  );
}

/** A renewed certificate is good until it ends, for proxies that have yet to read the new one. */
function acceptedNow({ before, fingerprint }: CertificateInForce, accepted: readonly string[]): readonly string[] {
  if (before.kind === "due") return [fingerprint, before.facts.fingerprint];
  if (before.kind !== "good" || accepted[0] !== fingerprint) return [fingerprint];
  return [fingerprint, ...accepted.slice(1).filter((other) => other !== fingerprint)];
}

function isFingerprint(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // Written by hand: the caller takes it for nothing.
    return undefined;
  }
}
