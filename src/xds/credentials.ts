import { X509Certificate } from "node:crypto";
import { BlockList, isIP } from "node:net";
import { ServerCredentials } from "@grpc/grpc-js";
import { type NamespacedName, namespacedName } from "../core/keys.ts";
import type { ClientNode } from "./codec.ts";
import type { Admission } from "./stream-options.ts";

/** How proxies prove who they are. Plaintext takes their word for it, so it is bound to loopback. */
export type AdsSecurity =
  | { readonly kind: "loopback" }
  | {
      readonly kind: "mutual-tls";
      /** PEM. Only certificates of this authority are accepted; the system's are not. */
      readonly ca: Buffer;
      readonly cert: Buffer;
      readonly key: Buffer;
      readonly trustDomain: string;
    };

/** What a connection has proven, before anything that it sent is read. */
export type Identity =
  | { readonly kind: "unproven" }
  | { readonly kind: "gateway"; readonly gateway: NamespacedName }
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

/** Credentials of the server's port. */
export function createCredentials(security: AdsSecurity): ServerCredentials {
  return security.kind === "loopback" ? ServerCredentials.createInsecure() : new MutualTlsCredentials(security);
}

/** Reads who is on the other end of a connection from its certificate. */
export function identifyPeer(security: AdsSecurity, context: PeerContext, now: number): Identity {
  if (security.kind === "loopback") return { kind: "unproven" };
  const certificate = context.sslPeerCertificate;
  if (certificate === undefined) return { kind: "refused", message: "a client certificate is required" };
  const parsed = new X509Certificate(certificate.raw);
  // A resumed session is not checked against the clock again.
  if (parsed.validToDate.getTime() < now) return { kind: "refused", message: "the client certificate has expired" };
  const gateway = readGateway(parsed.subjectAltName ?? "", security.trustDomain);
  return gateway === undefined
    ? { kind: "refused", message: "the client certificate names no proxy fleet" }
    : { kind: "gateway", gateway };
}

/** Decides whose proxy a node is: what the connection has proven counts, and the node must agree with it. */
export function admitNode(identity: Identity, node: ClientNode): Admission {
  switch (identity.kind) {
    case "unproven":
      return { kind: "admitted", gateway: namespacedName(undefined, node.cluster) };
    case "gateway":
      return node.cluster === identity.gateway
        ? { kind: "admitted", gateway: identity.gateway }
        : { kind: "refused", message: "node.cluster differs from the fleet of the client certificate" };
    case "refused":
      return identity;
  }
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** The one URI name `spiffe://<trust domain>/fleet/<namespace>/<name>`; a second one or another form is nobody. */
function readGateway(subjectAltName: string, trustDomain: string): NamespacedName | undefined {
  // Node quotes names that hold anything unusual; none of ours does.
  if (subjectAltName.includes('"')) return undefined;
  const uris = subjectAltName.split(", ").filter((name) => name.startsWith("URI:"));
  const [uri] = uris;
  const prefix = `URI:spiffe://${trustDomain}/fleet/`;
  if (uris.length !== 1 || uri === undefined || !uri.startsWith(prefix)) return undefined;
  const [namespace, name, ...rest] = uri.slice(prefix.length).split("/");
  if (!isDnsName(namespace) || !isDnsName(name) || rest.length > 0) return undefined;
  return namespacedName(namespace, name);
}

function isDnsName(value: string | undefined): value is string {
  return value !== undefined && /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value);
}

/**
 * TLS 1.3 with required client certificates. grpc-js's own secure credentials offer no way to raise the protocol version,
 * and take the public authorities for clients when none is given.
 */
class MutualTlsCredentials extends ServerCredentials {
  constructor({ ca, cert, key }: Extract<AdsSecurity, { kind: "mutual-tls" }>) {
    super(
      { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
      { ca, cert, key, minVersion: "TLSv1.3", maxVersion: "TLSv1.3" },
    );
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
