import { constants, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import type { TlsMaterial, TlsMaterialSource } from "../core/tls-material.ts";

/** Credentials of the port on which replicas listen to each other: TLS 1.3, from material that may change at any time. */
export function createServerCredentials(material: TlsMaterialSource): ServerCredentials {
  return new LiveServerCredentials(material);
}

/** Credentials of one connection to another replica, which has to prove that it is one. */
export function createClientCredentials(material: TlsMaterial, trustDomain: string): ChannelCredentials {
  return ChannelCredentials.createFromSecureContext(createSecureContext(contextOf(material)), {
    // Replicas are found by address; what counts is who they are.
    checkServerIdentity: (_host, { subjectaltname = "" }) =>
      isReplica(subjectaltname, trustDomain) ? undefined : new Error("the server is no replica of the control plane"),
  });
}

/** Until when a peer's certificate proves that it is a replica; undefined when it does not. */
export function replicaUntil(certificate: Buffer | undefined, trustDomain: string): number | undefined {
  if (certificate === undefined) return undefined;
  const parsed = new X509Certificate(certificate);
  return isReplica(parsed.subjectAltName ?? "", trustDomain) ? parsed.validToDate.getTime() : undefined;
}

function isReplica(subjectAltName: string, trustDomain: string): boolean {
  const uris = subjectAltName.split(", ").filter((name) => name.startsWith("URI:"));
  return uris.length === 1 && uris[0] === `URI:spiffe://${trustDomain}/control-plane`;
}

const tlsOptions = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  // A resumed session would bring along a certificate that was checked by an authority of another day.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

function contextOf({ ca, cert, key }: TlsMaterial): SecureContextOptions {
  return { ca, cert, key, ...tlsOptions };
}

/** grpc-js's own secure credentials keep what they were made with, and older versions of TLS. */
class LiveServerCredentials extends ServerCredentials {
  readonly #material: TlsMaterialSource;
  #stop: (() => void) | undefined;

  constructor(material: TlsMaterialSource) {
    const first = material.current();
    super({ requestCert: true, rejectUnauthorized: true, ...tlsOptions }, first && contextOf(first));
    this.#material = material;
  }

  override _addWatcher(watcher: Parameters<ServerCredentials["_addWatcher"]>[0]): void {
    super._addWatcher(watcher);
    this.#stop ??= this.#material.onChange(() => {
      const material = this.#material.current();
      this.updateSecureContextOptions(material === undefined ? null : contextOf(material));
    });
  }

  override _removeWatcher(watcher: Parameters<ServerCredentials["_removeWatcher"]>[0]): void {
    super._removeWatcher(watcher);
    if (this.getWatcherCount() > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
