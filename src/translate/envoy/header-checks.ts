/** Says why a header cannot be set or added in a proxy; undefined when it can. */
export function checkWrittenHeaderName(name: string): string | undefined {
  // Routers read them after a route has written its own: they change retries, timeouts and what the access log tells.
  if (name.toLowerCase().startsWith("x-envoy-"))
    return `the header ${printable(name.toLowerCase())} is the proxy's own`;
  return checkHeaderName(name);
}

/** Says why a header's name cannot be removed in a proxy; undefined when it can. */
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
  if (writtenBytes(value) > maxValueBytes) return `a header value must not be longer than ${maxValueBytes} bytes`;
  return undefined;
}

/** What Envoy takes at most, as it is told it: with every percent sign twice. */
const maxValueBytes = 16_384;

function writtenBytes(value: string): number {
  return Buffer.byteLength(value) + value.split("%").length - 1;
}

/** Headers by which a proxy picks a route table or frames a message, and those that are for one connection only. */
const reserved: ReadonlySet<string> = new Set([
  "x-gw-scope",
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "http2-settings",
  "expect",
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
