import {
  alternativeNames,
  commonName,
  element,
  extension,
  integer,
  keyUsage,
  type OddParts,
  objectId,
  sequence,
  setOf,
  text,
  tlsFeatures,
  validity,
} from "./odd-certificates.ts";

/** A certificate that Node.js reads, and no proxy where something is written here. */
export interface OddCase {
  readonly name: string;
  readonly parts: OddParts;
  /** What our checks say of it wherever it stands. */
  readonly refused?: "is not strict DER";
  /** What they say of it as the first one, with the key of its own. */
  readonly unusable?: string;
  /** What they say of it as the first one of a listener. */
  readonly unservable?: string;
}

const nameless = "has a certificate in tls.crt without a common name and without a DNS name, address or URI";
const notForSignatures = "has a certificate in tls.crt that is not for signatures, as its key usage says";
const noStaple = "has a certificate in tls.crt that must be stapled, which proxies do not do";
const notStrict = { refused: "is not strict DER" } as const;

const organization = sequence(setOf(sequence(objectId(0x55, 4, 10), text("org"))));
const directoryName = element(0xa4, commonName("x"));
const address = element(0x87, Buffer.from([192, 0, 2, 1]));
const dns = text("a", 0x82);

/** An algorithm that nobody knows, with a parameter. */
const algorithmWith = (parameter: Uint8Array) => sequence(objectId(0x2a, 3), parameter);
const withoutVersion = { version: [], extensions: "none" } as const;

export const oddCases: readonly OddCase[] = [
  { name: "usual", parts: {} },
  { name: "the first version", parts: withoutVersion },
  { name: "a serial number below nought", parts: { serial: integer(0x80, 1) } },
  { name: "a serial number of nought", parts: { serial: integer(0) } },
  { name: "a serial number of a thousand bytes", parts: { serial: integer(...Array<number>(1000).fill(7)) } },
  { name: "an empty issuer", parts: { issuer: sequence() } },
  { name: "an algorithm that nobody knows", parts: { algorithm: sequence(objectId(0x2a, 3)) } },
  { name: "an extension twice", parts: { extensions: [keyUsage(0x80), keyUsage(0x80)] } },
  { name: "an extension that is junk", parts: { extensions: [extension([0x55, 0x1d, 0x13], Buffer.from([1, 2, 3]))] } },
  { name: "a common name of 10,000 characters", parts: { subject: commonName("x".repeat(10_000)) } },
  { name: "a DNS name that is empty", parts: { subject: sequence(), extensions: [alternativeNames(text("", 0x82))] } },
  { name: "an address alone", parts: { subject: sequence(), extensions: [alternativeNames(address)] } },
  {
    name: "a DNS name beside a directory name",
    parts: { subject: sequence(), extensions: [alternativeNames(dns, directoryName)] },
  },
  { name: "ids of issuer and subject", parts: { ids: [element(0x81, Buffer.from([0, 1]))] } },

  { name: "a name with an empty part", parts: { subject: sequence(setOf()) }, ...notStrict },
  { name: "an issuer with an empty part", parts: { issuer: sequence(setOf()) }, ...notStrict },
  { name: "a name of a kind that nobody knows", parts: { subject: commonName("abc", 0x1d) }, ...notStrict },
  { name: "a name of a kind for other things", parts: { subject: commonName("", 0x0b) }, ...notStrict },
  {
    name: "a version that is not known",
    parts: { version: [element(0xa0, integer(3))], extensions: "none" },
    ...notStrict,
  },
  {
    name: "ids in the first version",
    parts: { ...withoutVersion, ids: [element(0x81, Buffer.from([0, 1]))] },
    ...notStrict,
  },
  { name: "an id that is no number of bits", parts: { ids: [element(0x81, Buffer.from([7, 1]))] }, ...notStrict },
  { name: "an id in several parts", parts: { ids: [element(0xa2, element(3, Buffer.from([0, 1])))] }, ...notStrict },
  {
    name: "a parameter that is no UTF-8",
    parts: { algorithm: algorithmWith(element(0x0c, Buffer.from([0xff]))) },
    ...notStrict,
  },
  {
    name: "a parameter in several parts",
    parts: { algorithm: algorithmWith(element(0x24, text("a", 4))) },
    ...notStrict,
  },
  { name: "a parameter of a kind for other things", parts: { algorithm: algorithmWith(element(0x0b)) }, ...notStrict },
  {
    name: "a 29th of February that there is not",
    parts: { validity: validity("250101000000Z", "450229000000Z") },
    ...notStrict,
  },
  { name: "no name at all", parts: { subject: sequence(), extensions: "none" }, unservable: nameless },
  { name: "an organization alone", parts: { subject: organization, extensions: "none" }, unservable: nameless },
  {
    name: "a mail address alone",
    parts: { subject: sequence(), extensions: [alternativeNames(text("a@b.test", 0x81))] },
    unservable: nameless,
  },
  {
    name: "a directory name alone",
    parts: { subject: sequence(), extensions: [alternativeNames(directoryName)] },
    unservable: nameless,
  },
  {
    name: "alternative names twice",
    parts: { subject: sequence(), extensions: [alternativeNames(dns), alternativeNames(dns)] },
    unservable: nameless,
  },
  {
    name: "an alternative name of a kind that nobody knows",
    parts: { subject: sequence(), extensions: [alternativeNames(dns, text("a", 0x89))] },
    unservable: nameless,
  },
  {
    name: "a directory name with an empty part beside a DNS name",
    parts: { subject: sequence(), extensions: [alternativeNames(dns, element(0xa4, sequence(setOf())))] },
    unservable: nameless,
  },
  {
    name: "a name of another kind that is no UTF-8",
    parts: {
      subject: sequence(),
      extensions: [
        alternativeNames(dns, element(0xa0, objectId(0x2a, 3), element(0xa0, element(0x0c, Buffer.from([0x80]))))),
      ],
    },
    unservable: nameless,
  },
  {
    name: "a directory name whose kind is no identifier",
    parts: {
      subject: sequence(),
      extensions: [alternativeNames(dns, element(0xa4, sequence(setOf(sequence(objectId(0x55, 0x80, 3), text("x"))))))],
    },
    unservable: nameless,
  },
  {
    name: "an empty common name",
    parts: { subject: commonName("") },
    unservable: "has a certificate in tls.crt whose common name is empty",
  },
  { name: "a staple that is a must", parts: { extensions: [tlsFeatures(5)] }, unservable: noStaple },
  { name: "another feature before the staple", parts: { extensions: [tlsFeatures(17, 5)] } },
  { name: "a key for signatures", parts: { extensions: [keyUsage(0x80)] } },
  { name: "an EC key that is not for signatures", parts: { extensions: [keyUsage(0x20)] }, unusable: notForSignatures },
  {
    name: "a key usage that is junk",
    parts: { extensions: [extension([0x55, 0x1d, 0x0f], Buffer.from([1, 2, 3]))] },
    unusable: notForSignatures,
  },
  {
    name: "a key usage that is empty",
    parts: { extensions: [extension([0x55, 0x1d, 0x0f], element(3, Buffer.from([0])))] },
    unusable: notForSignatures,
  },
];
