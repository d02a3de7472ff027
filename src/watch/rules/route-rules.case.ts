import type { RuleCase } from "./ownership-rules.case.ts";

const method = { type: "Exact" };
const cookie = { path: "/", lifetimeType: "Session" };
const target = { group: "", kind: "Service", name: "a" };
const named = { hostname: "a.example.com" };

/** What each rule of GRPCRoutes, TLSRoutes, sessions and BackendTLSPolicies takes and refuses. */
export const casesOfRoutes: Readonly<Record<string, RuleCase>> = {
  "a method match names a service, a method or both": {
    accepted: { ...method, method: "Get" },
    refused: method,
  },
  "a service that is matched exactly is the name of one": {
    accepted: { ...method, service: ".shop.v1.Cart_1" },
    refused: { ...method, service: "shop.v1." },
  },
  "a method that is matched exactly is the name of one": {
    accepted: { type: "RegularExpression", method: "Get.*" },
    refused: { ...method, method: "Get.*" },
  },
  "a permanent cookie has an end": {
    accepted: { type: "Cookie", cookie: { ...cookie, lifetimeType: "Permanent" }, absoluteTimeout: "1h" },
    refused: { type: "Cookie", cookie: { ...cookie, lifetimeType: "Permanent" } },
  },
  "cookie stands only with the type Cookie": {
    accepted: { type: "Cookie", cookie },
    refused: { type: "Header", header: { name: "a" }, cookie },
  },
  "the type Cookie has cookie": { accepted: { type: "Cookie", cookie }, refused: { type: "Cookie" } },
  "header stands only with the type Header": {
    accepted: { type: "Header", header: { name: "a" } },
    refused: { type: "Cookie", cookie, header: { name: "a" } },
  },
  "the type Header has header": {
    accepted: { type: "Header", header: { name: "a" } },
    refused: { type: "Header" },
  },
  "a server name is no IP address": { accepted: ["1.2.3.4.example", "1.2.3.256"], refused: ["a.example", "192.0.2.1"] },
  "a server name without wildcard is a host name": { accepted: ["a.example", "*.A"], refused: ["A.example"] },
  "a wildcard is the first label of a server name, and a host name follows": {
    accepted: ["*.a.example", "a.example"],
    refused: ["a.*.example"],
  },
  "two references to one target both have a sectionName, or neither": {
    accepted: [
      { ...target, sectionName: "a" },
      { ...target, sectionName: "b" },
      { ...target, name: "b" },
    ],
    refused: [target, { ...target, sectionName: "a" }],
  },
  "two references to one target have different sectionNames": {
    accepted: [
      { ...target, sectionName: "a" },
      { ...target, sectionName: "b" },
    ],
    refused: [target, target],
  },
  "authorities are named or well known, not both": {
    accepted: { ...named, caCertificateRefs: [], wellKnownCACertificates: "System" },
    refused: { ...named, caCertificateRefs: [target], wellKnownCACertificates: "System" },
  },
  "authorities are named or well known": {
    accepted: { ...named, caCertificateRefs: [target] },
    refused: { ...named, caCertificateRefs: [] },
  },
  "a name of the type Hostname has hostname": {
    accepted: { type: "Hostname", hostname: "a.example" },
    refused: { type: "Hostname", uri: "spiffe://a" },
  },
  "hostname stands only in a name of the type Hostname": {
    accepted: { type: "URI", uri: "spiffe://a" },
    refused: { type: "URI", hostname: "a.example" },
  },
  "a name of the type URI has uri": { accepted: { type: "URI", uri: "spiffe://a" }, refused: { type: "URI" } },
  "uri stands only in a name of the type URI": {
    accepted: { type: "Hostname", hostname: "a.example" },
    refused: { type: "Hostname", hostname: "a.example", uri: "spiffe://a" },
  },
};
