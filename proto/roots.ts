/** The .proto files whose messages we write or read; the generator follows their imports. */
export const protoRoots: readonly string[] = [
  // Discovery: requests and responses of the aggregated discovery service.
  "envoy/service/discovery/v3/discovery.proto",
  "envoy/service/discovery/v3/ads.proto",

  // The resources that we serve.
  "envoy/config/listener/v3/listener.proto",
  "envoy/config/route/v3/route.proto",
  "envoy/config/route/v3/scoped_route.proto",
  "envoy/config/cluster/v3/cluster.proto",
  "envoy/config/endpoint/v3/endpoint.proto",
  "envoy/extensions/transport_sockets/tls/v3/secret.proto",

  // The bootstrap that points an Envoy at us.
  "envoy/config/bootstrap/v3/bootstrap.proto",

  // Transport sockets and upstream protocols, packed into Any.
  "envoy/extensions/transport_sockets/tls/v3/common.proto",
  "envoy/extensions/transport_sockets/tls/v3/tls.proto",
  "envoy/extensions/transport_sockets/quic/v3/quic_transport.proto",
  "envoy/extensions/upstreams/http/v3/http_protocol_options.proto",

  // Network, UDP and listener filters.
  "envoy/extensions/filters/network/connection_limit/v3/connection_limit.proto",
  "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto",
  "envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto",
  "envoy/extensions/filters/udp/udp_proxy/v3/route.proto",
  "envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy.proto",
  "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto",
  "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.proto",
  "envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol.proto",

  // HTTP filters.
  "envoy/extensions/filters/http/router/v3/router.proto",
  "envoy/extensions/filters/http/cors/v3/cors.proto",
  "envoy/extensions/filters/http/lua/v3/lua.proto",
  "envoy/extensions/filters/http/rbac/v3/rbac.proto",
  "envoy/extensions/filters/http/ext_authz/v3/ext_authz.proto",
  "envoy/extensions/filters/http/header_mutation/v3/header_mutation.proto",
  "envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto",
  "envoy/extensions/filters/http/grpc_web/v3/grpc_web.proto",
  "envoy/extensions/filters/http/grpc_stats/v3/config.proto",
  "envoy/extensions/filters/http/stateful_session/v3/stateful_session.proto",
  "envoy/extensions/http/stateful_session/cookie/v3/cookie.proto",
  "envoy/extensions/http/stateful_session/header/v3/header.proto",

  // Extensions of the connection manager, of routes and of access logs.
  "envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation.proto",
  "envoy/extensions/http/original_ip_detection/xff/v3/xff.proto",
  "envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto",
  "envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.proto",
  "envoy/extensions/access_loggers/stream/v3/stream.proto",
  "envoy/extensions/access_loggers/file/v3/file.proto",

  // Matchers.
  "envoy/type/matcher/v3/filter_state.proto",
  "envoy/type/matcher/v3/http_inputs.proto",
  "envoy/type/matcher/v3/metadata.proto",
  "envoy/type/matcher/v3/node.proto",
  "envoy/type/matcher/v3/number.proto",
  "envoy/type/matcher/v3/path.proto",
  "envoy/type/matcher/v3/regex.proto",
  "envoy/type/matcher/v3/status_code_input.proto",
  "envoy/type/matcher/v3/string.proto",
  "envoy/type/matcher/v3/struct.proto",
  "envoy/type/matcher/v3/value.proto",

  // What a running Envoy tells: its configuration dump, and the error of a refused response.
  "envoy/admin/v3/config_dump.proto",
  "google/rpc/status.proto",
];
