/** Private keys as BoringSSL takes them, the library in Envoy: it computes again what OpenSSL believes. */
import { createECDH, createPrivateKey, type JsonWebKey, type KeyObject } from "node:crypto";

/**
 * The key in the one form that every library writes and takes, made from its numbers; undefined when they do not fit each
 * other. An RSA key of more than two primes has no such form.
 */
export function canonicalKey(key: KeyObject): KeyObject | undefined {
  const numbers = key.export({ format: "jwk" });
  switch (key.asymmetricKeyType) {
    case "rsa":
      return isSoundRsa(numbers) ? createPrivateKey({ key: numbers, format: "jwk" }) : undefined;
    case "ec":
      return isSoundEc(numbers) ? createPrivateKey({ key: numbers, format: "jwk" }) : undefined;
    default:
      return key;
  }
}

/** Curves by their names in JSON. */
const curves: ReadonlyMap<string, string> = new Map([
  ["P-256", "prime256v1"],
  ["P-384", "secp384r1"],
  ["P-521", "secp521r1"],
]);

function isSoundEc({ crv = "", x = "", y = "", d = "" }: JsonWebKey): boolean {
  const curve = curves.get(crv);
  if (curve === undefined) return false;
  const pair = createECDH(curve);
  pair.setPrivateKey(d, "base64url");
  return pair.getPublicKey().equals(Buffer.concat([uncompressed, bytesOf(x), bytesOf(y)]));
}

const uncompressed = Buffer.from([4]);

function isSoundRsa(numbers: JsonWebKey): boolean {
  const [n, e, d, p, q] = [numbers.n, numbers.e, numbers.d, numbers.p, numbers.q].map(integerOf) as Five;
  const [dp, dq, qi] = [numbers.dp, numbers.dq, numbers.qi].map(integerOf) as Three;
  if (e < 3n || e % 2n === 0n || e >= largestExponent) return false;
  if (p <= 2n || q <= 2n || p % 2n === 0n || q % 2n === 0n || n !== p * q || d >= n) return false;
  if ((d * e) % (p - 1n) !== 1n || (d * e) % (q - 1n) !== 1n) return false;
  return dp === d % (p - 1n) && dq === d % (q - 1n) && qi < p && (qi * q) % p === 1n;
}

/** Lengths that `map` does not keep. */
type Five = [bigint, bigint, bigint, bigint, bigint];
type Three = [bigint, bigint, bigint];

/** BoringSSL takes exponents of 33 bits at most. */
const largestExponent = 2n ** 33n;

function integerOf(text = ""): bigint {
  return BigInt(`0x0${bytesOf(text).toString("hex")}`);
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64url");
}
