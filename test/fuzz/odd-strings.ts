/** Strings for fields of which nothing is known but their pattern: ordinary ones, ones at its limits, and ones beyond. */
import { patterns } from "../../src/watch/schemas/patterns.ts";

/** What no pattern of ours takes, or what reads otherwise in some other language. */
export const oddStrings: readonly string[] = [
  "",
  " ",
  "-",
  ".",
  "..",
  "*",
  "/",
  "a".repeat(254),
  "A",
  "a_b",
  "ä",
  "日本",
  "a\u0000b",
  "a\nb",
  "a\r\nx-injected: yes",
  "\u202eabc",
  "\ud800",
  "%REQ(authorization)%",
  "%",
  "{{ .Values }}",
  "$(reboot)",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "~",
  "0x10",
  "1e3",
  "../../etc/passwd",
  "'; drop table routes; --",
  "😀".repeat(40),
];

const longLabel = "l".repeat(63);
const longName = `${longLabel}.${longLabel}.${longLabel}.${"l".repeat(61)}`;

const byPattern: ReadonlyMap<string, readonly string[]> = new Map([
  [patterns.dnsLabel, ["a", "a-b", "0", longLabel]],
  [patterns.dnsSubdomain, ["a", "a.b", "0.0", "shop.example.com", longName]],
  [
    patterns.hostname,
    ["shop.example.com", "*.example.com", "*.com", "a", "1.2.3.4", "xn--bcher-kva.example", longName],
  ],
  [patterns.hostnameOrNone, ["", "shop.example.com", "*.example.com"]],
  [patterns.urlPath, ["/", "/a", "/a%20b", "/a/../b", "//", `/${"p".repeat(511)}`]],
  [patterns.group, ["", "gateway.networking.k8s.io", "apps", "gatehouse.dev"]],
  [patterns.kind, ["Service", "Secret", "ConfigMap", "Gateway", "HTTPRoute", "X", "k".repeat(63)]],
  [patterns.controllerName, ["gatehouse.dev/gateway-controller", "example.com/other", "a/%"]],
  [patterns.addressType, ["IPAddress", "Hostname", "NamedAddress", "example.com/pool", "Hostnames"]],
  [patterns.protocol, ["HTTP", "HTTPS", "TLS", "TCP", "UDP", "QUIC", "example.com/H9", "x".repeat(255)]],
  [
    patterns.headerName,
    ["x-team", "X-Team", "host", ":path", "connection", "content-length", "!#$%&'*+-.^_`|~", "h".repeat(256)],
  ],
  [
    patterns.origin,
    ["*", "https://*", "https://shop.example.com", "http://*.example.com:8080", "https://1.2.3.4:99999"],
  ],
  [patterns.duration, ["0s", "1ms", "500ms", "5s", "1h30m", "99999h99999h99999h99999h", "0h0m0s0ms"]],
  [patterns.labelKey, ["team", "example.com/team", "kubernetes.io/ws", "kubernetes.io/h2c", "http", "q".repeat(63)]],
  [patterns.annotationKey, ["team", "example.com/team", "metallb.io/ip"]],
  [patterns.labelValue, ["", "true", "a_b.c", longLabel]],
  [patterns.dataKey, ["ca.crt", "tls.crt", "tls.key", "a", "_", "-.", "d".repeat(253)]],
  [patterns.portName, ["", "http", "tcp", "udp", "grpc", longLabel]],
  [patterns.quantity, ["0", "100m", "1Gi", "1.5", "0.001k", "999999999P"]],
  [patterns.image, ["envoyproxy/envoy:distroless-v1.40.0", "a", "registry:5000/a@sha256:00"]],
  [patterns.imagePattern, ["envoyproxy/*", "a*"]],
  [patterns.cidr, ["127.0.0.0/8", "192.0.2.0/24", "::/0", "1.2.3.4/999", ":::/1"]],
  [patterns.logField, ["method", "x.y-z_0"]],
  [patterns.wellKnownCertificates, ["System", "example.com/roots"]],
  [patterns.absoluteUri, ["spiffe://example.com/app", "https://example.com", "a://", "urn://x y"]],
  [patterns.contentHash, ["0123456789abcdef", "ffffffffffffffff"]],
]);

/** Strings that a pattern takes; every pattern of our schemas has some. */
export function stringsOf(pattern: string): readonly string[] {
  const found = byPattern.get(pattern);
  if (found === undefined) throw new Error(`no strings for the pattern ${pattern}`);
  return found;
}
