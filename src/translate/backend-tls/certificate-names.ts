/** The names that the certificate of a backend may be for. */
import type { Rejection } from "../../core/conditions.ts";
import type { BackendTlsPolicy } from "../../core/gateway-api.ts";
import { canonicalAddress } from "../ip-address.ts";
import type { PolicyPart } from "./policy.ts";
import type { CertificateName } from "./upstream-tls.ts";

type Validation = BackendTlsPolicy["spec"]["validation"];

/** Reads `hostname` and `subjectAltNames`: with any of these, the hostname is asked for and proves nothing. */
export function readCertificateNames(validation: Validation): PolicyPart<readonly CertificateName[]> {
  const { hostname, subjectAltNames = [] } = validation;
  const rejections = isDnsName(hostname) ? [] : [invalid(`hostname ${JSON.stringify(hostname)} is no DNS name`)];
  const names = subjectAltNames.map((name, index) => readName(name, index));
  const bad = names.flatMap((name) => (isRejection(name) ? [name] : []));
  const all = [...rejections, ...bad];
  if (all.length > 0) return { rejections: all };
  const good = names.flatMap((name) => (isRejection(name) ? [] : [name]));
  return { value: good.length > 0 ? good : [{ kind: "dns", value: hostname }], rejections: [] };
}

function readName(
  { type, hostname = "", uri = "" }: NonNullable<Validation["subjectAltNames"]>[number],
  index: number,
): CertificateName | Rejection {
  const field = `subjectAltNames[${index}]`;
  switch (type) {
    case "Hostname": {
      const [base] = hostname.startsWith("*.") ? [hostname.slice(2)] : [hostname];
      if (isDnsName(base)) return { kind: "dns", value: hostname };
      return invalid(`${field}: hostname ${JSON.stringify(hostname)} is no DNS name`);
    }
    case "URI":
      if (isAbsoluteUri(uri)) return { kind: "uri", value: uri };
      return invalid(`${field}: uri ${JSON.stringify(uri)} is no absolute URI`);
    default:
      return invalid(`${field}: type ${JSON.stringify(type)} is neither Hostname nor URI`);
  }
}

/** Lower case, as the API has it; never an address, which no server name may be and no DNS name of a certificate is. */
function isDnsName(name: string): boolean {
  return name.length <= 253 && dnsName.test(name) && canonicalAddress(name) === undefined;
}

const label = "[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?";
const dnsName = new RegExp(`^${label}(?:\\.${label})*$`);

/** With a scheme and something behind it, in the characters that a URI has: certificates hold no others. */
function isAbsoluteUri(uri: string): boolean {
  return uri.length <= 253 && /^[a-zA-Z][a-zA-Z0-9+.-]*:[\x21-\x7e]+$/.test(uri);
}

function isRejection(name: CertificateName | Rejection): name is Rejection {
  return "reason" in name;
}

function invalid(message: string): Rejection {
  return { condition: "Accepted", reason: "Invalid", message };
}
