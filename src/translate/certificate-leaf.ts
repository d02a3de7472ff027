/** What Envoy and BoringSSL ask of the certificate that a key is for, beyond that it can be read. */
import { isUtf8 } from "node:buffer";
import { type CertificateExtension, type CertificateParts, isName, readStrictDer } from "./certificate-der.ts";
import { type Element, elementsOf, isBitString, isWellFormed, tags } from "./certificate-elements.ts";

/** What keeps a certificate from being used. */
export interface LeafProblems {
  /** Nobody can show it. */
  readonly unusable?: string;
  /** No listener can serve with it; backends can be shown it. */
  readonly unservable?: string;
}

/** Looks at a certificate whose encoding is right. `keyType` is that of its key, as Node.js calls it. */
export function leafProblems(certificate: Uint8Array, keyType: string | undefined): LeafProblems {
  const parts = readStrictDer(certificate);
  if (parts === undefined) return { unusable: "has a certificate in tls.crt that is not strict DER" };
  if (keyType === "ec" && !maySign(parts.extensions)) {
    return { unusable: "has a certificate in tls.crt that is not for signatures, as its key usage says" };
  }
  const unservable = namesProblem(parts) ?? (wantsStaple(parts.extensions) ? mustStaple : undefined);
  return unservable === undefined ? {} : { unservable };
}

const mustStaple = "has a certificate in tls.crt that must be stapled, which proxies do not do";

/** Extensions and attributes by the content of their object identifiers. */
const ids = {
  commonName: "550403",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  tlsFeature: "2b06010505070118",
} as const;

/** Of a key that can do more than sign BoringSSL wants to be told that it may: by the first bit, where there are any. */
function maySign(extensions: readonly CertificateExtension[]): boolean {
  const usage = extensions.find(({ id }) => id === ids.keyUsage);
  if (usage === undefined) return true;
  const [bits, ...more] = elementsOf(usage.value) ?? [];
  if (bits?.tag !== tags.bitString || more.length > 0 || !isBitString(bits.content)) return false;
  return ((bits.content[1] ?? 0) & 0x80) !== 0;
}

/** Envoy tells the sessions of certificates apart by their names: there has to be one, and a common name must not be empty. */
function namesProblem({ subject, extensions }: CertificateParts): string | undefined {
  const commonName = commonNameOf(subject);
  if (commonName?.length === 0) return "has a certificate in tls.crt whose common name is empty";
  if (commonName !== undefined || hasAlternativeName(extensions)) return undefined;
  return "has a certificate in tls.crt without a common name and without a DNS name, address or URI";
}

function commonNameOf(subject: Element): Uint8Array | undefined {
  return attributeValues(subject).find(({ id }) => id === ids.commonName)?.value.content;
}

function attributeValues(name: Element | undefined): readonly { readonly id: string; readonly value: Element }[] {
  const sets = elementsOf(name?.content ?? new Uint8Array()) ?? [];
  return sets.flatMap((set) =>
    (elementsOf(set.content) ?? []).flatMap((attribute) => {
      const [id, value] = elementsOf(attribute.content) ?? [];
      return id === undefined || value === undefined ? [] : [{ id: Buffer.from(id.content).toString("hex"), value }];
    }),
  );
}

/** Envoy counts none where the extension is there twice or cannot be read. */
function hasAlternativeName(extensions: readonly CertificateExtension[]): boolean {
  const [found, ...twice] = extensions.filter(({ id }) => id === ids.subjectAltName);
  if (found === undefined || twice.length > 0) return false;
  const [list, ...more] = elementsOf(found.value) ?? [];
  if (list?.tag !== tags.sequence || more.length > 0 || !isWellFormed(list)) return false;
  const names = elementsOf(list.content) ?? [];
  return names.every(isReadable) && names.some(({ tag }) => countedNames.has(tag));
}

/** DNS name, URI, address. */
const countedNames: ReadonlySet<number> = new Set([0x82, 0x86, 0x87]);

/** Of the names that do not count those that are read beyond doubt; one that is not would take the others with it. */
function isReadable({ tag, content }: Element): boolean {
  switch (tag) {
    case 0x81: // mail
      return true;
    case 0x88: // registered id
      return isWellFormed({ tag: tags.objectId, content });
    case 0xa0: {
      const [id, value, ...more] = elementsOf(content) ?? [];
      return id?.tag === tags.objectId && value?.tag === 0xa0 && more.length === 0 && isOneText(value.content);
    }
    case 0xa4: {
      const [name, ...more] = elementsOf(content) ?? [];
      return isName(name) && more.length === 0 && attributeValues(name).every(({ value }) => isText(value));
    }
    default:
      return countedNames.has(tag);
  }
}

function isOneText(bytes: Uint8Array): boolean {
  const [value, ...more] = elementsOf(bytes) ?? [];
  return isText(value) && more.length === 0;
}

/** UTF-8, printable or IA5 text. */
function isText(element: Element | undefined): boolean {
  return element?.tag === 0x0c ? isUtf8(element.content) : element?.tag === 0x13 || element?.tag === 0x16;
}

/** Envoy looks at the first, and for nothing but the one feature. */
function wantsStaple(extensions: readonly CertificateExtension[]): boolean {
  const feature = extensions.find(({ id }) => id === ids.tlsFeature);
  return feature !== undefined && Buffer.from(feature.value).equals(statusRequest);
}

const statusRequest = Buffer.from([0x30, 0x03, 0x02, 0x01, 0x05]);
