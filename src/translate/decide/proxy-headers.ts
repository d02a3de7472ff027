import type { RequestHeader } from "../../core/explanation.ts";

/** Values by name in lower case. A header is matched if one of its values is. */
export type HeaderValues = ReadonlyMap<string, readonly string[]>;

/**
 * The headers of a request as matches see them: without those of one hop and those that clients are not believed, and with
 * those that the proxy sets itself. Where these depend on the client's address, one of RFC 5737 stands.
 */
export function headersInProxy(
  headers: readonly RequestHeader[],
  { authority, scheme }: { readonly authority: string; readonly scheme: string },
): HeaderValues {
  const values = new Map<string, string[]>();
  const dropped = new Set([...notPassedOn, ...namedByConnection(headers)]);
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    if (dropped.has(key)) continue;
    const list = values.get(key) ?? [];
    values.set(key, list);
    if (list.length > 0 && keptAsOne.has(key)) list.push(`${list.pop()},${trim(value)}`);
    else list.push(trim(value));
  }
  const forwardedFor = [...(values.get("x-forwarded-for") ?? []), clientAddress].join(",");
  const own = {
    host: authority,
    "x-forwarded-proto": scheme,
    "x-forwarded-for": forwardedFor,
    "x-envoy-external-address": clientAddress,
    "x-request-id": "00000000-0000-4000-8000-000000000000",
  };
  for (const [name, value] of Object.entries(own)) values.set(name, [value]);
  return values;
}

const clientAddress = "192.0.2.1";

/** https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/header_sanitizing */
const notPassedOn = [
  ...["host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "expect"],
  ...["forwarded", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-forwarded-client-cert"],
  ...["decorator-operation", "downstream-service-cluster", "downstream-service-node", "expected-rq-timeout-ms"].map(
    (name) => `x-envoy-${name}`,
  ),
  ...["force-trace", "hedge-on-per-try-timeout", "internal", "ip-tags", "max-retries", "original-path"].map(
    (name) => `x-envoy-${name}`,
  ),
  ...["original-url", "original-host", "retriable-header-names", "retriable-status-codes", "retry-grpc-on"].map(
    (name) => `x-envoy-${name}`,
  ),
  ...["retry-on", "upstream-alt-stat-name", "upstream-rq-per-try-timeout-ms", "upstream-rq-timeout-ms"].map(
    (name) => `x-envoy-${name}`,
  ),
  ...["upstream-rq-timeout-alt-response", "upstream-stream-duration-ms"].map((name) => `x-envoy-${name}`),
];

/** Headers that Envoy has one place for: several become one value with commas. All others are matched value by value. */
const keptAsOne: ReadonlySet<string> = new Set([
  ...[
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-type",
    "grpc-timeout",
  ],
  ...["grpc-accept-encoding", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"],
  ...["access-control-request-headers", "access-control-request-method", "access-control-request-private-network"],
  ...["origin", "pragma", "proxy-status", "referer", "te", "user-agent", "via", "x-client-trace-id", "x-forwarded-for"],
]);

function namedByConnection(headers: readonly RequestHeader[]): readonly string[] {
  return headers
    .filter(({ name }) => name.toLowerCase() === "connection")
    .flatMap(({ value }) => value.toLowerCase().split(",").map(trim));
}

function trim(value: string): string {
  return value.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
}
