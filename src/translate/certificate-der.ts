/** The encoding of certificates, as strictly as BoringSSL reads it: OpenSSL takes more, and a proxy would refuse that. */
import { type Element, elementsOf, isBitString, isWellFormed, tags } from "./certificate-elements.ts";

/** Says whether a certificate is DER to the last byte, of parts that RFC 5280 knows. */
export function isStrictDer(certificate: Uint8Array): boolean {
  return readStrictDer(certificate) !== undefined;
}

/** What else has to be looked at of a certificate, because proxies do. */
export interface CertificateParts {
  readonly subject: Element;
  /** In their order; one of a kind may be there twice. */
  readonly extensions: readonly CertificateExtension[];
}

export interface CertificateExtension {
  /** The content of its object identifier, in hex. */
  readonly id: string;
  readonly value: Uint8Array;
}

/** Reads a certificate; undefined where {@link isStrictDer} says no. */
export function readStrictDer(certificate: Uint8Array): CertificateParts | undefined {
  const [outer, ...more] = elementsOf(certificate) ?? [];
  if (outer?.tag !== tags.sequence || more.length > 0 || !isWellFormed(outer)) return undefined;
  const [signed, algorithm, signature, ...rest] = elementsOf(outer.content) ?? [];
  if (signed?.tag !== tags.sequence || signature?.tag !== tags.bitString || rest.length > 0) return undefined;
  return isAlgorithm(algorithm) ? readBody(elementsOf(signed.content) ?? []) : undefined;
}

function readBody(elements: readonly Element[]): CertificateParts | undefined {
  const isVersioned = elements[0]?.tag === tags.version;
  const version = elements[0] !== undefined && isVersioned ? versionOf(elements[0]) : 0;
  const [serial, algorithm, issuer, validity, subject, key, ...tail] = isVersioned ? elements.slice(1) : elements;
  if (version === undefined || serial?.tag !== tags.integer || !isAlgorithm(algorithm)) return undefined;
  if (!isName(issuer) || !isValidity(validity) || !isName(subject) || !isKey(key)) return undefined;
  return subject !== undefined && isTail(tail, version) ? { subject, extensions: extensionsOf(tail) } : undefined;
}

/** The first version is said by saying nothing. */
function versionOf({ content }: Element): number | undefined {
  const [number] = elementsOf(content) ?? [];
  const version = number?.tag === tags.integer && number.content.length === 1 ? number.content[0] : undefined;
  return version === 1 || version === 2 ? version : undefined;
}

/** BoringSSL reads any parameter, and refuses those of some kinds: what there is has none, or one of these. */
function isAlgorithm(element: Element | undefined): boolean {
  const [id, parameter] = sequenceOf(element) ?? [];
  const isKnown = parameter === undefined || parameterTags.has(parameter.tag);
  return id?.tag === tags.objectId && isKnown;
}

const parameterTags: ReadonlySet<number> = new Set([tags.null, tags.objectId, tags.sequence]);

/** Sets of attributes, of which none is empty. An attribute is a text or, of the kinds that there are, bits or a list of texts. */
export function isName(element: Element | undefined): boolean {
  const sets = sequenceOf(element);
  return sets?.every(({ tag, content }) => tag === tags.set && isAttributes(elementsOf(content) ?? [])) === true;
}

function isAttributes(attributes: readonly Element[]): boolean {
  return (
    attributes.length > 0 &&
    attributes.every((attribute) => {
      const [id, value, ...more] = sequenceOf(attribute) ?? [];
      return id?.tag === tags.objectId && value !== undefined && textTags.has(value.tag) && more.length === 0;
    })
  );
}

/** UTF-8, numeric, printable, T.61, IA5, UCS-4 and UCS-2 text. BoringSSL takes fewer kinds than OpenSSL. */
const textTags: ReadonlySet<number> = new Set([
  tags.bitString,
  0x0c,
  0x12,
  0x13,
  0x14,
  0x16,
  0x1c,
  0x1e,
  tags.sequence,
]);

function isValidity(element: Element | undefined): boolean {
  const times = sequenceOf(element);
  return times?.length === 2 && times.every(isTime);
}

function isTime({ tag, content }: Element): boolean {
  const text = Buffer.from(content).toString("latin1");
  const years = tag === tags.utcTime ? "[0-9]{2}" : tag === tags.generalizedTime ? "[0-9]{4}" : undefined;
  if (years === undefined) return false;
  const found = new RegExp(`^(${years})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})Z$`).exec(text);
  if (found === null) return false;
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1).map(Number);
  const year = tag === tags.utcTime ? written + (written < 50 ? 2000 : 1900) : written;
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= lastDayOf(month, year);
  return isDay && hour < 24 && minute < 60 && second < 60;
}

function lastDayOf(month: number, year: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && !isLeap ? 28 : (daysOf[month - 1] ?? 0);
}

const daysOf = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isKey(element: Element | undefined): boolean {
  const [algorithm, bits, ...more] = sequenceOf(element) ?? [];
  return isAlgorithm(algorithm) && bits?.tag === tags.bitString && more.length === 0;
}

/** What may follow, in this order: ids of issuer and subject from the second version on, extensions from the third. */
function isTail(tail: readonly Element[], version: number): boolean {
  const order: readonly number[] = [tags.issuerId, tags.subjectId, tags.extensions];
  const places = tail.map(({ tag }) => order.indexOf(tag));
  if (!places.every((place, index) => place > (places[index - 1] ?? -1))) return false;
  return tail.every(({ tag, content }) =>
    tag === tags.extensions ? version === 2 : version >= 1 && isBitString(content),
  );
}

function extensionsOf(tail: readonly Element[]): readonly CertificateExtension[] {
  const list = tail.find(({ tag }) => tag === tags.extensions);
  const [extensions] = elementsOf(list?.content ?? new Uint8Array()) ?? [];
  return (sequenceOf(extensions) ?? []).flatMap((extension) => {
    const [id, ...rest] = sequenceOf(extension) ?? [];
    const value = rest.find(({ tag }) => tag === tags.octetString);
    if (id === undefined || value === undefined) return [];
    return [{ id: Buffer.from(id.content).toString("hex"), value: value.content }];
  });
}

function sequenceOf(element: Element | undefined): readonly Element[] | undefined {
  return element?.tag === tags.sequence ? elementsOf(element.content) : undefined;
}
