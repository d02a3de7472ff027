import type { BackendObjectReference } from "../../core/gateway-api.ts";
import type { Kind } from "../../core/keys.ts";
import { grpcFiltersSchema } from "../schemas/grpc-route.ts";
import { type Rule, type RuleCheck, rulesFor } from "./rule.ts";

/** How the filters of an HTTPRoute's rule, or of one backend, fit together. `at` is the path of the list of filters. */
export function httpFilterRules(at: string): readonly Rule[] {
  return [
    ...rulesFor("HTTPRoute", [at], [redirectOrRewrite]),
    ...rulesFor(
      "HTTPRoute",
      corsLists.map((list) => `${at}[].cors.${list}`),
      corsList,
    ),
    ...rulesFor("HTTPRoute", [`${at}[].requestRedirect.path`, `${at}[].urlRewrite.path`], pathModifier),
    ...sharedFilterRules("HTTPRoute", at, httpFilterTypes),
  ];
}

/** The same for a GRPCRoute. */
export function grpcFilterRules(at: string): readonly Rule[] {
  const types = httpFilterTypes.filter(({ type }) => grpcFilterTypes.has(type));
  return sharedFilterRules("GRPCRoute", at, types);
}

/** A filter whose `type` and other fields need not fit yet. */
export interface LooseFilter {
  readonly type: string;
  readonly requestRedirect?: { readonly path?: LoosePathModifier };
  readonly urlRewrite?: { readonly path?: LoosePathModifier };
}

/** A path modifier whose `type` and other fields need not fit yet. */
export interface LoosePathModifier {
  readonly type: string;
  readonly replaceFullPath?: string;
  readonly replacePrefixMatch?: string;
}

/** A Service needs a port; what else a backend may be can do without. */
export const backendPort: readonly RuleCheck<BackendObjectReference>[] = [
  {
    name: "a reference to a Service has a port",
    cel: "089ed26a9f0f",
    check: ({ group, kind, port }) =>
      group === "" && kind === "Service" && port === undefined
        ? "must have a port, as it refers to a Service"
        : undefined,
  },
];

const corsLists = ["allowHeaders", "allowMethods", "allowOrigins"] as const;

const redirectOrRewrite: RuleCheck<readonly LooseFilter[]> = {
  name: "a redirect and a rewrite exclude each other",
  cel: "24c3fdad46b3",
  check: (filters) =>
    filters.some(({ type }) => type === "RequestRedirect") && filters.some(({ type }) => type === "URLRewrite")
      ? "must not hold both a RequestRedirect and a URLRewrite filter"
      : undefined,
};

interface FilterType {
  readonly type: string;
  readonly field: string;
  /** The rules' hashes: about filters of other types, of this one, and of two of this one where that is refused. */
  readonly without: string;
  readonly required: string;
  readonly once?: string;
}

const httpFilterTypes: readonly FilterType[] = [
  { type: "CORS", field: "cors", without: "1b5e24ab1898", required: "53315200e53d", once: "ee6a308c410a" },
  {
    type: "RequestHeaderModifier",
    field: "requestHeaderModifier",
    without: "7b8cf86874d8",
    required: "eb3032de7631",
    once: "501e61ba52ca",
  },
  {
    type: "ResponseHeaderModifier",
    field: "responseHeaderModifier",
    without: "c0838ca9ab63",
    required: "a900d763727e",
    once: "226cc5e317a8",
  },
  { type: "RequestMirror", field: "requestMirror", without: "c2c4ceb30c93", required: "479cd4bff5ae" },
  {
    type: "RequestRedirect",
    field: "requestRedirect",
    without: "bec67f21a55a",
    required: "96f72312eb7b",
    once: "c1f6cb742f0d",
  },
  { type: "URLRewrite", field: "urlRewrite", without: "bc36c2fa8462", required: "769cafeb49d0", once: "61ed15b8b73f" },
  { type: "ExtensionRef", field: "extensionRef", without: "28f68457ca1d", required: "32fcae1cb6e6" },
];

const grpcFilterTypes: ReadonlySet<string> = new Set(grpcFiltersSchema.items.properties.type.enum);

function sharedFilterRules(kind: Kind, at: string, types: readonly FilterType[]): readonly Rule[] {
  return [
    ...rulesFor(kind, [at], types.flatMap(atMostOne)),
    ...rulesFor(kind, [`${at}[]`], types.flatMap(member)),
    ...rulesFor(kind, [`${at}[].requestMirror`], mirror),
    ...rulesFor(kind, [`${at}[].requestMirror.fraction`], fraction),
    ...rulesFor(kind, [`${at}[].requestMirror.backendRef`], backendPort),
  ];
}

function atMostOne({ type, once }: FilterType): readonly RuleCheck<readonly LooseFilter[]>[] {
  if (once === undefined) return [];
  return [
    {
      name: `there is at most one ${type} filter`,
      cel: once,
      check: (filters) =>
        filters.filter((filter) => filter.type === type).length > 1 ? `must not hold two ${type} filters` : undefined,
    },
  ];
}

function member({ type, field, without, required }: FilterType): readonly RuleCheck<LooseFilter>[] {
  return [
    {
      name: `${field} stands only in a ${type} filter`,
      cel: without,
      check: (filter) =>
        Object.hasOwn(filter, field) && filter.type !== type
          ? `must not have ${field} when its type is ${filter.type}`
          : undefined,
    },
    {
      name: `a ${type} filter has ${field}`,
      cel: required,
      check: (filter) =>
        !Object.hasOwn(filter, field) && filter.type === type
          ? `must have ${field} when its type is ${type}`
          : undefined,
    },
  ];
}

const corsList: readonly RuleCheck<readonly string[]>[] = [
  {
    name: "'*' in a CORS list stands alone",
    cel: "e2610261534d",
    check: (entries) => (entries.includes("*") && entries.length > 1 ? "must hold nothing else beside '*'" : undefined),
  },
];

const mirror: readonly RuleCheck<{ readonly percent?: number; readonly fraction?: object }>[] = [
  {
    name: "a mirror has a percentage or a fraction",
    cel: "2179202e3c83",
    check: ({ percent, fraction }) =>
      percent !== undefined && fraction !== undefined ? "must not have both percent and fraction" : undefined,
  },
];

const fraction: readonly RuleCheck<{ readonly numerator: number; readonly denominator: number }>[] = [
  {
    name: "a fraction is at most one",
    cel: "c7c8b7bb79e4",
    check: ({ numerator, denominator }) =>
      numerator <= denominator ? undefined : "must not have a numerator above its denominator",
  },
];

const pathModifier: readonly RuleCheck<LoosePathModifier>[] = [
  { field: "replaceFullPath", type: "ReplaceFullPath", required: "85716a2b530d", without: "c04f03f45be6" },
  { field: "replacePrefixMatch", type: "ReplacePrefixMatch", required: "4dba3b1d65ee", without: "02cf28521adb" },
].flatMap(({ field, type, required, without }): readonly RuleCheck<LoosePathModifier>[] => [
  {
    name: `the path type ${type} has ${field}`,
    cel: required,
    check: (path) =>
      path.type === type && !Object.hasOwn(path, field) ? `must have ${field} when its type is ${type}` : undefined,
  },
  {
    name: `${field} stands only with the path type ${type}`,
    cel: without,
    check: (path) =>
      Object.hasOwn(path, field) && path.type !== type
        ? `must not have ${field} when its type is ${path.type}`
        : undefined,
  },
]);
