// The dependency injection inside x509 wants it first.
import "reflect-metadata";
import { generateKeyPairSync, webcrypto } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { type CertificateAuthority, createCertificateAuthority } from "../../support/certificates.ts";
import { type BedLayout, bedNetwork } from "./layout.ts";

/** A certificate and its key, as text and as the files that the cluster's programs read. */
export interface Credential {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Who is who in a bed: one authority for servers and clients, and the key of service account tokens. */
export interface BedCredentials {
  readonly authorityPem: string;
  readonly authorityFile: string;
  readonly serviceAccountKeyFile: string;
  readonly apiServer: Credential;
  readonly admin: Credential;
  readonly controllerManager: Credential;
  readonly proxy: Credential;
  readonly kubelet: Credential;
}

/** Makes a bed's credentials and writes them where its programs read them. */
export async function createCredentials({ credentials: folder }: BedLayout): Promise<BedCredentials> {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  const authority = await createCertificateAuthority("Gatehouse bed");
  const issue = (name: string, subject: x509.JsonName, names: readonly string[] = []): Promise<Credential> =>
    issueCredential(authority, { folder, name, subject, names });
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    authorityPem: authority.certificatePem,
    authorityFile: write(folder, "ca.crt", authority.certificatePem),
    serviceAccountKeyFile: write(folder, "service-account.key", exportKey(keys.privateKey)),
    apiServer: await issue("apiserver", [{ CN: ["kube-apiserver"] }], apiServerNames),
    admin: await issue("admin", [{ O: ["system:masters"] }, { CN: ["admin"] }]),
    controllerManager: await issue("controller-manager", [{ CN: ["system:kube-controller-manager"] }]),
    proxy: await issue("proxy", [{ CN: ["system:kube-proxy"] }]),
    kubelet: await issue("kubelet", [{ CN: [bedNetwork.nodeName] }], [bedNetwork.nodeAddress, bedNetwork.nodeName]),
  };
}

/** A kubeconfig that carries its credentials with it; its address is one inside the bed. */
export function kubeconfigOf(authorityPem: string, { certificatePem, keyPem }: Credential): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const server = `https://127.0.0.1:${bedNetwork.apiServerPort}`;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "bed",
    clusters: [{ name: "bed", cluster: { server, "certificate-authority-data": base64(authorityPem) } }],
    users: [
      {
        name: "bed",
        user: { "client-certificate-data": base64(certificatePem), "client-key-data": base64(keyPem) },
      },
    ],
    contexts: [{ name: "bed", context: { cluster: "bed", user: "bed" } }],
  });
}

const apiServerNames = [
  "127.0.0.1",
  bedNetwork.nodeAddress,
  bedNetwork.kubernetesService,
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  `kubernetes.default.svc.${bedNetwork.clusterDomain}`,
];

interface Request {
  readonly folder: string;
  readonly name: string;
  readonly subject: x509.JsonName;
  readonly names: readonly string[];
}

async function issueCredential(authority: CertificateAuthority, request: Request): Promise<Credential> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: request.subject,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    notBefore: authority.certificate.notBefore,
    notAfter: authority.certificate.notAfter,
    extensions: extensionsFor(request.names),
  });
  const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const certificatePem = `${certificate.toString("pem")}\n`;
  const keyPem = `${x509.PemConverter.encode(key, "PRIVATE KEY")}\n`;
  return {
    certificatePem,
    keyPem,
    certificateFile: write(request.folder, `${request.name}.crt`, certificatePem),
    keyFile: write(request.folder, `${request.name}.key`, keyPem),
  };
}

function extensionsFor(names: readonly string[]): x509.Extension[] {
  const usages = [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth];
  const alternatives = names.map((value) => ({ type: isAddress(value) ? ("ip" as const) : ("dns" as const), value }));
  return [
    new x509.BasicConstraintsExtension(false),
    new x509.ExtendedKeyUsageExtension(usages),
    ...(alternatives.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(alternatives)]),
  ];
}

function isAddress(name: string): boolean {
  return /^[0-9.]+$/.test(name);
}

function exportKey(key: ReturnType<typeof generateKeyPairSync>["privateKey"]): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function write(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
