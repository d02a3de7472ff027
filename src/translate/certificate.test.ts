import "reflect-metadata";
import { createPrivateKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../../test/support/certificates.ts";
import { base64, tlsSecret } from "../../test/support/gateway-objects.ts";
import type { Reader } from "../collection/collection.ts";
import type { Secret } from "../core/kubernetes.ts";
import { certificateState, readCertificate } from "./certificate.ts";
import type { Certificate } from "./nodes.ts";

const read: Reader = { get: () => undefined };
let authority: CertificateAuthority;
let ec: IssuedCertificate;
let rsa: IssuedCertificate;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  ec = await issueCertificate(authority, { names: ["a.example.com"] });
  rsa = await issueCertificate(authority, { names: ["a.example.com"], keyKind: "rsa" });
});

function certificateOf(secret: Secret): Certificate {
  const [output] = [...readCertificate(read, "a/b", secret)];
  if (output === undefined) throw new Error("no output");
  expect(output[0]).toBe("a/b");
  return output[1];
}

function parse(certificatePem: string, keyPem: string): Certificate {
  return certificateOf(tlsSecret("a", "b", { certificatePem, keyPem }));
}

function messageOf(certificate: Certificate): string {
  return certificate.kind === "invalid" ? certificate.message : "it is valid";
}

describe("a usable certificate", () => {
  it("is read with its chain, leaf first", () => {
    const certificate = parse(ec.certificatePem + authority.certificatePem, ec.keyPem);
    expect(certificate).toMatchObject({ kind: "valid" });
    if (certificate.kind === "valid") {
      expect(certificate.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
      expect(certificate.chainPem.replace(/\s/g, "")).toContain(ec.certificatePem.replace(/\s/g, ""));
    }
  });

  it("may have an RSA key", () => {
    expect(parse(rsa.certificatePem, rsa.keyPem).kind).toBe("valid");
  });

  it("may have an Ed25519 key", async () => {
    const keys = await webcrypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    if (!("privateKey" in keys)) throw new Error("no key pair");
    const own = await X509CertificateGenerator.createSelfSigned({
      name: "CN=a",
      keys,
      signingAlgorithm: { name: "Ed25519" },
    });
    const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
    expect(parse(own.toString("pem"), PemConverter.encode(key, "PRIVATE KEY")).kind).toBe("valid");
  });

  it("gives the same bytes whatever its line ends, blanks and comments", () => {
    const plain = parse(ec.certificatePem, ec.keyPem);
    const crlf = (text: string) => text.replaceAll("\n", "\r\n");
    expect(plain.kind).toBe("valid");
    expect(parse(crlf(ec.certificatePem), crlf(ec.keyPem))).toEqual(plain);
    expect(parse(`subject=CN = a\n\n  ${ec.certificatePem}\n\n`, `\n${ec.keyPem}  `)).toEqual(plain);
  });

  it("may have its key in any of the usual forms, with EC PARAMETERS in front", () => {
    const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    const sec1 = createPrivateKey(ec.keyPem).export({ type: "sec1", format: "pem" }).toString();
    const pkcs1 = createPrivateKey(rsa.keyPem).export({ type: "pkcs1", format: "pem" }).toString();
    expect(sec1).toContain("BEGIN EC PRIVATE KEY");
    expect(pkcs1).toContain("BEGIN RSA PRIVATE KEY");
    expect(parse(ec.certificatePem, parameters + sec1)).toEqual(parse(ec.certificatePem, ec.keyPem));
    expect(parse(rsa.certificatePem, pkcs1)).toEqual(parse(rsa.certificatePem, rsa.keyPem));
  });

  it("may have blanks in its base64", () => {
    const secret = tlsSecret("a", "b", ec);
    const data = { ...secret.data, "tls.crt": base64(ec.certificatePem).replace(/(.{60})/g, "$1\n") };
    expect(certificateOf({ ...secret, data })).toEqual(certificateOf(secret));
  });
});

describe("an unusable certificate says why", () => {
  const weak = (type: "rsa" | "rsa-pss" | "ec") => {
    const pair =
      type === "rsa"
        ? generateKeyPairSync("rsa", { modulusLength: 1024 })
        : type === "ec"
          ? generateKeyPairSync("ec", { namedCurve: "secp256k1" })
          : generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
    return pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  };
  it.each<{ name: string; make: () => Secret; want: string }>([
    {
      name: "a Secret of another type",
      make: () => ({ ...tlsSecret("a", "b", ec), type: "Opaque" }),
      want: "is of type Opaque, not kubernetes.io/tls",
    },
    {
      name: "a Secret without data",
      make: () => {
        const { data: _data, ...secret } = tlsSecret("a", "b", ec);
        return secret;
      },
      want: "has no tls.crt",
    },
    {
      name: "a Secret without a key",
      make: () => ({ ...tlsSecret("a", "b", ec), data: { "tls.crt": base64(ec.certificatePem), "tls.key": "" } }),
      want: "has no tls.key",
    },
    {
      name: "what is not base64",
      make: () => ({ ...tlsSecret("a", "b", ec), data: { "tls.crt": "%%%%", "tls.key": base64(ec.keyPem) } }),
      want: "has a tls.crt that is not base64",
    },
    {
      name: "what is no PEM",
      make: () => tlsSecret("a", "b", { certificatePem: "Hello world\n", keyPem: "Hello world\n" }),
      want: "has no certificate in tls.crt",
    },
    {
      name: "a block without an end",
      make: () => tlsSecret("a", "b", { certificatePem: ec.certificatePem.slice(0, 200), keyPem: ec.keyPem }),
      want: "has a tls.crt that is not PEM",
    },
    {
      name: "a certificate that holds something else",
      make: () =>
        tlsSecret("a", "b", {
          certificatePem: "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
          keyPem: ec.keyPem,
        }),
      want: "has a certificate in tls.crt that cannot be parsed",
    },
    {
      name: "a good leaf with a bad intermediate",
      make: () =>
        tlsSecret("a", "b", {
          certificatePem: `${ec.certificatePem}-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n`,
          keyPem: ec.keyPem,
        }),
      want: "has a certificate in tls.crt that cannot be parsed",
    },
    {
      name: "the certificate where the key should be",
      make: () => tlsSecret("a", "b", { certificatePem: ec.certificatePem, keyPem: ec.certificatePem }),
      want: "has no private key in tls.key",
    },
    {
      name: "two keys",
      make: () => tlsSecret("a", "b", { certificatePem: ec.certificatePem, keyPem: ec.keyPem + rsa.keyPem }),
      want: "has more than one private key in tls.key",
    },
    {
      name: "an encrypted key",
      make: () => {
        const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
        const options = { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
        return tlsSecret("a", "b", { ...ec, keyPem: privateKey.export(options).toString() });
      },
      want: "has a private key in tls.key that cannot be parsed, or is encrypted",
    },
    {
      name: "the key of another certificate",
      make: () => tlsSecret("a", "b", { certificatePem: ec.certificatePem, keyPem: rsa.keyPem }),
      want: "has a tls.key that does not fit its certificate",
    },
    {
      name: "a short RSA key",
      make: () => tlsSecret("a", "b", { ...ec, keyPem: weak("rsa") }),
      want: "has an RSA key that is not of 2048 to 16384 bits",
    },
    {
      name: "a curve that Envoy does not take",
      make: () => tlsSecret("a", "b", { ...ec, keyPem: weak("ec") }),
      want: "has an EC key on another curve than P-256, P-384 or P-521",
    },
    {
      name: "a kind of key that Envoy does not take",
      make: () => tlsSecret("a", "b", { ...ec, keyPem: weak("rsa-pss") }),
      want: "has a private key that is neither RSA, ECDSA nor Ed25519",
    },
    {
      name: "a chain that is too long",
      make: () => tlsSecret("a", "b", { ...ec, certificatePem: ec.certificatePem.repeat(33) }),
      want: "has more than 32 certificates in tls.crt",
    },
    {
      name: "a field that is too long",
      make: () => tlsSecret("a", "b", { ...ec, certificatePem: ec.certificatePem + " ".repeat(300_000) }),
      want: "has a tls.crt of more than 256 KiB",
    },
  ])("$name", ({ make, want }) => {
    expect(messageOf(certificateOf(make()))).toBe(want);
  });

  it("never throws and never tells the key, whatever the bytes are", () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----BEGIN ", "-----", "\n", "\r\n"),
    );
    const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, (certificatePem, keyPem) => {
        expect(parse(certificatePem, keyPem).kind).toBe("invalid");
        expect(parse(ec.certificatePem + certificatePem, keyPem).kind).toBe("invalid");
      }),
    );
  });
});

describe("certificateState", () => {
  const stateOf = (certificate: Certificate) => [...certificateState(read, "a/b", certificate)];

  it("does not change when the certificate is rotated", async () => {
    const rotated = await issueCertificate(authority, { names: ["a.example.com"] });
    const [before, after] = [parse(ec.certificatePem, ec.keyPem), parse(rotated.certificatePem, rotated.keyPem)];
    expect(after).not.toEqual(before);
    expect(stateOf(after)).toEqual(stateOf(before));
    expect(stateOf(before)).toEqual([["a/b", { kind: "valid" }]]);
  });

  it("tells why a certificate is invalid", () => {
    const invalid: Certificate = { kind: "invalid", message: "has no tls.crt" };
    expect(stateOf(invalid)).toEqual([["a/b", invalid]]);
  });
});
