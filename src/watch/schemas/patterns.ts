/** The forms that strings must have, and the words in which a user is told. All are matched from start to end. */

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const pathCharacters = "[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+";
const qualifiedName = "([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]";

/** Every pattern that our schemas use. They are ours and fixed: no regular expression of a user is ever run here. */
export const patterns = {
  dnsLabel: `^${label}$`,
  dnsSubdomain: `^${subdomain}$`,
  hostname: `^(\\*\\.)?${subdomain}$`,
  hostnameOrNone: `^$|^(\\*\\.)?${subdomain}$`,
  urlPath: "^/([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$",
  group: `^$|^${subdomain}$`,
  kind: "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
  controllerName: `^${subdomain}\\/${pathCharacters}$`,
  // The alternatives are not grouped in the API either, so only the first is held to the start and the last to the end.
  addressType: `^Hostname|IPAddress|NamedAddress|${subdomain}\\/${pathCharacters}$`,
  protocol: `^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|${subdomain}\\/[A-Za-z0-9]+$`,
  headerName: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
  origin: "(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)",
  duration: "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
  labelKey: `^(${subdomain}/)?${qualifiedName}$`,
  annotationKey: "^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$",
  labelValue: "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
  dataKey: "^[-._a-zA-Z0-9]+$",
  portName: `^$|^${label}$`,
  quantity: "^[0-9]+(\\.[0-9]{1,3})?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$",
  image: "^[a-z0-9][^\\s*]*$",
  imagePattern: "^[a-z0-9][^\\s*]*\\*?$",
  cidr: "^[0-9a-fA-F:.]+/[0-9]{1,3}$",
  logField: "^[A-Za-z0-9_.-]+$",
  wellKnownCertificates: `^(System|(${subdomain}/${qualifiedName}))$`,
  // As the API has it: not grouped to its end, so that whatever follows the authority is taken.
  absoluteUri: "^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?",
  contentHash: "^[0-9a-f]{16}$",
} as const;

/** What a string that should match a pattern must be. */
export function patternInWords(pattern: string): string {
  return words.get(pattern) ?? "have the right form";
}

const words: ReadonlyMap<string, string> = new Map([
  [patterns.dnsLabel, "be a DNS label (lower-case letters, digits and '-')"],
  [patterns.dnsSubdomain, "be a DNS name (lower-case letters, digits, '-' and '.')"],
  [patterns.hostname, "be a host name in lower case, without port or trailing dot, optionally with '*.' in front"],
  [
    patterns.hostnameOrNone,
    "be empty or a host name in lower case, without port or trailing dot, optionally with '*.' in front",
  ],
  [patterns.urlPath, "be a path that begins with '/', without query or fragment"],
  [patterns.group, "be an API group (a DNS name, or empty for the core group)"],
  [patterns.kind, "be a kind (letters, digits and '-')"],
  [patterns.controllerName, "be a domain, then '/', then a path"],
  [patterns.addressType, "be IPAddress, Hostname, NamedAddress, or a domain, then '/', then a path"],
  [patterns.protocol, "be a protocol name, optionally with a domain and '/' in front"],
  [patterns.headerName, "be an HTTP token"],
  [patterns.origin, "be '*' or an http or https origin, optionally with '*.' in front of its host"],
  [patterns.duration, "be a duration such as 500ms or 1h30m"],
  [patterns.labelKey, "be a label key (an optional DNS name and '/', then up to 63 letters, digits, '-', '_' and '.')"],
  [
    patterns.annotationKey,
    "be an annotation key (an optional DNS name and '/', then up to 63 letters, digits, '-', '_', '.')",
  ],
  [patterns.labelValue, "be a label value (up to 63 letters, digits, '-', '_' and '.')"],
  [patterns.dataKey, "be a key of letters, digits, '-', '_' and '.'"],
  [patterns.quantity, "be a quantity such as 500m or 1Gi"],
  [patterns.image, "be the name of an image"],
  [patterns.imagePattern, "be the name of an image, optionally with '*' at its end"],
  [patterns.cidr, "be a range of addresses such as 192.0.2.0/24"],
  [patterns.logField, "be a name of letters, digits, '-', '_' and '.'"],
  [patterns.wellKnownCertificates, "be System, or a domain, then '/', then a name"],
  [patterns.absoluteUri, "be an absolute URI such as spiffe://example.com/name"],
  [patterns.contentHash, "be 16 hex digits in lower case"],
  [patterns.portName, "be a port name (lower-case letters, digits and '-')"],
]);
