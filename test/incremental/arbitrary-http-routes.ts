import fc from "fast-check";
import type {
  HttpBackendRef,
  HttpRoute,
  HttpRouteFilter,
  HttpRouteRule,
  ParentReference,
} from "../../src/core/gateway-api.ts";
import type { ObjectMeta } from "../../src/core/kubernetes.ts";

/* HTTPRoutes, with the names of arbitrary-objects. */
const group = "gateway.networking.k8s.io";

/** Hostnames of listeners and routes. */
export const hostnames = [
  "shop.example.com",
  "cart.example.com",
  "*.example.com",
  "*.shop.example.com",
  "a.b.test",
] as const;

export function httpRoutes(meta: ObjectMeta): fc.Arbitrary<HttpRoute> {
  return fc
    .record({
      parentRefs: fc.uniqueArray(parentRefs, { maxLength: 3, selector: (ref) => JSON.stringify(ref) }),
      hostnames: fc.subarray([...hostnames], { maxLength: 3 }),
      rules: fc.array(rules, { minLength: 1, maxLength: 3 }),
    })
    .map((spec) => ({ apiVersion: `${group}/v1`, kind: "HTTPRoute", metadata: meta, spec }));
}

/** Many hostnames in one route: between the two limits a table stays as it is cut, above them it is cut by hostname. */
export function fillers(meta: ObjectMeta): fc.Arbitrary<HttpRoute> {
  return fc.constantFrom(310, 510).map((count) => ({
    apiVersion: `${group}/v1`,
    kind: "HTTPRoute",
    metadata: meta,
    spec: {
      parentRefs: [{ group, kind: "Gateway", namespace: "infra", name: "shared-gateway" }],
      hostnames: Array.from({ length: count }, (_, index) => `host-${index}.example.com`),
      rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [] }],
    },
  }));
}

const parentRefs: fc.Arbitrary<ParentReference> = fc
  .tuple(
    fc.constantFrom(
      { kind: "Gateway", namespace: "infra", name: "shared-gateway" },
      { kind: "Gateway", namespace: "infra", name: "shared-gateway" },
      { kind: "Gateway", namespace: "infra", name: "second" },
      { kind: "ListenerSet", namespace: "a", name: "set" },
      { kind: "ListenerSet", name: "set" },
      { kind: "Service", name: "backend" },
    ),
    fc.constantFrom({}, {}, {}, { sectionName: "one" }, { port: 443 }),
  )
  .map(([ref, more]) => ({ group, ...ref, ...more }));

const backendRefs: fc.Arbitrary<HttpBackendRef> = fc
  .record({
    name: fc.constantFrom("backend", "backend", "backend", "backend", "absent"),
    namespace: fc.constantFrom(undefined, undefined, undefined, "a", "b"),
    port: fc.constantFrom(80, 80, 80, 8080, 81),
    weight: fc.constantFrom(0, 1, 3),
    filter: fc.constantFrom<HttpRouteFilter | undefined>(undefined, undefined, {
      type: "ResponseHeaderModifier",
      responseHeaderModifier: { add: [{ name: "x-backend", value: "yes" }] },
    }),
  })
  .map(({ namespace, filter, ...ref }) => ({
    group: "",
    kind: "Service",
    ...ref,
    ...(namespace === undefined ? {} : { namespace }),
    ...(filter === undefined ? {} : { filters: [filter] }),
  }));

const filters: fc.Arbitrary<HttpRouteFilter> = fc.constantFrom<HttpRouteFilter>(
  { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-team", value: "a" }] } },
  { type: "URLRewrite", urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/new" } } },
  { type: "RequestMirror", requestMirror: { backendRef: { group: "", kind: "Service", name: "backend", port: 8080 } } },
  { type: "CORS", cors: { allowOrigins: ["https://shop.example.com"], maxAge: 5 } },
  { type: "ExtensionRef", extensionRef: { group: "example.com", kind: "Unknown", name: "x" } },
);

const rules: fc.Arbitrary<HttpRouteRule> = fc
  .record({
    matches: fc.array(
      fc.constantFrom<HttpRouteRule["matches"][number]>(
        { path: { type: "PathPrefix", value: "/" } },
        { path: { type: "PathPrefix", value: "/cart" } },
        { path: { type: "Exact", value: "/cart" } },
        { path: { type: "RegularExpression", value: "/c.*t" } },
        { path: { type: "RegularExpression", value: "/(" } },
        { path: { type: "PathPrefix", value: "/" }, method: "GET" },
        { path: { type: "PathPrefix", value: "/" }, headers: [{ type: "Exact", name: "x-canary", value: "1" }] },
        { path: { type: "PathPrefix", value: "/" }, queryParams: [{ type: "Exact", name: "q", value: "1" }] },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    filters: fc.uniqueArray(filters, { maxLength: 2, selector: ({ type }) => type }),
    backendRefs: fc.array(backendRefs, { maxLength: 3 }),
    request: fc.constantFrom(undefined, undefined, "5s"),
  })
  .map(({ request, ...rule }) => (request === undefined ? rule : { ...rule, timeouts: { request } }));
