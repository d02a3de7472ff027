import { fleetSecretName } from "../core/fleet-names.ts";
import { type NamespacedName, namespacedName, parseNamespacedName } from "../core/keys.ts";
import type { RawObject } from "../core/kube-client.ts";
import type { TlsMaterial, TlsMaterialSource } from "../core/tls-material.ts";
import { caKeys } from "./ca-plan.ts";
import { type FleetIdentity, readFingerprints } from "./fleet-secret.ts";
import { deriveFleetToken } from "./fleet-token.ts";
import { authoritySecretName, serverSecretName } from "./identity-secrets.ts";
import type { IdentityLog } from "./issuer.ts";
import { isSignedBy, keyFits, readCertificate } from "./read-certificate.ts";
import { readSecretData } from "./secret-data.ts";
import type { SecretName } from "./secret-store.ts";

/**
 * What every replica knows of the identities that the leader keeps: its own certificate, whom it trusts, and which
 * certificates of fleets are accepted. It follows the Secrets, and writes none.
 */
export class Trust implements TlsMaterialSource {
  readonly #releaseNamespace: string;
  readonly #log: IdentityLog;
  readonly #listeners = new Set<() => void>();
  /** By namespace, then by the Gateway's name. */
  readonly #fingerprints = new Map<string, ReadonlyMap<string, readonly string[]>>();
  #uids: ReadonlyMap<NamespacedName, string> = new Map();
  #material: TlsMaterial | undefined;
  #tokenKey: string | undefined;

  constructor({ releaseNamespace, log }: { readonly releaseNamespace: string; readonly log: IdentityLog }) {
    this.#releaseNamespace = releaseNamespace;
    this.#log = log;
  }

  /**
   * Takes what a watch tells of a Secret; undefined when it is gone. Of the Secrets of fleets the metadata is enough, of
   * the two in the release's namespace the data is read.
   */
  observe({ namespace, name }: SecretName, secret: RawObject | undefined): void {
    if (namespace === this.#releaseNamespace && name === serverSecretName) this.#useServerSecret(secret);
    if (namespace === this.#releaseNamespace && name === authoritySecretName) this.#useAuthoritySecret(secret);
    if (name !== fleetSecretName) return;
    if (secret === undefined) this.#fingerprints.delete(namespace);
    else this.#fingerprints.set(namespace, readFingerprints(secret));
  }

  /** Says which Gateways have fleets, and which uid each has now: all of them. */
  setFleets(fleets: readonly FleetIdentity[]): void {
    this.#uids = new Map(fleets.map(({ gateway, uid }) => [gateway, uid]));
  }

  /** What this replica shows and trusts; undefined until the leader has issued it. */
  current(): TlsMaterial | undefined {
    return this.#material;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether a certificate (SHA-256, in hex) stands for the Gateway that has this uid now. */
  isAccepted(gateway: NamespacedName, uid: string, fingerprint: string): boolean {
    if (uid === "" || this.#uids.get(gateway) !== uid) return false;
    const { namespace = "", name } = parseNamespacedName(gateway);
    return this.#fingerprints.get(namespace)?.get(name)?.includes(fingerprint) === true;
  }

  /** The token by which a fleet's agents know who provisioned them; undefined until the leader has made its key. */
  fleetToken(gatewayUid: string): string | undefined {
    return this.#tokenKey === undefined ? undefined : deriveFleetToken(this.#tokenKey, gatewayUid);
  }

  /** The token by which the admission webhook knows the API server; undefined until the leader has made its key. */
  webhookToken(): string | undefined {
    // No uid of a Gateway has this form.
    return this.#tokenKey === undefined ? undefined : deriveFleetToken(this.#tokenKey, "admission webhook");
  }

  #useServerSecret(secret: RawObject | undefined): void {
    // While it is gone the last one is as good as it was; the leader makes another.
    if (secret === undefined) return;
    const data = readSecretData(secret);
    const material = { ca: data.get("ca.crt") ?? "", cert: data.get("tls.crt") ?? "", key: data.get("tls.key") ?? "" };
    const { ca, cert, key } = this.#material ?? {};
    if (ca === material.ca && cert === material.cert && key === material.key) return;
    const problem = findProblem(material);
    if (problem !== undefined) {
      const { resourceVersion } = secret.metadata;
      const name = namespacedName(this.#releaseNamespace, serverSecretName);
      this.#log.warn({ secret: name, resourceVersion, problem }, "the control plane keeps the certificate that it had");
      return;
    }
    this.#material = material;
    for (const listener of [...this.#listeners]) listener();
  }

  #useAuthoritySecret(secret: RawObject | undefined): void {
    const tokenKey = readSecretData(secret).get(caKeys.tokenKey);
    if (tokenKey !== undefined && /^[0-9a-f]{64}$/.test(tokenKey)) this.#tokenKey = tokenKey;
  }
}

function findProblem({
  ca,
  cert,
  key,
}: {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}): string | undefined {
  const authorities = ca.split(/(?<=-----END CERTIFICATE-----\n)/);
  if (authorities.some((one) => readCertificate(one)?.isAuthority !== true))
    return "ca.crt holds something else than authorities";
  const facts = readCertificate(cert);
  if (facts === undefined) return "tls.crt is no certificate";
  if (!keyFits(facts.pem, key)) return "tls.key does not belong to tls.crt";
  return isSignedBy(facts.pem, authorities) ? undefined : "tls.crt is signed by none of ca.crt";
}
