/** An object of one of our own kinds, by what is particular about it. */
export interface OwnObject {
  readonly name: string;
  readonly kind: "GatewayParameters" | "HostnameClaim" | "HostnameRecord" | "NamespaceBudget" | "Quarantine";
  readonly spec: unknown;
}

const namespaces = { names: ["shop"] };
const record = {
  hostname: "shop.example.com",
  namespace: "shop",
  since: "2026-01-31T12:00:00Z",
  object: "HTTPRoute/shop/web",
};
const path = { listener: "ListenerSet/shop/own/https", type: "PathPrefix", value: "" };

const claim = { hostname: "shop.example.com", namespaces };
const limits = { routes: 1 };

const quarantine = {
  gateway: "edge/shared",
  object: "HTTPRoute/shop/web",
  generation: 3,
  part: "httproute/shop/web/rule/0",
  hashes: ["0123456789abcdef"],
  words: "regex is too large",
  since: "2026-01-31T12:00:00Z",
};

/** Objects that are taken, from files and by an API server. */
export const takenObjects: readonly OwnObject[] = [
  { name: "a hostname", kind: "HostnameClaim", spec: { hostname: "shop.example.com", namespaces } },
  { name: "everything below one", kind: "HostnameClaim", spec: { hostname: "*.example.com", namespaces } },
  {
    name: "a single label with its subdomains",
    kind: "HostnameClaim",
    spec: { hostname: "internal", subdomains: true, namespaces },
  },
  {
    name: "a path, for namespaces by label",
    kind: "HostnameClaim",
    spec: {
      hostname: "example.com",
      path: "/shop",
      namespaces: { selector: { matchLabels: { "example.com/team": "shop" } } },
    },
  },
  { name: "a record of a hostname", kind: "HostnameRecord", spec: record },
  { name: "a record of a path of every host", kind: "HostnameRecord", spec: { ...record, hostname: "", path } },
  {
    name: "a budget of all namespaces",
    kind: "NamespaceBudget",
    spec: { namespaces: { selector: {} }, limits: { routes: 0, gateways: 1, changesPerMinute: 60 } },
  },
  {
    name: "limits, and bounds of limits",
    kind: "GatewayParameters",
    spec: {
      limits: {
        backend: { maxConnections: 1, retryBudgetPercent: 0, minRetryConcurrency: 0 },
        connection: { initialStreamWindowBytes: 65_535, initialConnectionWindowBytes: 65_535 },
        proxy: { maxHeapMiB: 64 },
      },
      bounds: { limits: { listener: { maxConnections: 10 } } },
      locked: ["limits.backend", "limits.proxy.maxHeapMiB"],
    },
  },
  {
    name: "what proxies do on ports, with a lock on it",
    kind: "GatewayParameters",
    spec: {
      listeners: [{ port: 443, http3: true }, { port: 80, proxyProtocol: "Require" }, { port: 8080 }],
      locked: ["listeners"],
    },
  },
  { name: "a rule that proxies refuse", kind: "Quarantine", spec: quarantine },
];

/** Objects that are refused by both, and what is told of them when they are in a file. */
export const refusedObjects: readonly (OwnObject & { readonly want: RegExp })[] = [
  {
    name: "a port twice",
    kind: "GatewayParameters",
    spec: { listeners: [{ port: 443, http3: true }, { port: 443 }] },
    want: /spec\.listeners/,
  },
  {
    name: "a port that there is not",
    kind: "GatewayParameters",
    spec: { listeners: [{ port: 0 }] },
    want: /spec\.listeners\[0\]\.port/,
  },
  {
    name: "another wish about the PROXY protocol",
    kind: "GatewayParameters",
    spec: { listeners: [{ port: 80, proxyProtocol: "V2" }] },
    want: /spec\.listeners\[0\]\.proxyProtocol/,
  },
  {
    name: "a backend without any connection",
    kind: "GatewayParameters",
    spec: { limits: { backend: { maxConnections: 0 } } },
    want: /spec\.limits\.backend\.maxConnections must be/,
  },
  {
    name: "a stream's window above its connection's",
    kind: "GatewayParameters",
    spec: { limits: { connection: { initialStreamWindowBytes: 70_000, initialConnectionWindowBytes: 65_536 } } },
    want: /spec\.limits\.connection must have initialStreamWindowBytes that are not above/,
  },
  {
    name: "a listener with more connections than its proxy",
    kind: "GatewayParameters",
    spec: { limits: { listener: { maxConnections: 10 }, proxy: { maxConnections: 9 } } },
    want: /spec\.limits must have listener\.maxConnections that are not above/,
  },
  {
    name: "a limit that there is none of",
    kind: "GatewayParameters",
    spec: { limits: { backend: { maxRequestsPerSecond: 10 } } },
    want: /maxRequestsPerSecond/,
  },
  {
    name: "upper case",
    kind: "HostnameClaim",
    spec: { ...claim, hostname: "Shop.example.com" },
    want: /spec\.hostname must be a host name in lower case/,
  },
  {
    name: "a trailing dot",
    kind: "HostnameClaim",
    spec: { ...claim, hostname: "shop.example.com." },
    want: /spec\.hostname must be a host name/,
  },
  {
    name: "a port",
    kind: "HostnameClaim",
    spec: { ...claim, hostname: "shop.example.com:443" },
    want: /spec\.hostname must be a host name/,
  },
  {
    name: "every hostname",
    kind: "HostnameClaim",
    spec: { ...claim, hostname: "*" },
    want: /spec\.hostname must be a host name/,
  },
  {
    name: "a path that does not begin with '/'",
    kind: "HostnameClaim",
    spec: { ...claim, path: "shop" },
    want: /spec\.path must be a path that begins with '\/'/,
  },
  {
    name: "a query",
    kind: "HostnameClaim",
    spec: { ...claim, path: "/shop?a" },
    want: /spec\.path must be a path that begins with '\/', without query/,
  },
  {
    name: "nobody to grant it to",
    kind: "HostnameClaim",
    spec: { hostname: "a", namespaces: {} },
    want: /spec\.namespaces must have names or a selector/,
  },
  {
    name: "an empty list of namespaces",
    kind: "HostnameClaim",
    spec: { hostname: "a", namespaces: { names: [] } },
    want: /spec\.namespaces\.names must not be empty/,
  },
  {
    name: "a name that no namespace has",
    kind: "HostnameClaim",
    spec: { hostname: "a", namespaces: { names: ["*"] } },
    want: /spec\.namespaces\.names\[0\] must be a DNS label/,
  },
  {
    name: "an operator that does not exist",
    kind: "HostnameClaim",
    spec: { hostname: "a", namespaces: { selector: { matchExpressions: [{ key: "a", operator: "Is" }] } } },
    want: /operator must be one of "In", "NotIn", "Exists", "DoesNotExist"/,
  },
  {
    name: "subdomains of what is below anyway",
    kind: "HostnameClaim",
    spec: { ...claim, hostname: "*.example.com", subdomains: true },
    want: /spec must not have subdomains together with a hostname that begins with \*\./,
  },
  {
    name: "a path that leads out of itself",
    kind: "HostnameClaim",
    spec: { ...claim, path: "/shop/../admin" },
    want: /spec\.path must be a path as proxies see it/,
  },
  {
    name: "a '/' in another spelling",
    kind: "HostnameClaim",
    spec: { ...claim, path: "/shop%2fadmin" },
    want: /spec\.path must be a path as proxies see it/,
  },
  {
    name: "every namespace",
    kind: "HostnameClaim",
    spec: { hostname: "a", namespaces: { selector: {} } },
    want: /spec\.namespaces must not have an empty selector/,
  },
  {
    name: "an operator without the values that it needs",
    kind: "NamespaceBudget",
    spec: { namespaces: { selector: { matchExpressions: [{ key: "a", operator: "In" }] } }, limits },
    want: /must have values when, and only when, the operator is In or NotIn/,
  },
  {
    name: "no hash",
    kind: "Quarantine",
    spec: { ...quarantine, hashes: [] },
    want: /spec\.hashes must not be empty/,
  },
  {
    name: "a hash that is none",
    kind: "Quarantine",
    spec: { ...quarantine, hashes: ["ABC"] },
    want: /spec\.hashes\[0\] must be 16 hex digits/,
  },
  {
    name: "no time",
    kind: "HostnameRecord",
    spec: { ...record, since: "yesterday" },
    want: /spec\.since must be a time such as/,
  },
  {
    name: "every host without a path",
    kind: "HostnameRecord",
    spec: { ...record, hostname: "" },
    want: /spec must have a hostname, or a path/,
  },
  {
    name: "less than nothing",
    kind: "NamespaceBudget",
    spec: { namespaces, limits: { routes: -1 } },
    want: /spec\.limits\.routes must be ≥ 0/,
  },
  {
    name: "changes that never come",
    kind: "NamespaceBudget",
    spec: { namespaces, limits: { changesPerMinute: 0 } },
    want: /spec\.limits\.changesPerMinute must be ≥ 1/,
  },
  {
    name: "no limit at all",
    kind: "NamespaceBudget",
    spec: { namespaces, limits: {} },
    want: /spec\.limits must not be empty/,
  },
  {
    name: "a limit that does not exist",
    kind: "NamespaceBudget",
    spec: { namespaces, limits: { ...limits, pods: 1 } },
    want: /spec\.limits\.pods is not a field that exists/,
  },
  {
    name: "Gateways in the budget of a Gateway",
    kind: "GatewayParameters",
    spec: { budget: { gateways: 1 } },
    want: /spec\.budget\.gateways is not a field that exists/,
  },
  {
    name: "a mode that does not exist",
    kind: "GatewayParameters",
    spec: { ownership: { mode: "Audit" } },
    want: /spec\.ownership\.mode must be one of "Off", "Warn", "Enforce"/,
  },
];
