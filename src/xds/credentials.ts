import { constants, createHash, X509Certificate } from "node:crypto";
import { BlockList, isIP } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { type NamespacedName, namespacedName } from "../core/keys.ts";
import type { TlsMaterial, TlsMaterialSource } from "../core/tls-material.ts";
import type { ClientNode } from "./codec.ts";
import type { Admission } from "./stream-options.ts";

/** How proxies prove who they are. Plaintext takes their word for it, so it is bound to loopback. */
export type AdsSecurity =
  | { readonly kind: "loopback" }
  /**
   * Certificates that somebody made by hand: `spiffe://<trust domain>/fleet/<namespace>/<name>`, good until they end or their
   * authority is trusted no more.
   */
  | { readonly kind: "mutual-tls"; readonly material: TlsMaterialSource; readonly trustDomain: string }
  /** Certificates that Gatehouse issues: their names end in the Gateway's uid, and they may be taken back. */
  | {
      readonly kind: "issued-certificates";
      readonly material: TlsMaterialSource;
      readonly trustDomain: string;
      /** Whether this certificate (SHA-256, in hex) stands for the Gateway that has this uid now. */
      readonly isAccepted: (gateway: NamespacedName, uid: string, fingerprint: string) => boolean;
    };

/** What a connection has proven, before anything that it sent is read. */
export type Identity =
  | { readonly kind: "unproven" }
  | {
      readonly kind: "gateway";
      readonly gateway: NamespacedName;
      /** Of the Gateway; absent in a certificate made by hand. */
      readonly uid?: string;
      /** SHA-256 of the certificate, in hex. */
      readonly fingerprint: string;
      /** Milliseconds since the epoch. */
      readonly expires: number;
    }
  | { readonly kind: "refused"; readonly message: string };

/** What grpc-js tells of a connection; empty when no certificate was accepted. */
export interface PeerContext {
  readonly sslPeerCertificate?: { readonly raw: Buffer };
}

/** Whether an address is reachable from this machine only. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** What the server's port shows and trusts; undefined where it is plaintext. */
export function materialOf(security: AdsSecurity): TlsMaterialSource | undefined {
  return security.kind === "loopback" ? undefined : security.material;
}

/** Reads who is on the other end of a connection from its certificate. */
export function identifyPeer(security: AdsSecurity, context: PeerContext, now: number): Identity {
  if (security.kind === "loopback") return { kind: "unproven" };
  const raw = context.sslPeerCertificate?.raw;
  if (raw === undefined) return { kind: "refused", message: "a client certificate is required" };
  const certificate = new X509Certificate(raw);
  const fleet = readFleet(certificate.subjectAltName ?? "", security);
  if (fleet === undefined) return { kind: "refused", message: "the client certificate names no proxy fleet" };
  const fingerprint = createHash("sha256").update(raw).digest("hex");
  const identity = { kind: "gateway", ...fleet, fingerprint, expires: certificate.validToDate.getTime() } as const;
  const message = findObjection(security, identity, now);
  return message === undefined ? identity : { kind: "refused", message };
}

/** Why a peer that has proven who it is may not go on, or not begin; undefined when it may. */
export function findObjection(security: AdsSecurity, identity: Identity, now: number): string | undefined {
  if (identity.kind !== "gateway") return undefined;
  if (identity.expires < now) return "the client certificate has expired";
  if (security.kind !== "issued-certificates") return undefined;
  const { gateway, uid = "", fingerprint } = identity;
  return security.isAccepted(gateway, uid, fingerprint)
    ? undefined
    : "the client certificate is not, or no longer, valid";
}

/** Decides whose proxy a node is: what the connection has proven counts, and the node must agree with it. */
export function admitNode(identity: Identity, node: ClientNode): Admission {
  switch (identity.kind) {
    case "unproven":
      return { kind: "admitted", gateway: namespacedName(undefined, node.cluster) };
    case "gateway":
      return node.cluster === identity.gateway
        ? { kind: "admitted", gateway: identity.gateway }
        : {
            kind: "refused",
            reason: "permission-denied",
            message: "node.cluster differs from the fleet of the client certificate",
          };
    case "refused":
      return { ...identity, reason: "permission-denied" };
  }
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * The one URI name `spiffe://<trust domain>/fleet/<namespace>/<name>`, with `/<uid>` where Gatehouse issues the
 * certificates; a second name or another form is nobody.
 */
function readFleet(
  subjectAltName: string,
  { kind, trustDomain }: Exclude<AdsSecurity, { kind: "loopback" }>,
): { readonly gateway: NamespacedName; readonly uid?: string } | undefined {
  // Node quotes names that hold anything unusual; none of ours does.
  if (subjectAltName.includes('"')) return undefined;
  const uris = subjectAltName.split(", ").filter((name) => name.startsWith("URI:"));
  const [uri] = uris;
  const prefix = `URI:spiffe://${trustDomain}/fleet/`;
  if (uris.length !== 1 || uri === undefined || !uri.startsWith(prefix)) return undefined;
  const [namespace, name, uid, ...rest] = uri.slice(prefix.length).split("/");
  if (!isDnsName(namespace) || !isDnsName(name) || rest.length > 0) return undefined;
  const gateway = namespacedName(namespace, name);
  if (kind === "mutual-tls") return uid === undefined ? { gateway } : undefined;
  return uid !== undefined && /^[0-9A-Za-z-]{1,64}$/.test(uid) ? { gateway, uid } : undefined;
}

function isDnsName(value: string | undefined): value is string {
  return value !== undefined && /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value);
}

/** TLS 1.3 and nothing older, whatever the material. */
export const tlsOptions = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  // A resumed session would bring along a certificate that was checked by an authority of another day.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

/** The options of a secure context that goes by the material; no other authorities are trusted. */
export function secureContextOf(material: TlsMaterial | undefined): SecureContextOptions | undefined {
  return material && { ca: material.ca, cert: material.cert, key: material.key, ...tlsOptions };
}
