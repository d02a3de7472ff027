import { describe, expect, it } from "vitest";
import type { Kind } from "../core/keys.ts";
import { acceptObject } from "./accepted-object.ts";

const metadata = { name: "r", namespace: "one" };
const backendRefs = [{ name: "b", port: 80 }];

function accept(kind: Kind, spec: object | undefined): unknown {
  const accepted = acceptObject(kind, { metadata, spec } as Parameters<typeof acceptObject>[1]); // as an API server sends it
  return accepted.kind === "object" ? Reflect.get(accepted.object, "spec") : accepted;
}

describe("an object that an API server has accepted", () => {
  it.each([
    { kind: "HTTPRoute", type: "ExternalAuth" },
    { kind: "GRPCRoute", type: "ExternalAuth" },
    // Known to HTTPRoutes only: an API server with other rules may let it pass.
    { kind: "GRPCRoute", type: "URLRewrite" },
  ] as const)("keeps a filter of the type $type in a $kind as one that cannot be applied", ({ kind, type }) => {
    const strange = { type, externalAuth: { protocol: "HTTP" } };
    const mirror = { type: "RequestMirror", requestMirror: { backendRef: { name: "b", port: 80 } } };
    const kept = {
      type: "ExtensionRef",
      extensionRef: { group: "gateway.networking.k8s.io", kind: type, name: "unknown" },
    };
    expect(accept(kind, { rules: [{ filters: [strange, mirror], backendRefs }] })).toMatchObject({
      rules: [{ filters: [kept, mirror] }],
    });
    const ofBackend = [{ backendRefs: [{ name: "b", port: 80, filters: [strange] }] }];
    expect(accept(kind, { rules: ofBackend })).toMatchObject({
      rules: [{ backendRefs: [{ filters: [kept] }] }],
    });
  });

  it.each([
    { type: "RequestMirror" },
    { type: "RequestHeaderModifier", responseHeaderModifier: {} },
    { type: "ExtensionRef" },
    { type: "CORS" },
    { type: "URLRewrite", urlRewrite: { path: { type: "ReplaceFullPath" } } },
    { type: "RequestRedirect", requestRedirect: { path: { type: "ReplaceSuffix", replaceSuffix: "/" } } },
    { type: "RequestRedirect", requestRedirect: { statusCode: 418 } },
  ])(
    "keeps a filter that lacks what its type needs, or has it in another way, as one that cannot be applied: %j",
    (filter) => {
      const extensionRef = { group: "gateway.networking.k8s.io", kind: filter.type, name: "unknown" };
      expect(accept("HTTPRoute", { rules: [{ filters: [filter], backendRefs }] })).toMatchObject({
        rules: [{ filters: [{ type: "ExtensionRef", extensionRef }], backendRefs: [{ name: "b" }] }],
      });
    },
  );

  it.each([
    { type: "RequestHeaderModifier", requestHeaderModifier: { remove: ["a"] } },
    { type: "ResponseHeaderModifier", responseHeaderModifier: {} },
    { type: "RequestRedirect", requestRedirect: { path: { type: "ReplaceFullPath", replaceFullPath: "" } } },
    { type: "URLRewrite", urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } } },
    { type: "RequestMirror", requestMirror: { backendRef: { name: "b", port: 80 }, percent: 5 } },
    { type: "ExtensionRef", extensionRef: { group: "g.example", kind: "K", name: "n" } },
    { type: "CORS", cors: { allowOrigins: ["*"] } },
  ])("has its filters as they are written: %j", (filter) => {
    expect(accept("HTTPRoute", { rules: [{ filters: [filter], backendRefs }] })).toMatchObject({
      rules: [{ filters: [filter] }],
    });
  });

  it.each([
    {
      name: "a cookie's name and lifetime",
      older: { sessionName: "shop", absoluteTimeout: "1h", cookieConfig: { lifetimeType: "Permanent" } },
      want: {
        type: "Cookie",
        absoluteTimeout: "1h",
        cookie: { name: "shop", path: "/", lifetimeType: "Permanent" },
      },
    },
    { name: "an empty name", older: { sessionName: "" }, want: { cookie: { path: "/", lifetimeType: "Session" } } },
    { name: "no name", older: {}, want: { type: "Cookie", cookie: { path: "/", lifetimeType: "Session" } } },
    {
      name: "a name that no cookie has",
      older: { sessionName: "a b" },
      // What is wrong with it the status says.
      want: { type: "Cookie", cookie: { name: "a b", path: "/" } },
    },
    {
      name: "a header",
      older: { type: "Header", sessionName: "x-a" },
      want: { type: "Header", header: { name: "x-a" } },
    },
    { name: "a header without a name", older: { type: "Header" }, want: { header: { name: "x-session" } } },
  ])("has a session in the words of the newest CRDs, where older ones had $name", ({ older, want }) => {
    for (const kind of ["HTTPRoute", "GRPCRoute"] as const) {
      const spec = accept(kind, { rules: [{ backendRefs, sessionPersistence: older }] });
      expect(spec).toMatchObject({ rules: [{ sessionPersistence: want }] });
    }
  });

  it.each([
    { kind: "HTTPRoute", rest: { matches: [{ path: { type: "PathPrefix", value: "/" } }] } },
    { kind: "GRPCRoute", rest: {} },
  ] as const)("has the sessions that the experimental channel's $kind knows, with their defaults", ({ kind, rest }) => {
    const rules = [{ backendRefs, sessionPersistence: { cookie: {}, idleTimeout: "1h" } }];
    const cookie = { path: "/", lifetimeType: "Session" };
    const spec = { rules: [{ ...rest, sessionPersistence: { type: "Cookie", cookie } }] };
    expect(accept(kind, { rules })).toMatchObject(spec);
  });

  it.each(["HTTPRoute", "GRPCRoute", "TCPRoute", "UDPRoute"] as const)(
    "is taken without what we do not serve of the experimental channel: a %s for default Gateways",
    (kind) => {
      expect(accept(kind, { useDefaultGateways: "All", rules: [{ backendRefs }] })).toMatchObject({
        rules: [{ backendRefs: [{ group: "", kind: "Service", name: "b", port: 80, weight: 1 }] }],
      });
    },
  );

  it("grants nothing when it is a ReferenceGrant without a spec, which older CRDs take", () => {
    expect(accept("ReferenceGrant", undefined)).toEqual({ from: [], to: [] });
  });

  it("keeps the filters of a listener, so that it can be refused for them", () => {
    const filters = { requests: [{ type: "ExternalAuth", externalAuth: { protocol: "HTTP" } }] };
    const listeners = [{ name: "l", port: 80, protocol: "HTTP", filters }];
    expect(accept("Gateway", { gatewayClassName: "c", listeners })).toMatchObject({ listeners: [{ filters }] });
    const parentRef = { name: "g" };
    expect(accept("ListenerSet", { parentRef, listeners })).toMatchObject({ listeners: [{ filters }] });
  });

  it("has the defaults of client validation also where an older CRD wrote none", () => {
    const caCertificateRefs = [{ group: "", kind: "ConfigMap", name: "ca" }];
    const tls = { frontend: { default: { validation: { caCertificateRefs } } } };
    const spec = { gatewayClassName: "c", listeners: [{ name: "l", port: 80, protocol: "HTTP" }], tls };
    expect(accept("Gateway", spec)).toMatchObject({
      tls: { frontend: { default: { validation: { mode: "AllowValidOnly", caCertificateRefs } } } },
    });
  });

  it.each([
    { name: "a GRPCRoute", kind: "GRPCRoute", spec: { rules: [{ matches: [{ method: { type: "Glob" } }] }] } },
    { name: "a TLSRoute", kind: "TLSRoute", spec: { rules: [{ backendRefs }] } },
    { name: "a TCPRoute", kind: "TCPRoute", spec: { rules: [{}] } },
    { name: "a BackendTLSPolicy", kind: "BackendTLSPolicy", spec: { targetRefs: [], validation: {} } },
  ] as const)("is refused where the rest of the program could not read it: $name", ({ kind, spec }) => {
    expect(accept(kind, spec)).toMatchObject({ kind: "refused" });
  });
});
