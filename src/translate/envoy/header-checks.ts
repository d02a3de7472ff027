/** Says why a header's name cannot be set, added or removed in a proxy; undefined when it can. */
export function checkHeaderName(name: string): string | undefined {
  if (name.startsWith(":")) return `"${printable(name)}" is a pseudo-header`;
  if (!isToken(name)) return `"${printable(name)}" is not a header name (RFC 9110, section 5.1)`;
  const lower = name.toLowerCase();
  if (lower === "host") return "the Host header cannot be modified; rewrite the hostname with URLRewrite instead";
  if (reserved.has(lower)) return `the header ${lower} is the proxy's own`;
  return undefined;
}

/** Says why a header's name cannot be matched on; undefined when it can. */
export function checkMatchedHeaderName(name: string): string | undefined {
  if (name.startsWith(":")) return `"${printable(name)}" is a pseudo-header`;
  return isToken(name) ? undefined : `"${printable(name)}" is not a header name (RFC 9110, section 5.1)`;
}

/** Says why a header's value cannot be sent; undefined when it can. */
export function checkHeaderValue(value: string): string | undefined {
  if (!value.isWellFormed()) return "a header value must be well-formed Unicode";
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return "a header value must not hold control characters";
  }
  if (value.length > 16_384) return "a header value must not be longer than 16384 characters";
  return undefined;
}

/** Headers by which a proxy picks a route table or frames a message. */
const reserved: ReadonlySet<string> = new Set([
  "x-gw-scope",
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
]);

const tokenCharacters: ReadonlySet<string> = new Set(
  "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
);

function isToken(name: string): boolean {
  return name.length > 0 && name.length <= 256 && [...name].every((character) => tokenCharacters.has(character));
}

function printable(name: string): string {
  return JSON.stringify(name.slice(0, 64)).slice(1, -1);
}
