import type { EnvoyConfigRouteV3RetryPolicy } from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import type { RouteRule } from "../route-nodes.ts";
import { durationOf } from "./duration.ts";

/** Prints a rule's retries and the time limit of each try; undefined when it asks for neither. */
export function retryPolicy(rule: RouteRule): EnvoyConfigRouteV3RetryPolicy | undefined {
  const retries = rule.retry !== undefined && rule.retry.attempts > 0 ? rule.retry : undefined;
  if (retries === undefined && rule.backendTimeoutMs === 0) return undefined;
  const perTryTimeout = rule.backendTimeoutMs > 0 ? { perTryTimeout: durationOf(rule.backendTimeoutMs) } : {};
  // A time limit of a single try is a retry policy without retries.
  if (retries === undefined) return { numRetries: { value: 0 }, ...perTryTimeout };
  return {
    retryOn: [
      ...notBegun,
      ...(rule.backendTimeoutMs > 0 ? ["reset"] : []),
      ...(retries.codes.length > 0 ? ["retriable-status-codes"] : []),
    ].join(","),
    ...(retries.codes.length > 0 && { retriableStatusCodes: retries.codes }),
    numRetries: { value: Math.min(retries.attempts, mostRetries) },
    ...perTryTimeout,
    ...backOff(retries.backoffMs),
    ...otherHosts,
  };
}

/**
 * A backend that cannot be reached, or says that it has not begun. One that hangs up later may have done what was asked for, and
 * doing it twice may be wrong: only where tries have a time limit are they repeated, as Envoy does not tell the two apart.
 * https://gateway-api.sigs.k8s.io/geps/gep-1731/
 */
const notBegun = ["connect-failure", "refused-stream", "reset-before-request"];

/** What Envoy can count; the API sets no limit. */
const mostRetries = 2 ** 32 - 1;

/** Tries an endpoint that has not been tried for this request, as long as a few draws find one. */
const otherHosts = {
  retryHostPredicate: [
    {
      name: "envoy.retry_host_predicates.previous_hosts",
      typedConfig: anyOf("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate", {}),
    },
  ],
  hostSelectionRetryMaxAttempts: 5,
} satisfies EnvoyConfigRouteV3RetryPolicy;

function backOff(milliseconds: number | undefined): EnvoyConfigRouteV3RetryPolicy {
  if (milliseconds === undefined || milliseconds < 1) return {};
  const interval = (wanted: number) => durationOf(Math.min(wanted, longestPauseMs));
  return { retryBackOff: { baseInterval: interval(milliseconds), maxInterval: interval(milliseconds * 10) } };
}

/** A year. Envoy refuses a table with a duration that nanoseconds in 64 bits cannot tell, which ten times a long one may be. */
const longestPauseMs = 365 * 24 * 3_600_000;
