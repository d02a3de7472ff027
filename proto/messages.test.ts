import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { describe, expect, it } from "vitest";
import { EnvoyConfigClusterV3ClusterDiscoveryType, type MessageTypes } from "./gen/types.ts";
import { anyOf, anyToJson, decodeMessage, encodeMessage, messageToJson, typeUrlOf } from "./messages.ts";

const routeConfiguration = {
  name: "infra/gateway/80",
  virtualHosts: [
    {
      name: "a.example.com",
      domains: ["a.example.com", "a.example.com:*"],
      routes: [
        {
          name: "team/route/0",
          match: {
            prefix: "/v1",
            caseSensitive: { value: true },
            headers: [{ name: "x-canary", stringMatch: { exact: "yes" }, invertMatch: true }],
            runtimeFraction: { defaultValue: { numerator: 0, denominator: 2 }, runtimeKey: "k" },
          },
          metadata: {
            filterMetadata: { owner: { fields: { team: { stringValue: "a" }, rank: { numberValue: 1.5 } } } },
          },
          route: {
            weightedClusters: {
              clusters: [
                { name: "one", weight: { value: 0 } },
                { name: "two", weight: { value: 9 } },
              ],
            },
            timeout: { seconds: 0 },
            retryPolicy: { retriableStatusCodes: [500, 503], hostSelectionRetryMaxAttempts: 3 },
          },
          typedPerFilterConfig: { cors: anyOf("envoy.extensions.filters.http.cors.v3.CorsPolicy", { maxAge: "5" }) },
        },
        { match: { path: "/" }, directResponse: { status: 404, body: { inlineBytes: new Uint8Array([0, 255]) } } },
      ],
    },
  ],
  maxDirectResponseBodySizeBytes: { value: 4096 },
} as const satisfies MessageTypes["envoy.config.route.v3.RouteConfiguration"];

describe("encodeMessage and decodeMessage", () => {
  it("return what was put in, less what is default", () => {
    const bytes = encodeMessage("envoy.config.route.v3.RouteConfiguration", routeConfiguration);
    const decoded = decodeMessage("envoy.config.route.v3.RouteConfiguration", bytes);
    expect(encodeMessage("envoy.config.route.v3.RouteConfiguration", decoded)).toEqual(bytes);
    expect(decoded.virtualHosts?.[0]?.routes?.[0]?.match?.prefix).toBe("/v1");
  });

  it("keep both fields of an Any whose value is empty", () => {
    const typedConfig = anyOf("envoy.extensions.filters.http.router.v3.Router", {});
    const bytes = encodeMessage("envoy.config.core.v3.TypedExtensionConfig", { typedConfig });
    const decoded = decodeMessage("envoy.config.core.v3.TypedExtensionConfig", bytes);
    expect(decoded.typedConfig?.type_url).toBe("type.googleapis.com/envoy.extensions.filters.http.router.v3.Router");
    expect(decoded.typedConfig?.value).toHaveLength(0);
  });

  it("skip a property that is undefined", () => {
    const bytes = encodeMessage("envoy.config.route.v3.Route", { name: "r", match: undefined, decorator: undefined });
    expect(bytes).toEqual(encodeMessage("envoy.config.route.v3.Route", { name: "r" }));
  });

  it("keep a zero that was set in a wrapper or a oneof apart from one that was not", () => {
    const zero = encodeMessage("envoy.config.core.v3.SocketAddress", { address: "::", portValue: 0 });
    const absent = encodeMessage("envoy.config.core.v3.SocketAddress", { address: "::" });
    expect(zero.length).toBe(absent.length + 2);
    expect(decodeMessage("envoy.config.core.v3.SocketAddress", zero)).toEqual({ address: "::", portValue: 0 });
  });

  it("carry 64-bit numbers exactly, as numbers and as halves", () => {
    const big = { low: -1, high: 0x7fffffff, unsigned: false };
    const json = (value: number | typeof big) =>
      messageToJson("google.protobuf.Int64Value", encodeMessage("google.protobuf.Int64Value", { value }));
    expect(json(Number.MAX_SAFE_INTEGER)).toBe("9007199254740991");
    expect(json(-5)).toBe("-5");
    expect(json(big)).toBe("9223372036854775807");
  });

  it("keep a map key named __proto__", () => {
    const fields = Object.fromEntries([["__proto__", { stringValue: "x" }]]);
    const bytes = encodeMessage("google.protobuf.Struct", { fields });
    const decoded = decodeMessage("google.protobuf.Struct", bytes);
    expect(Object.entries(decoded.fields ?? {})).toEqual([["__proto__", { stringValue: "x" }]]);
    expect(JSON.stringify(messageToJson("google.protobuf.Struct", bytes))).toBe('{"__proto__":"x"}');
  });

  it("name an extension by its type URL", () => {
    expect(typeUrlOf("envoy.config.cluster.v3.Cluster")).toBe("type.googleapis.com/envoy.config.cluster.v3.Cluster");
    expect(anyOf("google.protobuf.BoolValue", { value: true })).toEqual({
      type_url: "type.googleapis.com/google.protobuf.BoolValue",
      value: Buffer.from([8, 1]),
    });
  });
});

describe("encodeMessage refuses", () => {
  const cluster = "envoy.config.cluster.v3.Cluster";
  const route = "envoy.config.route.v3.Route";

  it.each<{ name: string; type: keyof MessageTypes; message: unknown; problem: string }>([
    {
      name: "an unknown property",
      type: cluster,
      message: { name: "a", clusterNmae: "b" },
      problem: 'envoy.config.cluster.v3.Cluster: unknown property "clusterNmae"',
    },
    {
      name: "a property in snake case",
      type: cluster,
      message: { connect_timeout: { seconds: 1 } },
      problem: 'unknown property "connect_timeout"',
    },
    {
      name: "an unknown property deep inside, with its path",
      type: "envoy.config.route.v3.RouteConfiguration",
      message: { virtualHosts: [{}, { routes: [{ match: { prefx: "/" } }] }] },
      problem: '.virtualHosts[1].routes[0].match: unknown property "prefx"',
    },
    {
      name: "an unknown property of a map's value, with its key",
      type: route,
      message: { metadata: { filterMetadata: { "a.b": { feilds: {} } } } },
      problem: '.metadata.filterMetadata["a.b"]: unknown property "feilds"',
    },
    {
      name: "an Any that says typeUrl",
      type: "envoy.config.core.v3.TypedExtensionConfig",
      message: { name: "x", typedConfig: { typeUrl: "type.googleapis.com/x.Y", value: new Uint8Array() } },
      problem: '.typedConfig: unknown property "typeUrl"',
    },
    {
      name: "an Any without its type URL",
      type: "envoy.config.core.v3.TypedExtensionConfig",
      message: { typedConfig: { value: new Uint8Array() } },
      problem: '.typedConfig: "type_url" is missing',
    },
    {
      name: "an Any whose type URL is empty",
      type: "google.protobuf.Any",
      message: { type_url: "", value: new Uint8Array() },
      problem: '"type_url" is missing',
    },
    {
      name: "an Any without its value",
      type: "google.protobuf.Any",
      message: { type_url: "type.googleapis.com/x.Y" },
      problem: '"value" is missing',
    },
    { name: "an enum by its name", type: cluster, message: { type: "EDS" }, problem: '.type: "EDS" is no number of' },
    { name: "a number outside the enum", type: cluster, message: { type: 77 }, problem: ".type: 77 is no number of" },
    {
      name: "two members of one oneof",
      type: route,
      message: { route: { cluster: "a", clusterHeader: "b" } },
      problem: '.route: "cluster" and "clusterHeader" are both set',
    },
    { name: "a number for a string", type: cluster, message: { name: 5 }, problem: ".name: expected string, got 5" },
    { name: "null", type: cluster, message: { name: null }, problem: ".name: expected string, got null" },
    { name: "a string for a bool", type: route, message: { match: { caseSensitive: "x" } }, problem: ".caseSensitive" },
    {
      name: "a string that is not Unicode",
      type: cluster,
      message: { name: "a\ud800" },
      problem: ".name: expected string",
    },
    {
      name: "a negative uint32",
      type: "google.protobuf.UInt32Value",
      message: { value: -1 },
      problem: ".value: expected uint32, got -1",
    },
    {
      name: "a fraction for an int32",
      type: "google.protobuf.Duration",
      message: { nanos: 0.5 },
      problem: ".nanos: expected int32, got 0.5",
    },
    {
      name: "a 64-bit number beyond what a double holds",
      type: "google.protobuf.Duration",
      message: { seconds: 2 ** 53 },
      problem: ".seconds: expected int64",
    },
    {
      name: "a string for bytes",
      type: "google.protobuf.BytesValue",
      message: { value: "AAAA" },
      problem: ".value: expected bytes",
    },
    {
      name: "one value for a list",
      type: "envoy.config.route.v3.VirtualHost",
      message: { domains: "*" },
      problem: '.domains: expected a list, got "*"',
    },
    {
      name: "a hole in a list",
      type: "envoy.config.route.v3.VirtualHost",
      message: { domains: ["a", undefined] },
      problem: ".domains[1]: expected string, got undefined",
    },
    {
      name: "a list for a message",
      type: route,
      message: { match: [] },
      problem: ".match: expected a message, got a list",
    },
    {
      name: "a map whose __proto__ entry was lost",
      type: "google.protobuf.Struct",
      message: { fields: Object.create({ lost: {} }) },
      problem: ".fields: a map must be a plain object",
    },
    { name: "no message at all", type: cluster, message: undefined, problem: ": expected a message, got undefined" },
  ])("$name", ({ type, message, problem }) => {
    // The compiler refuses most of these too; here they come as if from a cast.
    expect(() => encodeMessage(type, message as MessageTypes[typeof type])).toThrow(problem);
  });

  it("but not a map without a prototype", () => {
    const fields = Object.assign(Object.create(null), { a: { stringValue: "x" } });
    expect(encodeMessage("google.protobuf.Struct", { fields })).toEqual(
      encodeMessage("google.protobuf.Struct", { fields: { a: { stringValue: "x" } } }),
    );
  });
});

describe("messageToJson", () => {
  it("shows names as Envoy's documentation has them, and opens every Any", () => {
    const bytes = encodeMessage("envoy.config.cluster.v3.Cluster", {
      name: "team/service/80",
      type: EnvoyConfigClusterV3ClusterDiscoveryType.EDS,
      connectTimeout: { seconds: 1, nanos: 500_000_000 },
      perConnectionBufferLimitBytes: { value: 32768 },
      typedExtensionProtocolOptions: {
        http: anyOf("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", {
          explicitHttpConfig: { http2ProtocolOptions: {} },
        }),
      },
    });
    expect(messageToJson("envoy.config.cluster.v3.Cluster", bytes)).toEqual({
      name: "team/service/80",
      type: "EDS",
      connect_timeout: "1.5s",
      per_connection_buffer_limit_bytes: 32768,
      typed_extension_protocol_options: {
        http: {
          "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
          explicit_http_config: { http2_protocol_options: {} },
        },
      },
    });
  });

  it.each([
    [{ seconds: -1, nanos: -5 }, "-1.000000005s"],
    [{ nanos: -5_000_000 }, "-0.005s"],
    [{}, "0s"],
    [{ seconds: 300 }, "300s"],
  ])("writes the duration %j as %s", (duration, text) => {
    const bytes = encodeMessage("google.protobuf.Duration", duration);
    expect(messageToJson("google.protobuf.Duration", bytes)).toBe(text);
  });

  it("writes a Struct as the JSON that it stands for", () => {
    const bytes = encodeMessage("google.protobuf.Struct", {
      fields: { list: { listValue: { values: [{ boolValue: false }, { nullValue: 0 }] } }, number: { numberValue: 0 } },
    });
    expect(messageToJson("google.protobuf.Struct", bytes)).toEqual({ list: [false, null], number: 0 });
  });
});

describe("anyToJson", () => {
  it("keeps an Any of an unknown type closed", () => {
    const any = { type_url: "type.googleapis.com/x.Unknown", value: new Uint8Array([1, 2, 3]) };
    expect(anyToJson(any)).toEqual({ "@type": any.type_url, value: "AQID" });
  });

  it("keeps an Any closed whose bytes do not decode", () => {
    const any = { type_url: "type.googleapis.com/envoy.config.cluster.v3.Cluster", value: new Uint8Array([10, 200]) };
    expect(anyToJson(any)).toEqual({ "@type": any.type_url, value: "Csg=" });
  });

  it("puts a well-known type under value", () => {
    expect(anyToJson(anyOf("google.protobuf.Duration", { seconds: 1 }))).toEqual({
      "@type": "type.googleapis.com/google.protobuf.Duration",
      value: "1s",
    });
  });

  it("does not take the end of a name for the name", () => {
    const any = { type_url: "type.googleapis.com/v3.Cluster", value: new Uint8Array() };
    expect(anyToJson(any)).toEqual({ "@type": any.type_url, value: "" });
  });
});

describe("a second implementation, fed with the .proto files", () => {
  it("reads the same route configuration from our bytes, and writes the same bytes", () => {
    const other = loadWithProtoLoader("envoy/config/route/v3/route.proto", "envoy.config.route.v3.RouteConfiguration");
    const bytes = encodeMessage("envoy.config.route.v3.RouteConfiguration", routeConfiguration);
    const decoded = other.deserialize(Buffer.from(bytes));
    expect(decoded).toMatchObject({
      name: "infra/gateway/80",
      virtualHosts: [{ routes: [{ name: "team/route/0", match: { prefix: "/v1" } }, { match: { path: "/" } }] }],
    });
    expect(plain(decoded)).toEqual(plain(decodeMessage("envoy.config.route.v3.RouteConfiguration", bytes)));
    expect(Buffer.from(other.serialize(decoded))).toEqual(Buffer.from(bytes));
  });
});

function loadWithProtoLoader(file: string, type: string): MessageTypeDefinition<object, object> {
  const installed = dirname(createRequire(import.meta.url).resolve("@grpc/grpc-js-xds/package.json"));
  const trees = ["envoy-api", "xds", "googleapis", "protoc-gen-validate"];
  const definitions = loadSync(file, { includeDirs: trees.map((tree) => join(installed, "deps", tree)) });
  const definition = definitions[type];
  if (definition === undefined || !("serialize" in definition))
    throw new Error(`proto-loader found no message ${type}`);
  return definition as MessageTypeDefinition<object, object>; // the loader does not type its messages
}

/** Both decoders' own classes and Long objects, reduced to what JSON can say. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
