/** What one rule takes and what it refuses, at the place that the rule is about. */
export interface RuleCase {
  readonly accepted: unknown;
  readonly refused: unknown;
  readonly previous?: unknown;
}

const record = {
  hostname: "shop.example.com",
  namespace: "shop",
  since: "2026-01-31T12:00:00Z",
  object: "HTTPRoute/shop/web",
};
const path = { listener: "Gateway/edge/shared/http", type: "PathPrefix", value: "/a" };

const quarantine = {
  gateway: "edge/shared",
  object: "HTTPRoute/shop/web",
  generation: 3,
  part: "httproute/shop/web/rule/0",
  hashes: ["0123456789abcdef"],
  words: "regex is too large",
  since: "2026-01-31T12:00:00Z",
};

/** One for each rule of HostnameClaim, HostnameRecord, NamespaceBudget and Quarantine, by its name. */
export const casesOfOwnership: Readonly<Record<string, RuleCase>> = {
  "spec must not have subdomains together with a hostname that begins with *.": {
    accepted: { hostname: "*.example.com", subdomains: false },
    refused: { hostname: "*.example.com", subdomains: true },
  },
  "spec.path must be a path as proxies see it, without '//', '.', '..' or a '/' that is written %2f": {
    accepted: "/.well-known/a..b/.c",
    refused: "/a/..",
  },
  "spec.namespaces must not have an empty selector, which would grant the hostname to every namespace": {
    accepted: { selector: { matchExpressions: [{ key: "team", operator: "Exists" }] } },
    refused: { names: ["shop"], selector: { matchLabels: {} } },
  },
  "spec.namespaces must have names or a selector": { accepted: { names: ["shop"] }, refused: {} },
  "spec.namespaces.selector.matchExpressions[] must have values when, and only when, the operator is In or NotIn": {
    accepted: { key: "team", operator: "NotIn", values: ["shop"] },
    refused: { key: "team", operator: "Exists", values: ["shop"] },
  },
  "spec.namespaces.selector.matchLabels must have keys that are label keys": {
    accepted: { "example.com/team": "shop" },
    refused: { "/team": "shop" },
  },
  "spec must have a hostname, or a path": {
    accepted: { ...record, hostname: "", path },
    refused: { ...record, hostname: "" },
  },
  "spec cannot change; delete the HostnameRecord, and what is still wanted is recorded again": {
    previous: { ...record, path },
    accepted: { path: { ...path }, ...record },
    refused: { ...record, path: { ...path, value: "/b" } },
  },
  "spec cannot change; what is refused in another form is another Quarantine": {
    previous: quarantine,
    accepted: { ...quarantine, hashes: [...quarantine.hashes] },
    refused: { ...quarantine, generation: 4 },
  },
};
