import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority, issueCertificate } from "../../test/support/certificates.ts";
import type { Reader } from "../collection/collection.ts";
import type { ConfigMap } from "../core/kubernetes.ts";
import { type CaBundle, caBundleState, readCaBundle } from "./ca-bundle.ts";

const read: Reader = { get: () => undefined };
let one: string;
let two: string;
let key: string;

beforeAll(async () => {
  const authority = await createCertificateAuthority("one");
  one = authority.certificatePem;
  two = (await createCertificateAuthority("two")).certificatePem;
  key = (await issueCertificate(authority, { names: ["a"] })).keyPem;
});

function bundleOf(data: ConfigMap["data"]): CaBundle {
  const metadata = { name: "b", namespace: "a", generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" };
  const configMap: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata, ...(data && { data }) };
  const [output] = [...readCaBundle(read, "a/b", configMap)];
  if (output === undefined) throw new Error("no output");
  expect(output[0]).toBe("a/b");
  return output[1];
}

const parse = (text: string) => bundleOf({ "ca.crt": text });

describe("usable authorities", () => {
  it("are read in their order, each once", () => {
    expect(parse(one + two + one)).toEqual(parse(one + two));
    expect(parse(one + two)).not.toEqual(parse(two + one));
    expect(parse(one + two)).toMatchObject({
      kind: "valid",
      pem: expect.stringMatching(/^(-----BEGIN CERT[\s\S]*){2}$/),
    });
  });

  it("give the same bytes whatever their line ends, blanks and comments", () => {
    const crlf = one.replaceAll("\n", "\r\n");
    expect(parse(`# the first\n${crlf}\n\n  subject=CN = two\n${two}  `)).toEqual(parse(one + two));
  });

  it("are told to others without their bytes, so that a rotated bundle changes nothing there", () => {
    const states = [one, two].map((text) => [...caBundleState(read, "a/b", parse(text))]);
    expect(states[0]).toEqual([["a/b", { kind: "valid" }]]);
    expect(states[1]).toEqual(states[0]);
  });
});

describe("unusable authorities say why", () => {
  const broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";

  it.each<{ name: string; data: () => ConfigMap["data"]; want: string }>([
    { name: "no data", data: () => undefined, want: "has no ca.crt" },
    { name: "another key", data: () => ({ "ca.pem": one }), want: "has no ca.crt" },
    { name: "a name of every object", data: () => ({ toString: one }), want: "has no ca.crt" },
    { name: "nothing", data: () => ({ "ca.crt": " \n" }), want: "has no ca.crt" },
    { name: "words", data: () => ({ "ca.crt": "Hello" }), want: "has no certificate in ca.crt" },
    { name: "half a block", data: () => ({ "ca.crt": one.slice(0, 200) }), want: "has a ca.crt that is not PEM" },
    {
      name: "something else in a block",
      data: () => ({ "ca.crt": broken }),
      want: "has a certificate in ca.crt that cannot be parsed",
    },
    {
      name: "one that is bad beside a good one",
      data: () => ({ "ca.crt": one + broken }),
      want: "has a certificate in ca.crt that cannot be parsed",
    },
    { name: "a private key", data: () => ({ "ca.crt": one + key }), want: "has a private key in ca.crt" },
    { name: "too many", data: () => ({ "ca.crt": one.repeat(301) }), want: "has more than 300 certificates in ca.crt" },
    {
      name: "too much",
      data: () => ({ "ca.crt": one + " ".repeat(300_000) }),
      want: "has a ca.crt of more than 256 KiB",
    },
  ])("$name", ({ data, want }) => {
    const bundle = bundleOf(data());
    expect(bundle).toEqual({ kind: "invalid", message: want });
    expect([...caBundleState(read, "a/b", bundle)]).toEqual([["a/b", bundle]]);
  });

  it("never throw and never tell what they hold, whatever it is", () => {
    const marks = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----BEGIN ", "-----", "\n"];
    const text = fc.array(fc.oneof(fc.string(), fc.constantFrom(...marks)), { maxLength: 12 });
    fc.assert(
      fc.property(text, (parts) => {
        const bundle = parse(parts.join(""));
        expect(bundle.kind).toBe("invalid");
        expect(bundle.kind === "invalid" && bundle.message.length).toBeLessThan(60);
      }),
    );
  });
});
