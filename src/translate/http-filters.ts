/** The filters of a rule or of a backendRef. https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter */
import type { Reader } from "../collection/collection.ts";
import { assertNever } from "../core/assert-never.ts";
import type { Rejection } from "../core/conditions.ts";
import type { HttpRequestMirror, HttpRouteFilter } from "../core/gateway-api.ts";
import { type BackendInputs, type RouteSource, resolveBackend } from "./backend.ts";
import { readModifier } from "./envoy/header-mutation.ts";
import { findFilterProblem } from "./envoy/rule-checks.ts";
import type { Mirror, RuleFilters } from "./route-nodes.ts";

/** The filters that can be applied, and what is wrong. */
export interface ReadFilters {
  readonly filters: RuleFilters;
  /** Why requests must not be served at all: a filter may not be skipped. */
  readonly broken?: Rejection;
  /** References that could not be resolved. A mirror without its backend is left out; requests are served. */
  readonly unresolved: readonly Rejection[];
}

/** Sorts filters by what they do and resolves what they refer to. */
export function readFilters(
  read: Reader,
  inputs: BackendInputs,
  from: RouteSource,
  filters: readonly HttpRouteFilter[] = [],
): ReadFilters {
  let result: RuleFilters = { mirrors: [] };
  let broken: Rejection | undefined;
  const unresolved: Rejection[] = [];
  for (const filter of filters) {
    switch (filter.type) {
      case "RequestHeaderModifier":
        result = { ...result, requestHeaders: readModifier(filter.requestHeaderModifier) };
        break;
      case "ResponseHeaderModifier":
        result = { ...result, responseHeaders: readModifier(filter.responseHeaderModifier) };
        break;
      case "RequestRedirect":
        result = { ...result, redirect: filter.requestRedirect };
        break;
      case "URLRewrite":
        result = { ...result, rewrite: filter.urlRewrite };
        break;
      case "CORS":
        result = { ...result, cors: filter.cors };
        break;
      case "RequestMirror": {
        const target = resolveBackend(read, inputs, from, filter.requestMirror.backendRef);
        if (target.kind === "invalid") unresolved.push(target.rejection);
        else result = { ...result, mirrors: [...result.mirrors, mirror(target.cluster, filter.requestMirror)] };
        break;
      }
      case "ExtensionRef":
        broken ??= unknownExtension(filter.extensionRef);
        unresolved.push(unknownExtension(filter.extensionRef));
        break;
      default:
        assertNever(filter);
    }
  }
  const problem = findFilterProblem(result);
  if (problem !== undefined) broken ??= { condition: "PartiallyInvalid", reason: "UnsupportedValue", message: problem };
  return { filters: result, unresolved, ...(broken === undefined ? {} : { broken }) };
}

function mirror(cluster: string, { percent, fraction }: HttpRequestMirror): Mirror {
  if (fraction !== undefined) return { cluster, ...fraction };
  return { cluster, numerator: percent ?? 100, denominator: 100 };
}

function unknownExtension({ group, kind, name }: { group: string; kind: string; name: string }): Rejection {
  const message = `Filter ${kind}.${group} ${name}: Gatehouse has no such kind of filter`;
  return { condition: "ResolvedRefs", reason: "InvalidKind", message };
}
