import { describe, expect, it } from "vitest";
import { checkRule } from "./check-rules.ts";
import { type RuleCase as Case, casesOfOwnership } from "./ownership-rules.case.ts";
import { casesOfRoutes } from "./route-rules.case.ts";
import { rules } from "./rule-table.ts";

const listener = { name: "a", port: 80, protocol: "HTTP" };
const prefix = { path: { type: "PathPrefix", value: "/a" } };
const exact = { path: { type: "Exact", value: "/a" } };
const path = { type: "ReplacePrefixMatch", replacePrefixMatch: "/b" };
const redirect = { type: "RequestRedirect", requestRedirect: { path } };
const rewrite = { type: "URLRewrite", urlRewrite: { path } };
const parent = { group: "g", kind: "Gateway", name: "n" };
const literal = (accepted: string, refused: string): Case => ({
  accepted: { type: "Exact", value: accepted },
  refused: { type: "PathPrefix", value: refused },
});
const once = (type: string): Case => ({ accepted: [{ type }, { type: "Other" }], refused: [{ type }, { type }] });
const member = (type: string, field: string): Record<string, Case> => ({
  [`${field} stands only in a ${type} filter`]: {
    accepted: { type, [field]: {} },
    refused: { type: "Other", [field]: {} },
  },
  [`a ${type} filter has ${field}`]: { accepted: { type, [field]: {} }, refused: { type } },
});
const modifier = (type: string, field: string): Record<string, Case> => ({
  [`the path type ${type} has ${field}`]: { accepted: { type, [field]: "" }, refused: { type } },
  [`${field} stands only with the path type ${type}`]: {
    accepted: { type, [field]: "" },
    refused: { type: "Other", [field]: "" },
  },
});
const service = { type: "ClusterIP", ports: [{ name: "a", port: 80, protocol: "TCP" }] };
const two = (second: object) => ({
  ...service,
  ports: [...service.ports, { name: "b", port: 81, protocol: "TCP", ...second }],
});

const cases: Record<string, Case> = {
  "controllerName is immutable": { accepted: "example.com/a", refused: "example.com/b", previous: "example.com/a" },
  "a listener for HTTP, TCP or UDP has no tls": {
    accepted: [listener],
    refused: [{ ...listener, protocol: "UDP", tls: {} }],
  },
  "a listener for HTTPS terminates TLS": {
    accepted: [{ ...listener, protocol: "HTTPS", tls: { mode: "Terminate" } }],
    refused: [{ ...listener, protocol: "HTTPS", tls: { mode: "Passthrough" } }],
  },
  "a listener for TLS says its mode": {
    accepted: [{ ...listener, protocol: "TLS", tls: { mode: "Passthrough" } }],
    refused: [{ ...listener, protocol: "TLS" }],
  },
  "a listener for TCP or UDP has no hostname": {
    accepted: [{ ...listener, hostname: "a.b" }],
    refused: [{ ...listener, protocol: "TCP", hostname: "a.b" }],
  },
  "listener names are unique": {
    accepted: [listener, { ...listener, name: "b" }],
    refused: [listener, { ...listener, port: 81 }],
  },
  "port, protocol and hostname of a listener are unique": {
    accepted: [listener, { ...listener, hostname: "a.b" }, { ...listener, port: 81 }, { ...listener, protocol: "TCP" }],
    refused: [
      { ...listener, hostname: "a.b" },
      { ...listener, name: "b", hostname: "a.b" },
    ],
  },
  "a listener that terminates TLS has certificates or options": {
    accepted: { mode: "Terminate", options: { a: "b" } },
    refused: { mode: "Terminate", certificateRefs: [] },
  },
  "IP addresses are unique": {
    accepted: [
      { type: "IPAddress" },
      { type: "IPAddress" },
      { type: "Hostname", value: "1" },
      { type: "IPAddress", value: "1" },
    ],
    refused: [
      { type: "IPAddress", value: "1" },
      { type: "IPAddress", value: "1" },
    ],
  },
  "host name addresses are unique": {
    accepted: [
      { type: "Hostname", value: "a" },
      { type: "Hostname", value: "b" },
    ],
    refused: [
      { type: "Hostname", value: "a" },
      { type: "Hostname", value: "a" },
    ],
  },
  "a host name address is a host name": {
    accepted: { type: "Hostname", value: "*.a.b" },
    refused: { type: "Hostname", value: "A.b" },
  },
  "keys have a name and perhaps a domain": { accepted: { "a.b/C_d": "" }, refused: { "a.b/": "" } },
  "the domain of a key is short enough": {
    accepted: { [`${"a".repeat(252)}/b`]: "" },
    refused: { [`${"a".repeat(253)}/b`]: "" },
  },
  "ports with their own client validation are unique": {
    accepted: [{ port: 1 }, { port: 2 }],
    refused: [{ port: 1 }, { port: 1 }],
  },
  "two references to one parent both have a sectionName, or neither": {
    accepted: [
      { ...parent, sectionName: "a" },
      { ...parent, sectionName: "b" },
      { ...parent, namespace: "other" },
    ],
    refused: [{ ...parent, sectionName: "a" }, parent],
  },
  "two references to one parent have different sectionNames": {
    accepted: [
      { ...parent, sectionName: "a" },
      { ...parent, sectionName: "b" },
    ],
    refused: [
      { ...parent, port: 1 },
      { ...parent, port: 2 },
    ],
  },
  "rule names are unique": { accepted: [{ name: "a" }, {}, {}], refused: [{ name: "a" }, { name: "a" }] },
  "a route has at most 128 matches": {
    accepted: [{ matches: Array(64).fill(prefix) }, { matches: Array(64).fill(prefix) }],
    refused: [{ matches: Array(64).fill(prefix) }, { matches: Array(64).fill(prefix) }, { matches: [prefix] }],
  },
  "a rule that redirects has no backends": {
    accepted: { matches: [prefix], filters: [redirect], backendRefs: [] },
    refused: { matches: [prefix], filters: [redirect], backendRefs: [{}] },
  },
  "a redirect that replaces the prefix has one PathPrefix match": {
    accepted: { matches: [prefix], filters: [redirect] },
    refused: { matches: [exact], filters: [redirect] },
  },
  "a rewrite that replaces the prefix has one PathPrefix match": {
    accepted: { matches: [prefix], filters: [rewrite] },
    refused: { matches: [prefix, prefix], filters: [rewrite] },
  },
  "a backend's redirect that replaces the prefix has one PathPrefix match": {
    accepted: { matches: [prefix], backendRefs: [{ filters: [redirect] }] },
    refused: { matches: [], backendRefs: [{ filters: [redirect] }, {}] },
  },
  "a backend's rewrite that replaces the prefix has one PathPrefix match": {
    // The API itself looks away when two backends do it.
    accepted: { matches: [exact], backendRefs: [{ filters: [rewrite] }, { filters: [rewrite] }] },
    refused: { matches: [exact], backendRefs: [{ filters: [rewrite] }] },
  },
  "a path begins with '/'": literal("/a", "a"),
  "a path does not contain '//'": literal("/a/b", "/a//b"),
  "a path does not contain '/./'": literal("/a/.b/", "/a/./b"),
  "a path does not contain '/../'": literal("/a/..b/", "/a/../b"),
  "a path does not contain '%2f'": literal("/a%20", "/a%2fb"),
  "a path does not contain '%2F'": literal("/a%20", "/a%2Fb"),
  "a path does not contain '#'": literal("/a", "/a#b"),
  "a path does not end with '/..'": literal("/a..", "/a/.."),
  "a path does not end with '/.'": literal("/a.", "/a/."),
  "a path match has a known type": {
    accepted: { type: "RegularExpression", value: "(" },
    refused: { type: "Glob", value: "/" },
  },
  "a path has only characters that a URL's path may have": literal("/a%20b:@", "/a b"),
  "a backend's timeout is not longer than the request's": {
    accepted: { request: "0s", backendRequest: "1h" },
    refused: { request: "1m30s", backendRequest: "90s1ms" },
  },
  "a reference to a Service has a port": {
    accepted: { group: "example.com", kind: "Service", name: "a" },
    refused: { group: "", kind: "Service", name: "a" },
  },
  "a redirect and a rewrite exclude each other": { accepted: [redirect], refused: [redirect, rewrite] },
  "there is at most one CORS filter": once("CORS"),
  "there is at most one RequestHeaderModifier filter": once("RequestHeaderModifier"),
  "there is at most one ResponseHeaderModifier filter": once("ResponseHeaderModifier"),
  "there is at most one RequestRedirect filter": once("RequestRedirect"),
  "there is at most one URLRewrite filter": once("URLRewrite"),
  ...member("CORS", "cors"),
  ...member("RequestHeaderModifier", "requestHeaderModifier"),
  ...member("ResponseHeaderModifier", "responseHeaderModifier"),
  ...member("RequestMirror", "requestMirror"),
  ...member("RequestRedirect", "requestRedirect"),
  ...member("URLRewrite", "urlRewrite"),
  ...member("ExtensionRef", "extensionRef"),
  "'*' in a CORS list stands alone": { accepted: ["*"], refused: ["a", "*"] },
  "a mirror has a percentage or a fraction": { accepted: { percent: 0 }, refused: { percent: 0, fraction: {} } },
  "a fraction is at most one": {
    accepted: { numerator: 1, denominator: 1 },
    refused: { numerator: 2, denominator: 1 },
  },
  ...modifier("ReplaceFullPath", "replaceFullPath"),
  ...modifier("ReplacePrefixMatch", "replacePrefixMatch"),
  "a Service has ports unless it is headless or a name": {
    accepted: { type: "ClusterIP", clusterIP: "None" },
    refused: { type: "ClusterIP", ports: [] },
  },
  "an ExternalName Service has an externalName": {
    accepted: { type: "ExternalName", externalName: "a.b" },
    refused: { type: "ExternalName" },
  },
  "an ExternalName Service has no clusterIP": {
    accepted: { type: "ExternalName", clusterIP: "" },
    refused: { type: "ExternalName", clusterIP: "None" },
  },
  "several ports of a Service have names": { accepted: two({}), refused: two({ name: undefined }) },
  "port names of a Service are unique": { accepted: two({}), refused: two({ name: "a" }) },
  "port and protocol of a Service are unique": {
    accepted: two({ port: 80, protocol: "UDP" }),
    refused: two({ port: 80 }),
  },
  "addresses are of the slice's type": {
    accepted: { addressType: "IPv6", endpoints: [{ addresses: ["::1"] }] },
    refused: { addressType: "IPv4", endpoints: [{ addresses: ["127.0.0.1", "::1"] }] },
  },
  "addresses are those of one host": {
    accepted: { addressType: "IPv4", endpoints: [{ addresses: ["127.0.0.1"] }] },
    refused: { addressType: "IPv4", endpoints: [{ addresses: ["169.254.169.254"] }] },
  },
  "the values of a Secret's data are base64": { accepted: { data: { a: "aGk=" } }, refused: { data: { a: "aGk" } } },
  "a Secret is at most 1 MiB": {
    accepted: { data: { a: "A".repeat(1024) } },
    refused: { data: { a: "A".repeat(1024 * 1024), b: "A".repeat(512 * 1024) } },
  },
  "a TLS Secret has its two entries": {
    accepted: { type: "kubernetes.io/tls", data: { "tls.crt": "", "tls.key": "" } },
    refused: { type: "kubernetes.io/tls", data: { "tls.crt": "" } },
  },
  "keys of a Secret are no directories": { accepted: { data: { ".a": "" } }, refused: { data: { "..a": "" } } },
  "the values of a ConfigMap's binaryData are base64": {
    accepted: { binaryData: { a: "aGk=" } },
    refused: { binaryData: { a: "%" } },
  },
  "a ConfigMap is at most 1 MiB": {
    accepted: { data: { a: "a" } },
    refused: { data: { a: "é".repeat(1024 * 512), b: "b" } },
  },
  "a key stands in data or in binaryData": {
    accepted: { data: { a: "" }, binaryData: { constructor: "" } },
    refused: { data: { a: "" }, binaryData: { a: "" } },
  },
  "keys of a ConfigMap are no directories": { accepted: { data: { a: "" } }, refused: { data: { ".": "" } } },
  "spec must not have both replicas and autoscaling": {
    accepted: { replicas: 2 },
    refused: { replicas: 2, autoscaling: {} },
  },
  "spec must have unmanaged proxies to have an addressService": {
    accepted: { proxies: "Unmanaged", addressService: {} },
    refused: { proxies: "Managed", addressService: {} },
  },
  "spec.limits must have listener.maxConnections that are not above proxy.maxConnections": {
    accepted: { listener: { maxConnections: 5 }, proxy: { maxConnections: 5 } },
    refused: { listener: { maxConnections: 6 }, proxy: { maxConnections: 5 } },
  },
  "spec.limits.connection must have initialStreamWindowBytes that are not above initialConnectionWindowBytes": {
    accepted: { initialStreamWindowBytes: 65_536, initialConnectionWindowBytes: 65_536 },
    refused: { initialStreamWindowBytes: 65_537, initialConnectionWindowBytes: 65_536 },
  },
  "spec.autoscaling must have minReplicas that are not above maxReplicas": {
    accepted: { minReplicas: 2, maxReplicas: 2 },
    refused: { minReplicas: 3, maxReplicas: 2 },
  },
  "spec.bounds.replicas must have a minimum that is not above the maximum": {
    accepted: { minimum: 3 },
    refused: { minimum: 3, maximum: 2 },
  },
  "spec.bounds.ports[] must go from a port to one that is not below it": {
    accepted: { from: 80, to: 80 },
    refused: { from: 81, to: 80 },
  },
  "spec.accessLog must have a text when, and only when, the format is Text": {
    accepted: { format: "Text", text: "line" },
    refused: { format: "JSON", text: "line" },
  },
  "spec.accessLog must have fields only when the format is JSON": {
    accepted: { format: "JSON", fields: {} },
    refused: { format: "None", fields: {} },
  },
  "spec.tolerations[] must have the operator Exists when it has no key": {
    accepted: { operator: "Exists" },
    refused: { operator: "Equal" },
  },
  "spec.tolerations[] must have no value when the operator is Exists": {
    accepted: { key: "a", value: "b" },
    refused: { key: "a", operator: "Exists", value: "b" },
  },
  "spec.tolerations[] must have the effect NoExecute to have tolerationSeconds": {
    accepted: { key: "a", effect: "NoExecute", tolerationSeconds: 0 },
    refused: { key: "a", tolerationSeconds: 0 },
  },
  "spec.labels must have keys that are label keys": {
    accepted: { "example.com/a": "" },
    refused: { "a b": "" },
  },
  "spec.nodeSelector must have keys that are label keys": { accepted: { a: "" }, refused: { "/a": "" } },
  "spec.service.annotations must have keys that are annotation keys": {
    accepted: { "service.beta.kubernetes.io/a": "" },
    refused: { "a/b/c": "" },
  },
  "spec.resources.requests must have keys that are names of resources": {
    accepted: { cpu: "1" },
    refused: { "": "1" },
  },
  "spec.resources.limits must have keys that are names of resources": {
    accepted: { "example.com/gpu": "1" },
    refused: { [`${"a.".repeat(160)}b/gpu`]: "1" },
  },
  "spec.accessLog.fields must have keys that are names of letters, digits, '-', '_' and '.'": {
    accepted: { tenant: "%REQ(x-tenant)%" },
    refused: { "%REQ(x)%": "" },
  },
  "spec.labels must not have keys of gateway.networking.k8s.io or app.kubernetes.io, by which fleets are found": {
    accepted: { "team.example.com/app.kubernetes.io": "" },
    refused: { "gateway.networking.k8s.io/gateway-name": "" },
  },
  ...casesOfOwnership,
  ...casesOfRoutes,
};

/** An object in which the value stands where the path leads to. */
function objectWith(value: unknown, path: string): unknown {
  if (path === "") return value;
  return path
    .split(".")
    .reverse()
    .reduce<unknown>((inner, step) => {
      const list = step.endsWith("[]");
      return list ? { [step.slice(0, -2)]: [inner] } : { [step]: inner };
    }, value);
}

describe("the rules beyond the schemas", () => {
  it.each(rules)("$kind $path: $name", (rule) => {
    const example = cases[rule.name];
    expect(example, "every rule has an accepted and a refused case").toBeDefined();
    if (example === undefined) return;
    const previous = objectWith(example.previous, rule.path);
    expect(checkRule(rule, objectWith(example.accepted, rule.path), previous)).toEqual([]);
    const faults = checkRule(rule, objectWith(example.refused, rule.path), previous);
    expect(faults.map(({ path }) => path)).toEqual([rule.path.replaceAll("[]", "[0]")]);
  });

  it("have no case without a rule", () => {
    const names = new Set(rules.map(({ name }) => name));
    expect(Object.keys(cases).filter((name) => !names.has(name))).toEqual([]);
  });
});
