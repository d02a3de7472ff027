/** Makes the fields of an object fit together, as its author would have them: the schema alone says nothing about it. */
import type { JsonSchema } from "../../src/watch/schemas/json-schema.ts";
import { isRecord, type Plain, type PlainRecord, without } from "./plain.ts";
import { type Place, randomValue } from "./random-value.ts";

/** The same object with one of the fields that exclude each other, and with those that its type asks for. */
export function fitted(made: PlainRecord, schema: JsonSchema, place: Place): PlainRecord {
  const member = ofItsType(made, schema, place);
  const make = fits[place.path.at(-1) ?? ""] ?? fits[`${place.kind} ${place.path.join(".")}`];
  return make === undefined ? member : make(member, schema, place);
}

/** The field that the type of a union names. */
const memberOfType: Readonly<Record<string, string>> = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  ExtensionRef: "extensionRef",
  CORS: "cors",
  ReplaceFullPath: "replaceFullPath",
  ReplacePrefixMatch: "replacePrefixMatch",
  Hostname: "hostname",
  URI: "uri",
};
const members = new Set(Object.values(memberOfType));

function ofItsType(made: PlainRecord, schema: JsonSchema, place: Place): PlainRecord {
  const type = schema.properties?.["type"];
  const member = memberOfType[String(made["type"])];
  if (type?.enum === undefined || member === undefined || schema.properties?.[member] === undefined) return made;
  const others = Object.keys(schema.properties).filter((field) => members.has(field) && field !== member);
  const value = made[member] ?? memberValue(schema, member, place);
  return { ...without(made, others), [member]: value };
}

function memberValue(schema: JsonSchema, member: string, place: Place): Plain {
  return randomValue(schema.properties?.[member] ?? {}, { ...place, path: [...place.path, member] });
}

type Fit = (made: PlainRecord, schema: JsonSchema, place: Place) => PlainRecord;

const fits: Readonly<Record<string, Fit>> = {
  "listeners[]": (made, schema, place) => listener(made, schema, place),
  requestMirror: (made) => (made["percent"] === undefined ? made : without(made, ["fraction"])),
  fraction: (made) => ({ ...made, numerator: 1, denominator: 2 }),
  timeouts: (made) => (made["request"] === undefined ? made : without(made, ["backendRequest"])),
  validation: (made, _schema, { random, kind }) => {
    if (kind !== "BackendTLSPolicy") return made;
    const refs = made["caCertificateRefs"];
    if (random.chance(25)) return { ...without(made, ["caCertificateRefs"]), wellKnownCACertificates: "System" };
    const kept = Array.isArray(refs) && refs.length > 0 ? refs : [{ group: "", kind: "ConfigMap", name: "ca" }];
    return { ...without(made, ["wellKnownCACertificates"]), caCertificateRefs: kept };
  },
  sessionPersistence: (made) =>
    made["type"] === "Header"
      ? without(made, ["cookieConfig"])
      : isRecord(made["cookieConfig"]) && made["cookieConfig"]["lifetimeType"] === "Permanent"
        ? { absoluteTimeout: "1h", ...made }
        : made,
  "rules[]": (made) => redirectOrBackends(made),
  "HTTPRoute spec": withoutSecondParent,
  "GRPCRoute spec": withoutSecondParent,
  "TLSRoute spec": withoutSecondParent,
  "TCPRoute spec": withoutSecondParent,
  "UDPRoute spec": withoutSecondParent,
  path: (made, _schema, { random }) =>
    made["type"] === "RegularExpression" || made["value"] === undefined || random.chance(10)
      ? made
      : { ...made, value: random.pick(["/", "/cart", "/cart/", "/shop", "/a%20b", "/a.b", "/."]) },
  "Service spec": (made, _schema, { random }) => namedPorts(made, random.chance(50)),
  "EndpointSlice ": (made) => ofItsAddressType(made),
  "HostnameClaim spec": (made) => (String(made["hostname"]).startsWith("*") ? without(made, ["subdomains"]) : made),
  namespaces: (made) => (made["names"] === undefined ? made : without(made, ["selector"])),
};

function listener(made: PlainRecord, schema: JsonSchema, place: Place): PlainRecord {
  switch (made["protocol"]) {
    case "HTTP":
      return without(made, ["tls"]);
    case "TCP":
    case "UDP":
      return without(made, ["tls", "hostname"]);
    case "HTTPS":
      return { ...made, tls: listenerTls(made, schema, { ...place, mode: "Terminate" }) };
    case "TLS":
      return { ...made, tls: listenerTls(made, schema, place) };
    default:
      return made;
  }
}

function listenerTls({ tls }: PlainRecord, schema: JsonSchema, place: Place & { readonly mode?: string }): PlainRecord {
  const given = tls ?? memberValue(schema, "tls", place);
  const own: PlainRecord = isRecord(given) ? given : {};
  const record: PlainRecord = place.mode === undefined ? own : { ...own, mode: place.mode };
  const refs = record["certificateRefs"];
  if (record["mode"] === "Passthrough" && place.random.chance(80)) return without(record, ["certificateRefs"]);
  if (Array.isArray(refs) && refs.length > 0) return record;
  return { ...record, certificateRefs: [{ name: "cert", ...(place.random.chance(50) && { namespace: "infra" }) }] };
}

function redirectOrBackends(made: PlainRecord): PlainRecord {
  const filters = Array.isArray(made["filters"]) ? made["filters"].filter(isRecord) : [];
  const types = filters.map(({ type }) => type);
  const kept = filters.filter(({ type }, index) => type === "RequestMirror" || types.indexOf(type) === index);
  const exclusive = types.includes("RequestRedirect") ? kept.filter(({ type }) => type !== "URLRewrite") : kept;
  const rule = made["filters"] === undefined ? made : { ...made, filters: exclusive };
  return types.includes("RequestRedirect") ? without(rule, ["backendRefs"]) : rule;
}

/** Two references to one parent need different sections. */
function withoutSecondParent(made: PlainRecord): PlainRecord {
  const refs = Array.isArray(made["parentRefs"]) ? made["parentRefs"].filter(isRecord) : undefined;
  if (refs === undefined) return made;
  const parents = refs.map(({ group, kind, namespace, name }) => JSON.stringify([group, kind, namespace, name]));
  return { ...made, parentRefs: refs.filter((_, index) => parents.indexOf(parents[index] ?? "") === index) };
}

function namedPorts(made: PlainRecord, isPlain: boolean): PlainRecord {
  const ports = Array.isArray(made["ports"]) ? made["ports"].filter(isRecord) : [];
  const first = { name: "http", port: 80 };
  const named = [...ports, first].map((port, index) => ({ ...port, name: `p${index}`, port: 80 + index }));
  const spec = isPlain ? { ...made, type: "ClusterIP" } : made;
  return made["type"] === "ExternalName"
    ? { ...without(spec, ["clusterIP"]), ports: named, externalName: "backend.example.com" }
    : { ...spec, ports: named };
}

const addresses: Readonly<Record<string, readonly string[]>> = {
  IPv4: ["192.0.2.1", "192.0.2.2", "127.0.0.1"],
  IPv6: ["2001:db8::1", "::1", "2001:db8:0:0:0:0:0:2"],
  FQDN: ["backend.example.com", "localhost"],
};

function ofItsAddressType(made: PlainRecord): PlainRecord {
  const own = addresses[String(made["addressType"])] ?? ["192.0.2.9"];
  const endpoints = Array.isArray(made["endpoints"]) ? made["endpoints"].filter(isRecord) : [];
  return {
    ...made,
    endpoints: endpoints.map((endpoint, index) => ({ ...endpoint, addresses: [own[index % own.length] ?? ""] })),
  };
}
