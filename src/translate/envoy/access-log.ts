import type { EnvoyConfigAccesslogV3AccessLog, GoogleProtobufStruct } from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";

/** Each request as one line of JSON on the proxy's standard output. */
export const accessLog: EnvoyConfigAccesslogV3AccessLog = {
  name: "gatehouse.access_log",
  typedConfig: anyOf("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog", {
    logFormat: { jsonFormat: format() },
  }),
};

function format(): GoogleProtobufStruct {
  const fields = {
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
    route: "%ROUTE_NAME%",
    cluster: "%UPSTREAM_CLUSTER%",
    upstream: "%UPSTREAM_HOST%",
    attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    duration_ms: "%DURATION%",
    bytes_received: "%BYTES_RECEIVED%",
    bytes_sent: "%BYTES_SENT%",
    client: "%DOWNSTREAM_REMOTE_ADDRESS%",
    listener: "%DOWNSTREAM_LOCAL_ADDRESS%",
    server_name: "%REQUESTED_SERVER_NAME%",
    user_agent: "%REQ(USER-AGENT)%",
  };
  return { fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { stringValue: value }])) };
}
