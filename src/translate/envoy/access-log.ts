import type { EnvoyConfigAccesslogV3AccessLog, GoogleProtobufStruct } from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import { assertNever } from "../../core/assert-never.ts";
import type { AccessLog } from "../../core/gateway-parameters.ts";
import { parseNamespacedName, parseObjectKey } from "../../core/keys.ts";
import type { EnvoyListener, Layer4Chain } from "../nodes.ts";
import type { PortRoutes } from "../route-nodes.ts";

/** The access log of a Gateway that asks for none of its own: each request as one line of JSON. */
export const defaultAccessLog: AccessLog = { format: "JSON" };

/** Under this name a route tells its namespace, its name and its rule to the access log. */
export const routeMetadataName = "gatehouse.dev";

/** The access loggers of one HTTP connection manager; all write to the proxy's standard output. */
export function accessLogs(log: AccessLog): readonly EnvoyConfigAccesslogV3AccessLog[] {
  switch (log.format) {
    case "JSON":
      // Ours count: a request must always be found under the same names.
      return [stdout({ jsonFormat: structOf({ ...log.fields, ...jsonFields }) })];
    case "Text":
      return [stdout({ textFormatSource: { inlineString: lineOf(log.text ?? "") } })];
    case "None":
      return [];
    default:
      return assertNever(log.format);
  }
}

/** The access loggers of what is forwarded as it is: a line for each connection, or session of datagrams, at its end. */
export function forwardedAccessLogs(
  { name, accessLog = defaultAccessLog }: Pick<EnvoyListener, "name" | "accessLog">,
  { protocol }: Pick<Layer4Chain, "protocol">,
  route: Pick<PortRoutes, "route" | "rule"> | undefined,
): readonly EnvoyConfigAccesslogV3AccessLog[] {
  if (accessLog.format !== "JSON") return accessLogs(accessLog);
  const own = { ...forwardedFields, ...fieldsOf(route), protocol, listener: name };
  return [stdout({ jsonFormat: structOf({ ...accessLog.fields, ...own }) })];
}

/** Envoy cannot tell the route of a connection: it is written down, for there is one in each chain. */
function fieldsOf(route: Pick<PortRoutes, "route" | "rule"> | undefined): Readonly<Record<string, string>> {
  if (route === undefined) return { namespace: "-", route: "-", rule: "-" };
  const { namespace = "-", name } = parseNamespacedName(parseObjectKey(route.route).name);
  return { namespace, route: name, rule: route.rule.name ?? "0" };
}

const forwardedFields = {
  time: "%START_TIME%",
  flags: "%RESPONSE_FLAGS%",
  details: "%CONNECTION_TERMINATION_DETAILS%",
  backend: "%UPSTREAM_CLUSTER%",
  upstream: "%UPSTREAM_HOST%",
  duration_ms: "%DURATION%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  local: "%DOWNSTREAM_LOCAL_ADDRESS%",
  server_name: "%REQUESTED_SERVER_NAME%",
};

const jsonFields = {
  time: "%START_TIME%",
  request_id: "%REQ(X-REQUEST-ID)%",
  method: "%REQ(:METHOD)%",
  authority: "%REQ(:AUTHORITY)%",
  // The path as the client sent it; a rewrite keeps it in that header.
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  status: "%RESPONSE_CODE%",
  flags: "%RESPONSE_FLAGS%",
  details: "%RESPONSE_CODE_DETAILS%",
  listener: "%FILTER_CHAIN_NAME%",
  namespace: `%METADATA(ROUTE:${routeMetadataName}:namespace)%`,
  route: `%METADATA(ROUTE:${routeMetadataName}:route)%`,
  rule: `%METADATA(ROUTE:${routeMetadataName}:rule)%`,
  route_name: "%ROUTE_NAME%",
  backend: "%UPSTREAM_CLUSTER%",
  upstream: "%UPSTREAM_HOST%",
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  duration_ms: "%DURATION%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  local: "%DOWNSTREAM_LOCAL_ADDRESS%",
  server_name: "%REQUESTED_SERVER_NAME%",
  user_agent: "%REQ(USER-AGENT)%",
};

function stdout(
  logFormat:
    | { readonly jsonFormat: GoogleProtobufStruct }
    | { readonly textFormatSource: { readonly inlineString: string } },
): EnvoyConfigAccesslogV3AccessLog {
  return {
    name: "gatehouse.access_log",
    typedConfig: anyOf("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", { logFormat }),
  };
}

function structOf(fields: Readonly<Record<string, string>>): GoogleProtobufStruct {
  const names = Object.keys(fields).sort();
  return { fields: Object.fromEntries(names.map((name) => [name, { stringValue: fields[name] ?? "" }])) };
}

function lineOf(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
