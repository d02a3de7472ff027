/**
 * Checks an access log format as Envoy would: one that it refuses would take all listeners of a Gateway with it.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#command-operators
 */

/** What is wrong with a format string, in words; undefined when Envoy takes it. */
export function logFormatProblem(format: string): string | undefined {
  if (!format.isWellFormed()) return "a format must be well-formed Unicode";
  const rest = format.replaceAll("%%", "");
  for (const [found, operator = "", argument, length] of rest.matchAll(command)) {
    const form = logOperators.get(operator);
    if (form === undefined) return `${found} is not a command operator that Gatehouse knows`;
    if (form === "bare" && argument !== undefined) return `${found} takes no argument in parentheses`;
    if (form === "bare" && length !== undefined) return `${found} takes no length`;
    if (operator === "METADATA" && !metadataPlace.test(argument ?? "")) {
      return `${found} needs a place of metadata, such as %METADATA(ROUTE:gatehouse.dev:route)%`;
    }
    if (form === "argument" && (argument === undefined || !isArgument(argument))) {
      return `${found} needs an argument in parentheses, such as %REQ(USER-AGENT)%`;
    }
  }
  return rest.replaceAll(command, "").includes("%") ? "a % stands alone: write %% for a percent sign" : undefined;
}

const command = /%([A-Z][A-Z0-9_]*)(?:\(([^()%]*)\))?(:[1-9][0-9]{0,4})?%/g;

/** Where Envoy has metadata; a place of any other name makes it refuse the listener. */
const metadataPlace = /^(ROUTE|CLUSTER|UPSTREAM_HOST|LISTENER|VIRTUAL_HOST|DYNAMIC)(:[A-Za-z0-9_.\-/]+)+$/;

/** Header names, and for metadata a namespace and keys: nothing that Envoy's parser splits otherwise than we think. */
function isArgument(argument: string): boolean {
  return /^[A-Za-z0-9:_.\-?/]+$/.test(argument) && (argument.match(/\?/g)?.length ?? 0) <= 1;
}

/** The operators that Gatehouse knows, and whether they take an argument. */
export const logOperators: ReadonlyMap<string, "bare" | "argument"> = new Map([
  ...[
    "PROTOCOL",
    "UPSTREAM_PROTOCOL",
    "RESPONSE_CODE",
    "RESPONSE_CODE_DETAILS",
    "CONNECTION_TERMINATION_DETAILS",
    "RESPONSE_FLAGS",
    "RESPONSE_FLAGS_LONG",
    "BYTES_RECEIVED",
    "BYTES_SENT",
    "REQUEST_HEADERS_BYTES",
    "RESPONSE_HEADERS_BYTES",
    "DURATION",
    "REQUEST_DURATION",
    "REQUEST_TX_DURATION",
    "RESPONSE_DURATION",
    "RESPONSE_TX_DURATION",
    "UPSTREAM_HOST",
    "UPSTREAM_CLUSTER",
    "UPSTREAM_CLUSTER_RAW",
    "UPSTREAM_LOCAL_ADDRESS",
    "UPSTREAM_REMOTE_ADDRESS",
    "UPSTREAM_REQUEST_ATTEMPT_COUNT",
    "UPSTREAM_TRANSPORT_FAILURE_REASON",
    "DOWNSTREAM_REMOTE_ADDRESS",
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_REMOTE_PORT",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_LOCAL_ADDRESS",
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
    "DOWNSTREAM_LOCAL_PORT",
    "DOWNSTREAM_TLS_VERSION",
    "DOWNSTREAM_TLS_CIPHER",
    "DOWNSTREAM_TLS_SESSION_ID",
    "DOWNSTREAM_PEER_SUBJECT",
    "DOWNSTREAM_PEER_URI_SAN",
    "CONNECTION_ID",
    "STREAM_ID",
    "REQUESTED_SERVER_NAME",
    "ROUTE_NAME",
    "VIRTUAL_CLUSTER_NAME",
    "FILTER_CHAIN_NAME",
    "HOSTNAME",
    "START_TIME",
  ].map((name): [string, "bare"] => [name, "bare"]),
  ...["REQ", "RESP", "TRAILER", "METADATA"].map((name): [string, "argument"] => [name, "argument"]),
]);
