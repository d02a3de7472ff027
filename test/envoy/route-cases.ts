import type { HttpRouteMatch } from "../../src/core/gateway-api.ts";
import type { Backend, RouteRule, RuleFilters } from "../../src/translate/route-nodes.ts";
import type { ClientRequest } from "../support/client.ts";

/** What a request must come to. Everything that is left out is not looked at. */
export interface Wanted {
  readonly status: number;
  readonly backend?: string;
  /** What the backend saw. */
  readonly path?: string;
  readonly host?: string;
  readonly requestHeaders?: Readonly<Record<string, string | undefined>>;
  /** What the client got; undefined must be absent. */
  readonly responseHeaders?: Readonly<Record<string, string | undefined>>;
}

export interface RouteCase {
  readonly name: string;
  readonly rule: Partial<RouteRule>;
  readonly match?: Partial<HttpRouteMatch>;
  readonly asks: Asks;
  /** The same of a proxy that joins the values of a header before it matches them, where that is something else. */
  readonly asksWhereJoined?: Asks;
}

type Asks = readonly (readonly [request: ClientRequest, wanted: Wanted])[];

export const noFilters: RuleFilters = { mirrors: [] };

export function to(cluster: string, weight = 1, filters: Partial<RuleFilters> = {}): Backend {
  return { kind: "cluster", cluster, weight, filters: { mirrors: [], ...filters } };
}

export const invalid: Backend = {
  kind: "invalid",
  weight: 1,
  rejection: { condition: "ResolvedRefs", reason: "BackendNotFound", message: "no such Service" },
};

const a = [to("a")];
const ok = { status: 200, backend: "a" };
const missing = { status: 404 };
const prefix = (value: string): Partial<HttpRouteMatch> => ({ path: { type: "PathPrefix", value } });
const exact = (value: string): Partial<HttpRouteMatch> => ({ path: { type: "Exact", value } });
const header = (name: string, value: string) => ({ type: "Exact", name, value }) as const;
const pattern = (name: string, value: string) => ({ type: "RegularExpression", name, value }) as const;
const filters = (more: Partial<RuleFilters>): RuleFilters => ({ mirrors: [], ...more });
const rewritePath = (replacePrefixMatch: string): RuleFilters =>
  filters({ rewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch } } });

const matches: readonly RouteCase[] = [
  {
    name: "an Exact path matches itself only, whatever the query",
    match: exact("/exact"),
    rule: { backends: a },
    asks: [
      [{ path: "/exact" }, ok],
      [{ path: "/exact?x=1" }, ok],
      [{ path: "/exact/" }, missing],
      [{ path: "/Exact" }, missing],
      [{ path: "/exactly" }, missing],
    ],
  },
  {
    name: "a PathPrefix matches whole path elements",
    match: prefix("/foo"),
    rule: { backends: a },
    asks: [
      [{ path: "/foo" }, ok],
      [{ path: "/foo/" }, ok],
      [{ path: "/foo/bar?x" }, ok],
      [{ path: "/foobar" }, missing],
      [{ path: "/FOO" }, missing],
    ],
  },
  {
    name: "a trailing slash of a PathPrefix does not count",
    match: prefix("/foo/"),
    rule: { backends: a },
    asks: [
      [{ path: "/foo" }, ok],
      [{ path: "/foo/bar" }, ok],
      [{ path: "/foobar" }, missing],
    ],
  },
  {
    name: "the prefix / matches everything",
    match: prefix("/"),
    rule: { backends: a },
    asks: [[{ path: "/x/y" }, ok]],
  },
  {
    name: "a one-letter prefix works",
    match: prefix("/v"),
    rule: { backends: a },
    asks: [
      [{ path: "/v" }, ok],
      [{ path: "/v/1" }, ok],
      [{ path: "/v1" }, missing],
    ],
  },
  {
    name: "a regular expression has to match the whole path",
    match: { path: { type: "RegularExpression", value: "/v[12]/(users|orders)" } },
    rule: { backends: a },
    asks: [
      [{ path: "/v1/users" }, ok],
      [{ path: "/v2/orders?x=y" }, ok],
      [{ path: "/v1/users/7" }, missing],
      [{ path: "/x/v1/users" }, missing],
    ],
  },
  {
    name: "all header matches have to hold, and names have no case",
    match: { headers: [header("X-Version", "two"), pattern("x-color", "gr[ea]y")] },
    rule: { backends: a },
    asks: [
      [
        {
          headers: [
            ["x-VERSION", "two"],
            ["X-Color", "grey"],
          ],
        },
        ok,
      ],
      [
        {
          headers: [
            ["x-version", "two"],
            ["x-color", "gray"],
          ],
        },
        ok,
      ],
      [
        {
          headers: [
            ["x-version", "TWO"],
            ["x-color", "gray"],
          ],
        },
        missing,
      ],
      [{ headers: [["x-version", "two"]] }, missing],
      [
        {
          headers: [
            ["x-version", "two"],
            ["x-color", "greyish"],
          ],
        },
        missing,
      ],
    ],
  },
  {
    name: "of two header matches with an equal name the first counts",
    match: { headers: [header("X-Version", "one"), header("x-version", "two")] },
    rule: { backends: a },
    asks: [
      [{ headers: [["x-version", "one"]] }, ok],
      [{ headers: [["x-version", "two"]] }, missing],
    ],
  },
  {
    name: "a header that comes twice matches by any of its values",
    match: { headers: [header("x-many", "2")] },
    rule: { backends: a },
    asksWhereJoined: [
      [
        {
          headers: [
            ["x-many", "1"],
            ["x-many", "2"],
          ],
        },
        missing,
      ],
      [{ headers: [["x-many", "2"]] }, ok],
    ],
    asks: [
      [
        {
          headers: [
            ["x-many", "1"],
            ["x-many", "2"],
          ],
        },
        ok,
      ],
      [{ headers: [["x-many", "1"]] }, missing],
    ],
  },
  {
    name: "a match on the Host header sees the authority",
    match: { headers: [pattern("Host", "c[0-9]+\\.test")] },
    rule: { backends: a },
    asks: [[{}, ok]],
  },
  {
    name: "query parameters match by value and by regular expression, with case",
    match: { queryParams: [header("q", "blue"), pattern("n", "[0-9]+")] },
    rule: { backends: a },
    asks: [
      [{ path: "/?q=blue&n=12" }, ok],
      [{ path: "/?n=1&q=blue&z=" }, ok],
      [{ path: "/?q=blue" }, missing],
      [{ path: "/?q=blue&n=x1" }, missing],
      [{ path: "/?Q=blue&n=1" }, missing],
    ],
  },
  {
    name: "a method matches exactly",
    match: { method: "POST" },
    rule: { backends: a },
    asks: [
      [{ method: "POST", body: "x" }, ok],
      [{ method: "GET" }, missing],
    ],
  },
];

const headerFilters: readonly RouteCase[] = [
  {
    name: "request headers are set, added and removed",
    rule: {
      backends: a,
      filters: filters({
        requestHeaders: {
          set: [{ name: "X-Set", value: "new" }],
          add: [{ name: "X-Add", value: "more" }],
          remove: ["X-Gone"],
        },
      }),
    },
    asks: [
      [
        {
          headers: [
            ["x-set", "old"],
            ["x-add", "some"],
            ["x-gone", "1"],
          ],
        },
        { ...ok, requestHeaders: { "x-set": "new", "x-add": "some, more", "x-gone": undefined } },
      ],
      [{}, { ...ok, requestHeaders: { "x-set": "new", "x-add": "more" } }],
    ],
  },
  {
    name: "a percent sign in a header value is text",
    rule: {
      backends: a,
      filters: filters({
        requestHeaders: { set: [{ name: "x-text", value: "100% %REQ(authorization)% %%" }] },
        responseHeaders: { set: [{ name: "x-text", value: "50% %ENVIRONMENT(HOME)%" }] },
      }),
    },
    asks: [
      [
        { headers: [["authorization", "secret"]] },
        {
          ...ok,
          requestHeaders: { "x-text": "100% %REQ(authorization)% %%" },
          responseHeaders: { "x-text": "50% %ENVIRONMENT(HOME)%" },
        },
      ],
    ],
  },
  {
    name: "a header value may hold tabs, and letters of every language",
    rule: {
      backends: a,
      filters: filters({
        requestHeaders: { set: [{ name: "x-text", value: "a\tb \u00fc \u4e2d" }] },
        responseHeaders: { set: [{ name: "x-text", value: "a\tb \u00fc" }] },
      }),
    },
    // Both sides read the bytes of UTF-8 as Latin-1.
    asks: [
      [
        {},
        {
          ...ok,
          requestHeaders: { "x-text": "a\tb \u00c3\u00bc \u00e4\u00b8\u00ad" },
          responseHeaders: { "x-text": "a\tb \u00c3\u00bc" },
        },
      ],
    ],
  },
  {
    name: "a header value may be as long as Envoy takes it",
    rule: {
      backends: a,
      filters: filters({
        responseHeaders: { set: [{ name: "x-long", value: "%".repeat(8192) }] },
      }),
    },
    asks: [[{}, { ...ok, responseHeaders: { "x-long": "%".repeat(8192) } }]],
  },
  {
    name: "a percent sign in a rewrite or a redirect is text",
    match: prefix("/in"),
    rule: {
      backends: a,
      filters: filters({
        rewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/%REQ(authorization)%/100%25" } },
      }),
    },
    asks: [[{ path: "/in?x=%25" }, { ...ok, path: "/%REQ(authorization)%/100%25?x=%25" }]],
  },
  {
    name: "so it is where a prefix is replaced",
    match: prefix("/in"),
    rule: { backends: a, filters: rewritePath("/%REQ(authorization)%/%PROTOCOL%") },
    asks: [[{ path: "/in/x" }, { ...ok, path: "/%REQ(authorization)%/%PROTOCOL%/x" }]],
  },
  {
    name: "and in the path of a redirect",
    rule: {
      filters: filters({
        redirect: {
          statusCode: 302,
          hostname: "h.example",
          path: { type: "ReplaceFullPath", replaceFullPath: "/%REQ(authorization)%/%PROTOCOL%" },
        },
      }),
    },
    asks: [
      [{}, { status: 302, responseHeaders: { location: "http://h.example:8080/%REQ(authorization)%/%PROTOCOL%" } }],
    ],
  },
  {
    name: "response headers are set, added and removed",
    rule: {
      backends: a,
      filters: filters({
        responseHeaders: {
          set: [{ name: "content-type", value: "text/x" }],
          add: [{ name: "x-more", value: "1" }],
          remove: ["x-backend"],
        },
      }),
    },
    asks: [[{}, { status: 200, responseHeaders: { "content-type": "text/x", "x-more": "1", "x-backend": undefined } }]],
  },
  {
    name: "what a backend's filter says of a header wins over its rule's",
    rule: {
      backends: [
        to("a", 1, {
          requestHeaders: { set: [{ name: "x-who", value: "backend" }], remove: ["x-rule"] },
          responseHeaders: { set: [{ name: "x-who", value: "backend" }] },
        }),
      ],
      filters: filters({
        requestHeaders: {
          set: [
            { name: "x-who", value: "rule" },
            { name: "x-rule", value: "1" },
            { name: "x-both", value: "1" },
          ],
        },
        responseHeaders: { set: [{ name: "x-who", value: "rule" }] },
      }),
    },
    asks: [
      [
        {},
        {
          ...ok,
          requestHeaders: { "x-who": "backend", "x-rule": undefined, "x-both": "1" },
          responseHeaders: { "x-who": "backend" },
        },
      ],
    ],
  },
  {
    name: "the same holds where the backend needs a route of its own",
    rule: {
      backends: [
        to("a", 1, {
          requestHeaders: { set: [{ name: "x-who", value: "backend" }], remove: ["x-rule"] },
          rewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/own" } },
        }),
      ],
      filters: filters({
        requestHeaders: {
          set: [
            { name: "x-who", value: "rule" },
            { name: "x-rule", value: "1" },
            { name: "x-both", value: "1" },
          ],
        },
      }),
    },
    asks: [[{}, { ...ok, path: "/own", requestHeaders: { "x-who": "backend", "x-rule": undefined, "x-both": "1" } }]],
  },
];

const rewrites: readonly RouteCase[] = [
  {
    name: "a hostname is rewritten",
    rule: { backends: a, filters: filters({ rewrite: { hostname: "inner.example" } }) },
    asks: [[{}, { ...ok, host: "inner.example" }]],
  },
  {
    name: "without a rewrite the Host stays, port and all",
    rule: { backends: a },
    asks: [[{ host: "$HOST:8080" }, { ...ok, host: "$HOST:8080" }]],
  },
  {
    name: "a backend's own hostname rewrite applies to it alone",
    rule: { backends: [to("a", 1, { rewrite: { hostname: "only-a.example" } }), to("b", 0)] },
    asks: [[{}, { ...ok, host: "only-a.example" }]],
  },
  {
    name: "the full path is replaced and the query stays",
    match: prefix("/old"),
    rule: {
      backends: a,
      filters: filters({ rewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/new/\\1" } } }),
    },
    asks: [
      [{ path: "/old/x/y?q=1" }, { ...ok, path: "/new/\\1?q=1" }],
      [{ path: "/old" }, { ...ok, path: "/new/\\1" }],
    ],
  },
  {
    name: "a prefix is replaced by another",
    match: prefix("/foo"),
    rule: { backends: a, filters: rewritePath("/xyz") },
    asks: [
      [{ path: "/foo/bar?q=1" }, { ...ok, path: "/xyz/bar?q=1" }],
      [{ path: "/foo" }, { ...ok, path: "/xyz" }],
      [{ path: "/foo/" }, { ...ok, path: "/xyz/" }],
    ],
  },
  {
    name: "trailing slashes of both do not count",
    match: prefix("/foo/"),
    rule: { backends: a, filters: rewritePath("/xyz/") },
    asks: [
      [{ path: "/foo/bar" }, { ...ok, path: "/xyz/bar" }],
      [{ path: "/foo" }, { ...ok, path: "/xyz" }],
    ],
  },
  {
    name: "a prefix is replaced by / without a double slash",
    match: prefix("/f.o"),
    rule: { backends: a, filters: rewritePath("/") },
    asks: [
      [{ path: "/f.o/bar?q=/f.o" }, { ...ok, path: "/bar?q=/f.o" }],
      [{ path: "/f.o" }, { ...ok, path: "/" }],
      [{ path: "/f.o/" }, { ...ok, path: "/" }],
      [{ path: "/f.o?q=1" }, { ...ok, path: "/?q=1" }],
      [{ path: "/fxo/bar" }, missing],
    ],
  },
  {
    name: "an empty replacement is /",
    match: prefix("/foo"),
    rule: { backends: a, filters: rewritePath("") },
    asks: [
      [{ path: "/foo/foo/bar" }, { ...ok, path: "/foo/bar" }],
      [{ path: "/foo" }, { ...ok, path: "/" }],
    ],
  },
  {
    name: "the prefix / is replaced with a slash between",
    match: prefix("/"),
    rule: { backends: a, filters: rewritePath("/xyz") },
    asks: [
      [{ path: "/bar" }, { ...ok, path: "/xyz/bar" }],
      [{ path: "/" }, { ...ok, path: "/xyz/" }],
    ],
  },
  {
    name: "a prefix cannot be replaced where none is matched",
    match: exact("/foo"),
    rule: { backends: a, filters: rewritePath("/xyz") },
    asks: [[{ path: "/foo" }, { status: 500 }]],
  },
];

const redirectTo = (redirect: NonNullable<RuleFilters["redirect"]>): Partial<RouteRule> => ({
  filters: filters({ redirect }),
});
const location = (status: number, value: string): Wanted => ({ status, responseHeaders: { location: value } });

/** The listener's port is 8080. */
const redirects: readonly RouteCase[] = [
  {
    name: "a redirect keeps what it does not name, with the listener's port",
    rule: redirectTo({ statusCode: 302, hostname: "other.example" }),
    asks: [[{ path: "/x?y=1" }, location(302, "http://other.example:8080/x?y=1")]],
  },
  {
    name: "a scheme brings its own port, which is left out",
    rule: redirectTo({ statusCode: 301, scheme: "https" }),
    asks: [
      [{ path: "/x" }, location(301, "https://$HOST/x")],
      [{ path: "/x", host: "$HOST:8080" }, location(301, "https://$HOST:443/x")],
    ],
  },
  {
    name: "a redirect to the listener's own port says it",
    rule: redirectTo({ statusCode: 307, path: { type: "ReplaceFullPath", replaceFullPath: "/new" } }),
    asks: [
      [{ path: "/x?y=1" }, location(307, "http://$HOST:8080/new?y=1")],
      [{ path: "/x", host: "$HOST:1" }, location(307, "http://$HOST:8080/new")],
    ],
  },
  {
    name: "a port is told unless it is the scheme's",
    rule: redirectTo({ statusCode: 308, scheme: "https", port: 8443 }),
    asks: [[{}, location(308, "https://$HOST:8443/")]],
  },
  {
    name: "port 80 of http is left out",
    rule: redirectTo({ statusCode: 303, port: 80, hostname: "h.example" }),
    asks: [[{}, location(303, "http://h.example/")]],
  },
  {
    name: "port 443 of http is not",
    rule: redirectTo({ statusCode: 302, port: 443, hostname: "h.example" }),
    asks: [[{}, location(302, "http://h.example:443/")]],
  },
  {
    name: "a redirect replaces a prefix",
    match: prefix("/foo"),
    rule: redirectTo({
      statusCode: 302,
      hostname: "h.example",
      port: 80,
      path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/xyz" },
    }),
    asks: [
      [{ path: "/foo/bar?q=1" }, location(302, "http://h.example/xyz/bar?q=1")],
      [{ path: "/foo" }, location(302, "http://h.example/xyz")],
    ],
  },
  {
    name: "a redirect replaces a prefix by /",
    match: prefix("/foo"),
    rule: redirectTo({
      statusCode: 302,
      hostname: "h.example",
      port: 80,
      path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" },
    }),
    asks: [
      [{ path: "/foo/bar?q=1" }, location(302, "http://h.example/bar?q=1")],
      [{ path: "/foo" }, location(302, "http://h.example/")],
    ],
  },
  {
    name: "a redirect's answer gets the rule's response headers",
    rule: {
      filters: filters({
        redirect: { statusCode: 302, hostname: "h.example", port: 80 },
        responseHeaders: { set: [{ name: "x-seen", value: "1" }] },
      }),
    },
    asks: [[{}, { status: 302, responseHeaders: { "x-seen": "1" } }]],
  },
];

const failures: readonly RouteCase[] = [
  {
    name: "a rule that cannot be served answers 500",
    rule: { backends: a, broken: invalid.rejection },
    asks: [[{}, { status: 500 }]],
  },
  { name: "a rule without backends answers 500", rule: { backends: [] }, asks: [[{}, { status: 500 }]] },
  {
    name: "a rule with invalid backends only answers 500",
    rule: { backends: [invalid] },
    asks: [[{}, { status: 500 }]],
  },
  {
    name: "backends that all have weight 0 answer 500",
    rule: { backends: [to("a", 0), to("b", 0)] },
    asks: [[{}, { status: 500 }]],
  },
  {
    name: "weight 0 gets nothing, even when the backend is invalid",
    rule: { backends: [{ ...invalid, weight: 0 }, to("a", 1), to("b", 0)] },
    asks: Array.from({ length: 10 }, () => [{}, ok] as const),
  },
  { name: "a backend without endpoints answers 503", rule: { backends: [to("empty")] }, asks: [[{}, { status: 503 }]] },
];

/** Every feature of a rule that one request can show. */
export const routeCases: readonly RouteCase[] = [...matches, ...headerFilters, ...rewrites, ...redirects, ...failures];
