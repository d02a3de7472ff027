import { type ChannelCredentials, credentials } from "@grpc/grpc-js";
import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import type { TlsMaterial } from "../../src/core/tls-material.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../../src/identity/authority.ts";
import { readCertificate } from "../../src/identity/read-certificate.ts";
import type { AdsSecurity } from "../../src/xds/credentials.ts";
import { TestMaterial } from "../support/test-material.ts";

const hour = 3_600_000;
const trustDomain = "gatehouse.test";

/** The DNS name that the server's certificate is for. */
export const serverName = "gatehouse-xds.gatehouse-system.svc";

/** The Gateway whose proxies connect unless a test says otherwise. */
export const defaultFleet = { gateway: namespacedName("infra", "gateway"), uid: "uid-1" };

/** Whose proxy a certificate is for, and what is wrong with it. */
export interface ProxyRequest {
  readonly gateway?: NamespacedName;
  readonly uid?: string;
  readonly issuer?: KeyPair;
  /** Milliseconds since the epoch. */
  readonly issued?: number;
  /** False: it is signed, and nobody has it on the list. */
  readonly listed?: boolean;
}

/** Authorities and certificates as the leader issues them, held by a test. */
export class FleetIdentities {
  authority: KeyPair;
  readonly material = new TestMaterial();
  readonly accepted = new Set<string>();
  readonly security: AdsSecurity = {
    kind: "issued-certificates",
    material: this.material,
    trustDomain,
    isAccepted: (gateway, uid, fingerprint) => this.accepted.has(`${gateway} ${uid} ${fingerprint}`),
  };

  static async create(): Promise<FleetIdentities> {
    const identities = new FleetIdentities(await createAuthority(Date.now(), 100 * hour));
    await identities.showServer();
    return identities;
  }

  private constructor(authority: KeyPair) {
    this.authority = authority;
  }

  /** Has the server show a new certificate and trust these authorities. */
  async showServer(trusted: readonly KeyPair[] = [this.authority], issuer = this.authority): Promise<TlsMaterial> {
    const uri = `spiffe://${trustDomain}/control-plane`;
    const request = {
      usages: ["server", "client"],
      dnsNames: [serverName],
      uri,
      now: Date.now(),
      lifeMs: hour,
    } as const;
    const { cert, key } = await issueCertificate(issuer, request);
    const material = { ca: trusted.map((one) => one.cert).join(""), cert, key };
    this.material.set(material);
    return material;
  }

  /** Issues a proxy's certificate. */
  async proxy(request: ProxyRequest = {}): Promise<KeyPair> {
    const { gateway = defaultFleet.gateway, uid = defaultFleet.uid, issuer = this.authority } = request;
    const { issued = Date.now(), listed = true } = request;
    const uri = `spiffe://${trustDomain}/fleet/${gateway}/${uid}`;
    const pair = await issueCertificate(issuer, { usages: ["client"], dnsNames: [], uri, now: issued, lifeMs: hour });
    if (listed) this.accepted.add(`${gateway} ${uid} ${fingerprintOf(pair)}`);
    return pair;
  }

  /** What a client of gRPC shows and trusts. */
  credentials(pair: KeyPair | undefined, trusted: readonly KeyPair[] = [this.authority]): ChannelCredentials {
    const ca = Buffer.from(trusted.map((one) => one.cert).join(""));
    const [key, cert] = pair === undefined ? [null, null] : [Buffer.from(pair.key), Buffer.from(pair.cert)];
    return credentials.createSsl(ca, key, cert, {
      // The server is found by address here; its name is checked all the same.
      checkServerIdentity: (_, { subjectaltname }) =>
        subjectaltname?.includes(`DNS:${serverName}`) === true ? undefined : new Error("another server"),
    });
  }
}

/** SHA-256 of a certificate, in hex. */
export function fingerprintOf(pair: KeyPair): string {
  return readCertificate(pair.cert)?.fingerprint ?? "";
}
