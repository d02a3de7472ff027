import { beforeAll, describe, expect, it } from "vitest";
import { createCertificateAuthority } from "../../test/support/certificates.ts";
import { isStrictDer } from "./certificate-der.ts";

describe("isStrictDer", () => {
  let good: Buffer;

  beforeAll(async () => {
    const { certificatePem } = await createCertificateAuthority();
    good = Buffer.from(certificatePem.replace(/-----[^-]*-----|\s/g, ""), "base64");
  });

  /** The certificate with other bytes in the first place where these stand. */
  function withBytes(what: readonly number[], by: readonly number[]): Buffer {
    const copy = Buffer.from(good);
    const at = copy.indexOf(Buffer.from(what));
    expect(at).toBeGreaterThan(0);
    copy.set(by, at);
    return copy;
  }

  /** The same with characters so far behind these bytes. */
  function withByte(bytes: Buffer, mark: readonly number[], offset: number, ...characters: readonly string[]): Buffer {
    bytes.write(characters.join(""), bytes.indexOf(Buffer.from(mark)) + offset, "latin1");
    return bytes;
  }

  it("takes a good certificate", () => {
    expect(isStrictDer(good)).toBe(true);
  });

  it.each([
    ["nothing", []],
    ["a lone tag", [0x30]],
    ["an indefinite length", [0x30, 0x80, 0, 0]],
    ["a length in more bytes than it takes", [0x30, 0x81, 0x01, 0]],
    ["a length beyond the end", [0x30, 5, 0]],
  ])("refuses %s", (_name, bytes) => {
    expect(isStrictDer(Uint8Array.from(bytes))).toBe(false);
  });

  it.each([
    ["bytes behind the end", () => Buffer.concat([good, Buffer.from([5, 0])])],
    ["bytes that are missing", () => good.subarray(0, -1)],
    ["a version that is not known", () => withBytes([0xa0, 3, 2, 1, 2], [0xa0, 3, 2, 1, 3])],
    ["the first version, said aloud", () => withBytes([0xa0, 3, 2, 1, 2], [0xa0, 3, 2, 1, 0])],
    ["extensions in the second version", () => withBytes([0xa0, 3, 2, 1, 2], [0xa0, 3, 2, 1, 1])],
    ["a time in no zone", () => withBytes([0x5a, 0x17], [0x30, 0x17])],
    ["a time of another kind", () => withBytes([0x17, 13], [0x16, 13])],
    ["a thirteenth month", () => withByte(withBytes([0x17, 13], [0x17, 13]), [0x17, 13], 4, "1", "3")],
    [
      "padding that is not nought",
      () => withByte(withBytes([3, 66, 0, 4], [3, 66, 1, 4]), [3, 66, 1, 4], 67, "\u00ff"),
    ],
    ["a truth between true and false", () => withBytes([1, 1, 0xff], [1, 1, 1])],
  ])("refuses %s", (_name, make) => {
    expect(isStrictDer(make())).toBe(false);
  });
});
