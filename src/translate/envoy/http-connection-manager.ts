import {
  EnvoyConfigCoreV3HeaderValueOptionHeaderAppendAction as AppendAction,
  EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpConnectionManagerCodecType as CodecType,
  EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpConnectionManagerPathWithEscapedSlashesAction as EscapedSlashesAction,
  EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpConnectionManagerForwardClientCertDetails as ForwardDetails,
  type EnvoyConfigCommonMutationRulesV3HeaderMutation as HeaderMutation,
  type EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpConnectionManager as HttpConnectionManager,
  type EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpFilter as HttpFilter,
  type EnvoyConfigCoreV3QuicProtocolOptions as QuicProtocolOptions,
  EnvoyConfigCoreV3HttpProtocolOptionsHeadersWithUnderscoresAction as UnderscoresAction,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { TableMode } from "../../core/data-plane.ts";
import type { AccessLog } from "../../core/gateway-parameters.ts";
import type { HttpChain } from "../nodes.ts";
import { accessLogs } from "./access-log.ts";
import { adsConfigSource } from "./ads.ts";
import { corsFilterName } from "./cors.ts";
import { durationOf } from "./duration.ts";
import type { EdgeSettings } from "./edge-defaults.ts";
import { fallbackFilters } from "./fallback-filters.ts";
import { requestGuard } from "./request-guard.ts";
import { scopedRoutes, scopeHeaderMutation } from "./scope.ts";
import { sessionFilter } from "./session.ts";

/** What a connection manager depends on besides its filter chain. */
export interface ConnectionManagerContext {
  readonly mode: TableMode;
  /** Prefix of its statistics: all chains of a listener share one set. */
  readonly statPrefix: string;
  readonly settings: EdgeSettings;
  readonly accessLog: AccessLog;
  /** Clients are told that the same is served by HTTP/3 on this port. */
  readonly altSvcPort?: number;
  /** Requests come by HTTP/3; absent: by what the connection turns out to be. */
  readonly isHttp3?: true;
}

/** Prints the connection manager of a filter chain: how requests are read, cleaned and looked up. */
export function connectionManager(chain: HttpChain, context: ConnectionManagerContext): HttpConnectionManager {
  const { mode, settings } = context;
  const mutations = [...forgedHeaders(settings), ...(mode === "scoped" ? [scopeHeaderMutation(chain.table)] : [])];
  return {
    statPrefix: context.statPrefix,
    ...(mode === "scoped"
      ? { scopedRoutes }
      : { rds: { configSource: adsConfigSource, routeConfigName: chain.table } }),
    ...(mutations.length > 0 && { earlyHeaderMutationExtensions: [earlyHeaderMutation(mutations)] }),
    httpFilters: [...alternativeService(context.altSvcPort), ...httpFilters(chain, mode)],
    upgradeConfigs: [{ upgradeType: "websocket" }],
    accessLog: [...accessLogs(context.accessLog)],
    ...clientSettings(settings),
    ...certificateDetails(chain),
    ...pathSettings(settings),
    ...limits(settings),
    ...(context.isHttp3 && {
      codecType: CodecType.HTTP3,
      http3ProtocolOptions: { quicProtocolOptions: quicOptions(settings) },
    }),
    // So that one host has one spelling: in the scope header, in the route table and at the backend.
    stripTrailingHostDot: true,
  };
}

/**
 * The filter chain is built from the first route that is found, before the fallback filters look again: a filter that is
 * listed as disabled and enabled by a route would be missing for `Host: A.TEST`. So filters are always on, and their
 * per-route configuration is what makes them act.
 */
function httpFilters(chain: HttpChain, mode: TableMode): readonly HttpFilter[] {
  return [
    requestGuard,
    ...(mode === "scoped" ? fallbackFilters(chain.tls === undefined ? "http" : "https") : []),
    { name: corsFilterName, typedConfig: anyOf("envoy.extensions.filters.http.cors.v3.Cors", {}) },
    sessionFilter,
    { name: "envoy.filters.http.router", typedConfig: anyOf("envoy.extensions.filters.http.router.v3.Router", {}) },
  ];
}

/** A header that a backend sends would lead clients past the Gateway. */
function alternativeService(port: number | undefined): readonly HttpFilter[] {
  if (port === undefined) return [];
  const header = { key: "alt-svc", value: `h3=":${port}"; ma=${altSvcSeconds}` };
  const append = { header, appendAction: AppendAction.OVERWRITE_IF_EXISTS_OR_ADD };
  return [
    {
      name: "envoy.filters.http.header_mutation",
      typedConfig: anyOf("envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", {
        mutations: { responseMutations: [{ append }] },
      }),
    },
  ];
}

/** How long clients try HTTP/3 first after it has been switched off. */
const altSvcSeconds = 3600;

/** What a connection of a client may take up, as on HTTP/2. */
export function quicOptions(settings: EdgeSettings): QuicProtocolOptions {
  return {
    maxConcurrentStreams: { value: settings.http2MaxConcurrentStreams },
    initialStreamWindowSize: { value: settings.http2StreamWindowBytes },
    initialConnectionWindowSize: { value: settings.http2ConnectionWindowBytes },
  };
}

function clientSettings(settings: EdgeSettings): HttpConnectionManager {
  return {
    useRemoteAddress: { value: true },
    xffNumTrustedHops: settings.trustedHops,
    // Said in either case: what Envoy makes of nothing has changed between its versions.
    internalAddressConfig: { cidrRanges: settings.believesEnvoyHeaders ? privateNetworks : nobody },
  };
}

/**
 * Only what was checked is told: a backend may then go by it. What clients write in the header themselves is always taken
 * out, and where anybody is let in nothing takes its place, because Envoy would tell of a certificate that nobody trusts.
 */
function certificateDetails({ tls }: HttpChain): HttpConnectionManager {
  if (tls?.clientValidation?.isOptional !== false) return {}; // SANITIZE
  return {
    forwardClientCertDetails: ForwardDetails.SANITIZE_SET,
    setCurrentClientCertDetails: { subject: { value: true }, dns: true, uri: true },
  };
}

/** An address that no client has. */
const nobody = [cidr("0.0.0.0", 32)];

const privateNetworks = [
  cidr("10.0.0.0", 8),
  cidr("172.16.0.0", 12),
  cidr("192.168.0.0", 16),
  cidr("127.0.0.0", 8),
  cidr("fc00::", 7),
  cidr("::1", 128),
];

/** What a client says about other proxies, which Envoy itself would pass on. */
function forgedHeaders(settings: EdgeSettings): readonly HeaderMutation[] {
  if (settings.trustedHops > 0) return [];
  return ["forwarded", "x-forwarded-host", "x-forwarded-port", "x-real-ip"].map((remove) => ({ remove }));
}

function pathSettings(settings: EdgeSettings): HttpConnectionManager {
  return {
    normalizePath: { value: settings.normalizePath },
    mergeSlashes: settings.mergeSlashes,
    pathWithEscapedSlashesAction: EscapedSlashesAction[settings.escapedSlashes],
  };
}

function limits(settings: EdgeSettings): HttpConnectionManager {
  return {
    streamIdleTimeout: durationOf(settings.streamIdleTimeoutMs),
    requestHeadersTimeout: durationOf(settings.requestHeadersTimeoutMs),
    maxRequestHeadersKb: { value: settings.maxRequestHeadersKiB },
    commonHttpProtocolOptions: {
      idleTimeout: durationOf(settings.idleConnectionTimeoutMs),
      headersWithUnderscoresAction: UnderscoresAction[settings.underscoresInHeaders],
      maxHeadersCount: { value: settings.maxRequestHeaders },
    },
    http2ProtocolOptions: {
      maxConcurrentStreams: { value: settings.http2MaxConcurrentStreams },
      initialStreamWindowSize: { value: settings.http2StreamWindowBytes },
      initialConnectionWindowSize: { value: settings.http2ConnectionWindowBytes },
    },
    // One bad request ends its stream, not the connection that it shares with others.
    streamErrorOnInvalidHttpMessage: { value: true },
  };
}

function earlyHeaderMutation(mutations: readonly HeaderMutation[]) {
  return {
    name: "envoy.http.early_header_mutation.header_mutation",
    typedConfig: anyOf("envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", { mutations }),
  };
}

function cidr(addressPrefix: string, length: number) {
  return { addressPrefix, prefixLen: { value: length } };
}
