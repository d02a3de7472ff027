/** Names that collide, and labels and annotations that look as if they decided something. */
import {
  backendRef,
  gateway,
  httpRoute,
  listener,
  listenerSet,
  listenerSetRef,
  type PlainObject,
  prefix,
  rule,
  service,
} from "../objects.ts";
import { attacker, secretWord } from "../tenants.ts";
import { attack, type Family, grab, mine } from "./attack.ts";

const colliding = [
  ...`api-${secretWord} store-${secretWord} edge app ns-api ns-api-app ns-api.app api.app app-80 app.80 infra-edge`.split(
    " ",
  ),
  ..."ns-api/app ../ns-api/app app/80 http-80 https-443 invalid-backend constructor tostring hasownproperty".split(" "),
  ..."__proto__ constructor.prototype valueof prototype tojson then length 0 1e3 true null undefined nan".split(" "),
];

export const names: Family = {
  name: "names",
  attacks: [
    ...colliding.map((name) =>
      attack(
        `everything named ${name}`,
        httpRoute(mine(name), {
          hostnames: ["x.mallory.example"],
          rules: [{ name, matches: [prefix("/")], backendRefs: [backendRef(name)] }],
        }),
        service(mine(name)),
      ),
    ),
    ...colliding.slice(0, 12).map((name) =>
      attack(
        `listeners named ${name}`,
        listenerSet(mine(name), [listener(name, 80, { hostname: "x.mallory.example" })]),
        httpRoute(mine(), {
          parentRefs: [{ ...listenerSetRef(attacker, name), sectionName: name }],
          rules: [rule([prefix("/")])],
        }),
        gateway(mine(name), { listeners: [listener(name, 80)] }),
      ),
    ),
    ..."__proto__ constructor toString hasOwnProperty".split(" ").map((name) =>
      attack(
        `header, query and label ${name}`,
        httpRoute(mine("grab", { more: { labels: { [name]: "x" }, annotations: { [name]: "x" } } }), {
          hostnames: ["x.mallory.example"],
          rules: [
            rule(
              [
                prefix("/", {
                  headers: [{ type: "Exact", name, value: name }],
                  queryParams: [{ type: "Exact", name, value: name }],
                }),
              ],
              {
                filters: [
                  {
                    type: "RequestHeaderModifier",
                    requestHeaderModifier: { set: [{ name, value: name }], remove: [name] },
                  },
                ],
              },
            ),
          ],
        }),
      ),
    ),
  ],
};

/** Metadata that a tenant may write, and that decides nothing. */
const metadata: readonly PlainObject[] = [
  { annotations: { "gatehouse.dev/owner": "ns-api", "gatehouse.dev/hostname": "api.techresolve.com" } },
  { annotations: { "gatehouse.dev/since": "1999-01-01T00:00:00Z", "gatehouse.dev/claimed": "true" } },
  {
    annotations: {
      "gatehouse.dev/ownership": "Off",
      "gatehouse.dev/mode": "Off",
      "ownership.gatehouse.dev/mode": "Off",
    },
  },
  {
    annotations: {
      "gatehouse.dev/namespace": "ns-api",
      "gatehouse.dev/tenant": "infra",
      "gatehouse.dev/priority": "1",
    },
  },
  {
    annotations: {
      "kubernetes.io/ingress.class": "gatehouse",
      "nginx.ingress.kubernetes.io/server-alias": "api.techresolve.com",
    },
  },
  {
    annotations: {
      "nginx.ingress.kubernetes.io/configuration-snippet": "return 200;",
      "haproxy.router.openshift.io/disable-namespace-ownership-check": "true",
    },
  },
  { annotations: { "cert-manager.io/cluster-issuer": "x", "acme.cert-manager.io/http01-solver": "true" } },
  { annotations: { "gateway.networking.k8s.io/bundle-version": "v9", "gateway.networking.k8s.io/policy": "Override" } },
  { labels: { "gatehouse.dev/owner": "ns-api", tenant: "ns-api", "kubernetes.io/metadata.name": "ns-api" } },
  { labels: { "app.kubernetes.io/managed-by": "gatehouse", "gatehouse.dev/ownership-domain": "techresolve.com" } },
  { labels: { "acme.cert-manager.io/http01-solver": "true", "gateway.networking.k8s.io/gateway-name": "edge" } },
  { uid: "00000000-0000-0000-0000-000000000000", resourceVersion: "1", generation: 999_999 },
  { deletionTimestamp: "2000-01-01T00:00:00Z", finalizers: ["gatehouse.dev/keep"] },
  { generateName: "api-", selfLink: "/apis/x", managedFields: [{ manager: "gatehouse" }] },
  { ownerReferences: [{ apiVersion: "v1", kind: "HTTPRoute", name: `api-${secretWord}`, uid: "x", controller: true }] },
];

export const annotations: Family = {
  name: "labels and annotations",
  attacks: metadata.flatMap((more) => {
    const what = Object.keys((more["annotations"] ?? more["labels"] ?? more) as PlainObject).join(", ");
    return [
      attack(
        `route with ${what}`,
        httpRoute(mine("grab", { more }), {
          hostnames: ["api.techresolve.com", "granted.example.com"],
          rules: [rule([prefix("/")])],
        }),
      ),
      attack(
        `listeners with ${what}`,
        listenerSet(mine("set", { more }), [listener("a", 80, { hostname: "api.techresolve.com" })]),
      ),
    ];
  }),
};

/** Filters and fields that a proxy might refuse together with everything else in its table. */
const baits: Readonly<Record<string, PlainObject>> = {
  "a redirect to nowhere": redirect({ hostname: "a b", port: 0 }),
  "a redirect with a line break": redirect({ hostname: "x.example\r\nset-cookie: a=b" }),
  "a redirect with a strange status": redirect({ statusCode: 999 }),
  "a redirect with a path and a prefix": redirect({
    path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/%ZZ%" },
  }),
  "a rewrite of the host": rewrite({ hostname: "api.techresolve.com" }),
  "a rewrite with a line break": rewrite({ path: { type: "ReplaceFullPath", replaceFullPath: "/a\nb" } }),
  "a rewrite with commands": rewrite({ path: { type: "ReplaceFullPath", replaceFullPath: "/%REQ(authorization)%" } }),
  "a rewrite without a slash": rewrite({ path: { type: "ReplaceFullPath", replaceFullPath: "mallory" } }),
  "headers of the proxy": setHeader(":authority", "api.techresolve.com"),
  "a host header": setHeader("Host", "api.techresolve.com"),
  "a header with commands": setHeader("x-a", "%DOWNSTREAM_PEER_CERT%%"),
  "a header with a line break": setHeader("x-a", "a\r\nx-b: c"),
  "a header without a name": setHeader("", "a"),
  "the header that chooses tables": setHeader("x-gw-scope", "http-80/api.techresolve.com"),
  "a header of a hundred kilobytes": setHeader("x-a", "a".repeat(100_000)),
  "a filter of nobody's": {
    filters: [{ type: "ExtensionRef", extensionRef: { group: "x.example", kind: "Y", name: "z" } }],
  },
  "any origin": {
    filters: [
      {
        type: "CORS",
        cors: {
          allowOrigins: ["*"],
          allowMethods: ["*"],
          allowHeaders: ["*"],
          allowCredentials: true,
          maxAge: 2147483647,
        },
      },
    ],
  },
  "an origin that is an expression": { filters: [{ type: "CORS", cors: { allowOrigins: ["https://(.*"] } }] },
  "a timeout of nothing": { timeouts: { request: "0s", backendRequest: "0s" } },
  "a timeout of ages": { timeouts: { request: "99999h99999m" } },
  "a timeout that is none": { timeouts: { request: "-1s" } },
  "retries for ever": { retry: { attempts: 2147483647, backoff: "0s", codes: [500, 503] } },
  "retries after nothing": { retry: { attempts: 1, backoff: "0s" } },
  "retries of everything": { retry: { attempts: 5, codes: Array.from({ length: 200 }, (_, index) => 400 + index) } },
};

export const poison: Family = {
  name: "what proxies refuse",
  attacks: Object.entries(baits).map(([name, more]) =>
    attack(name, grab(["x.mallory.example"], [rule([prefix("/")], more)])),
  ),
};

function redirect(requestRedirect: PlainObject): PlainObject {
  return {
    filters: [{ type: "RequestRedirect", requestRedirect: { statusCode: 302, ...requestRedirect } }],
    backendRefs: [],
  };
}

function rewrite(urlRewrite: PlainObject): PlainObject {
  return { filters: [{ type: "URLRewrite", urlRewrite }] };
}

function setHeader(name: string, value: string): PlainObject {
  return { filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name, value }] } }] };
}
