import type { BackendObjectReference } from "../../core/gateway-api.ts";
import { type Rule, type RuleCheck, rulesFor } from "./rule.ts";

/** How the filters of a rule, or of one backend, fit together. `at` is the path of the list of filters. */
export function httpFilterRules(at: string): readonly Rule[] {
  return [
    ...rulesFor("HTTPRoute", [at], filterList),
    ...rulesFor("HTTPRoute", [`${at}[]`], filterMembers),
    ...rulesFor(
      "HTTPRoute",
      corsLists.map((list) => `${at}[].cors.${list}`),
      corsList,
    ),
    ...rulesFor("HTTPRoute", [`${at}[].requestMirror`], mirror),
    ...rulesFor("HTTPRoute", [`${at}[].requestMirror.fraction`], fraction),
    ...rulesFor("HTTPRoute", [`${at}[].requestMirror.backendRef`], backendPort),
    ...rulesFor("HTTPRoute", [`${at}[].requestRedirect.path`, `${at}[].urlRewrite.path`], pathModifier),
  ];
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

const filterList: readonly RuleCheck<readonly LooseFilter[]>[] = [
  {
    name: "a redirect and a rewrite exclude each other",
    cel: "24c3fdad46b3",
    check: (filters) =>
      filters.some(({ type }) => type === "RequestRedirect") && filters.some(({ type }) => type === "URLRewrite")
        ? "must not hold both a RequestRedirect and a URLRewrite filter"
        : undefined,
  },
  ...[
    { type: "CORS", cel: "ee6a308c410a" },
    { type: "RequestHeaderModifier", cel: "501e61ba52ca" },
    { type: "ResponseHeaderModifier", cel: "226cc5e317a8" },
    { type: "RequestRedirect", cel: "c1f6cb742f0d" },
    { type: "URLRewrite", cel: "61ed15b8b73f" },
  ].map(
    ({ type, cel }): RuleCheck<readonly LooseFilter[]> => ({
      name: `there is at most one ${type} filter`,
      cel,
      check: (filters) =>
        filters.filter((filter) => filter.type === type).length > 1 ? `must not hold two ${type} filters` : undefined,
    }),
  ),
];

const filterMembers: readonly RuleCheck<LooseFilter>[] = [
  { type: "CORS", field: "cors", without: "1b5e24ab1898", required: "53315200e53d" },
  {
    type: "RequestHeaderModifier",
    field: "requestHeaderModifier",
    without: "7b8cf86874d8",
    required: "eb3032de7631",
  },
  {
    type: "ResponseHeaderModifier",
    field: "responseHeaderModifier",
    without: "c0838ca9ab63",
    required: "a900d763727e",
  },
  { type: "RequestMirror", field: "requestMirror", without: "c2c4ceb30c93", required: "479cd4bff5ae" },
  { type: "RequestRedirect", field: "requestRedirect", without: "bec67f21a55a", required: "96f72312eb7b" },
  { type: "URLRewrite", field: "urlRewrite", without: "bc36c2fa8462", required: "769cafeb49d0" },
  { type: "ExtensionRef", field: "extensionRef", without: "28f68457ca1d", required: "32fcae1cb6e6" },
].flatMap(({ type, field, without, required }): readonly RuleCheck<LooseFilter>[] => [
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
      !Object.hasOwn(filter, field) && filter.type === type ? `must have ${field} when its type is ${type}` : undefined,
  },
]);

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
