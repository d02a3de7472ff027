import { beforeAll, describe, expect, it } from "vitest";
import {
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../../test/support/certificates.ts";
import {
  gateway,
  gatewayClass,
  httpsListener,
  listener,
  listenerSet,
  referenceGrant,
  tlsSecret,
} from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, type WorldObject } from "../../test/support/gateway-world.ts";
import type { ListenerSpec, RouteGroupKind, SecretObjectReference } from "../core/gateway-api.ts";
import { isAcceptable } from "./listener.ts";
import type { Listener } from "./nodes.ts";

let certificate: IssuedCertificate;

beforeAll(async () => {
  certificate = await issueCertificate(await createCertificateAuthority(), { names: ["a.example.com"] });
});

function build(spec: ListenerSpec, ...objects: readonly WorldObject[]): Listener {
  const world = createGatewayWorld();
  world.apply(gatewayClass(), gateway([spec]), ...objects);
  const [built] = world.nodes.get("infra/shared-gateway")?.listeners ?? [];
  if (built === undefined) throw new Error("no listener");
  return built;
}

const reasons = ({ rejections }: Listener) => rejections.map(({ condition, reason }) => `${condition} ${reason}`);

describe("protocols and kinds", () => {
  const group = "gateway.networking.k8s.io";
  const withKinds = (...kinds: readonly RouteGroupKind[]) =>
    listener("http", { allowedRoutes: { namespaces: { from: "All" }, kinds } });

  it("an HTTP listener carries HTTPRoutes and GRPCRoutes", () => {
    const built = build(listener("http", { hostname: "A.Example.com." }));
    expect(built).toMatchObject({
      key: "Gateway/infra/shared-gateway/http",
      hostname: "a.example.com",
      supportedKinds: [
        { group, kind: "HTTPRoute" },
        { group, kind: "GRPCRoute" },
      ],
      rejections: [],
      served: true,
    });
  });

  it.each([
    { protocol: "TCP", kind: "TCPRoute" },
    { protocol: "UDP", kind: "UDPRoute" },
    { protocol: "TLS", kind: "TLSRoute", tls: { mode: "Passthrough" }, hostname: "a.example.com" },
  ] as const)("a $protocol listener carries one kind, $kind, without a certificate", ({ kind, ...rest }) => {
    const built = build(listener("other", rest));
    expect(built).toMatchObject({ supportedKinds: [{ group, kind }], rejections: [], secrets: [], served: true });
  });

  it("a listener with filters is closed, keeps its hostname, and says why; an empty list is none", () => {
    const filtered = (requests: readonly unknown[]) =>
      build(listener("http", { hostname: "a.example.com", filters: { requests } }));
    const closed = filtered([{ type: "ExternalAuth", externalAuth: { protocol: "HTTP" } }]);
    expect(reasons(closed)).toEqual(["Accepted InvalidListenerFilterOrder"]);
    expect(closed).toMatchObject({ served: false });
    expect(isAcceptable(closed)).toBe(true);
    expect(filtered([])).toMatchObject({ served: true, rejections: [] });
  });

  it.each(["TCP", "UDP"])("a hostname means nothing to protocol %s", (protocol) => {
    expect(build(listener("other", { protocol, hostname: "a.example.com" })).hostname).toBe("");
  });

  it("a TLS listener that passes connections on ignores certificates", () => {
    const certificateRefs = [{ group: "", kind: "Secret", name: "missing" }];
    const built = build(listener("tls", { protocol: "TLS", tls: { mode: "Passthrough", certificateRefs } }));
    expect(built).toMatchObject({ tlsMode: "Passthrough", rejections: [], secrets: [], served: true });
  });

  it.each([
    { what: "without a certificate", tls: { mode: "Terminate" }, want: "Accepted Invalid" },
    { what: "without a word about TLS", tls: undefined, want: "Accepted Invalid" },
    {
      what: "without its Secret",
      tls: { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: "missing" }] },
      want: "ResolvedRefs InvalidCertificateRef",
    },
  ] as const)("a TLS listener that ends TLS $what is not served", ({ tls, want }) => {
    const built = build(listener("tls", { protocol: "TLS", ...(tls && { tls }) }));
    expect(reasons(built)).toEqual([want]);
    expect(built).toMatchObject({ tlsMode: "Terminate", served: false });
  });

  it("other kinds than TLSRoutes are told on a TLS listener, which stays open for those", () => {
    const kinds = [
      { group, kind: "TCPRoute" },
      { group, kind: "TLSRoute" },
    ];
    const allowedRoutes = { namespaces: { from: "Same" }, kinds } as const;
    const built = build(listener("tls", { protocol: "TLS", tls: { mode: "Passthrough" }, allowedRoutes }));
    expect(reasons(built)).toEqual(["ResolvedRefs InvalidRouteKinds"]);
    expect(built).toMatchObject({ supportedKinds: [{ group, kind: "TLSRoute" }], served: true });
  });

  it.each(["INVALID", "http", "__proto__", "example.com/custom"])("protocol %s is not supported", (protocol) => {
    const built = build(listener("other", { protocol }));
    expect(reasons(built)).toEqual(["Accepted UnsupportedProtocol"]);
    expect(built).toMatchObject({ supportedKinds: [], served: false });
  });

  it("a kind that is not supported is told, and the supported ones stay", () => {
    const built = build(withKinds({ group, kind: "InvalidRoute" }, { group, kind: "HTTPRoute" }));
    expect(reasons(built)).toEqual(["ResolvedRefs InvalidRouteKinds"]);
    expect(built).toMatchObject({ supportedKinds: [{ group, kind: "HTTPRoute" }], served: true });
  });

  it("without any supported kind no route may attach", () => {
    const built = build(withKinds({ group, kind: "InvalidRoute" }));
    expect(reasons(built)).toEqual(["ResolvedRefs InvalidRouteKinds"]);
    expect(built.supportedKinds).toEqual([]);
  });

  it("an HTTPRoute of another group is another kind", () => {
    const built = build(withKinds({ group: "example.com", kind: "HTTPRoute" }));
    expect(built.supportedKinds).toEqual([]);
    expect(built.rejections[0]?.message).toContain("HTTPRoute.example.com");
  });
});

describe("certificates", () => {
  const refs = (...certificateRefs: readonly SecretObjectReference[]) =>
    listener("https", { port: 443, protocol: "HTTPS", tls: { mode: "Terminate", certificateRefs } });
  const secret = (name: string, namespace?: string): SecretObjectReference => ({
    group: "",
    kind: "Secret",
    name,
    ...(namespace === undefined ? {} : { namespace }),
  });
  const grant = (kind: string, name?: string) =>
    referenceGrant("certs", "grant", {
      from: [{ group: "gateway.networking.k8s.io", kind, namespace: "infra" }],
      to: [{ group: "", kind: "Secret", ...(name === undefined ? {} : { name }) }],
    });

  it("a certificate of its own namespace opens the listener", () => {
    const built = build(refs(secret("cert")), tlsSecret("infra", "cert", certificate));
    expect(built).toMatchObject({ secrets: ["infra/cert"], rejections: [], served: true });
  });

  it("a Secret that does not exist closes it, without refusing its text", () => {
    const built = build(refs(secret("cert")));
    expect(reasons(built)).toEqual(["ResolvedRefs InvalidCertificateRef"]);
    const supportedKinds = [{ kind: "HTTPRoute" }, { kind: "GRPCRoute" }];
    expect(built).toMatchObject({ secrets: [], served: false, supportedKinds });
  });

  it("a malformed Secret says what is wrong with it", () => {
    const built = build(refs(secret("cert")), tlsSecret("infra", "cert", { certificatePem: "Hello", keyPem: "Hello" }));
    expect(reasons(built)).toEqual(["ResolvedRefs InvalidCertificateRef"]);
    expect(built.rejections[0]?.message).toBe("Secret infra/cert has no certificate in tls.crt");
  });

  it.each([
    { name: "another kind", ref: { group: "", kind: "ConfigMap", name: "cert" } },
    { name: "another group", ref: { group: "wrong.group.company.io", kind: "Secret", name: "cert" } },
  ])("$name is no certificate", ({ ref }) => {
    const built = build(refs(ref), tlsSecret("infra", "cert", certificate));
    expect(reasons(built)).toEqual(["ResolvedRefs InvalidCertificateRef"]);
    expect(built.served).toBe(false);
  });

  it("another namespace must grant it", () => {
    const granted = build(refs(secret("cert", "certs")), tlsSecret("certs", "cert", certificate), grant("Gateway"));
    expect(granted).toMatchObject({ secrets: ["certs/cert"], rejections: [], served: true });
    const refused = build(refs(secret("cert", "certs")), tlsSecret("certs", "cert", certificate), grant("HTTPRoute"));
    expect(reasons(refused)).toEqual(["ResolvedRefs RefNotPermitted"]);
    expect(refused.served).toBe(false);
  });

  it("without a grant nobody learns whether the Secret exists", () => {
    const there = build(
      refs(secret("cert", "certs")),
      tlsSecret("certs", "cert", certificate),
      grant("Gateway", "other"),
    );
    const absent = build(refs(secret("cert", "certs")), grant("Gateway", "other"));
    expect(there).toEqual(absent);
    expect(reasons(absent)).toEqual(["ResolvedRefs RefNotPermitted"]);
  });

  it("one usable certificate of several opens the listener, and the other is told", () => {
    const built = build(refs(secret("missing"), secret("cert")), tlsSecret("infra", "cert", certificate));
    expect(built).toMatchObject({ secrets: ["infra/cert"], served: true });
    expect(reasons(built)).toEqual(["ResolvedRefs InvalidCertificateRef"]);
  });

  it("a certificate that is named twice is used once", () => {
    const built = build(refs(secret("cert"), secret("cert", "infra")), tlsSecret("infra", "cert", certificate));
    expect(built.secrets).toEqual(["infra/cert"]);
  });

  it.each<{ name: string; spec: Partial<ListenerSpec>; want: string }>([
    { name: "HTTPS without tls", spec: {}, want: "Accepted Invalid" },
    {
      name: "tls without a certificate",
      spec: { tls: { mode: "Terminate", options: { "example.com/x": "y" } } },
      want: "Accepted Invalid",
    },
    { name: "Passthrough", spec: { tls: { mode: "Passthrough" } }, want: "Accepted UnsupportedValue" },
  ])("$name is refused", ({ spec, want }) => {
    const built = build(listener("https", { port: 443, protocol: "HTTPS", ...spec }));
    expect(reasons(built)).toEqual([want]);
    expect(built.served).toBe(false);
  });

  it("what a Gateway was granted, its ListenerSets were not", () => {
    const tls = { mode: "Terminate", certificateRefs: [secret("cert", "certs")] } as const;
    const entry = httpsListener("set", "cert", { hostname: "set.example.com", tls });
    const objects = (kind: string) => [
      gatewayClass(),
      gateway([refs(secret("cert", "certs"))], { allowedListeners: { namespaces: { from: "Same" } } }),
      listenerSet("infra", "set", [entry]),
      tlsSecret("certs", "cert", certificate),
      grant(kind),
    ];
    const servedWith = (kind: string) => {
      const world = createGatewayWorld();
      world.apply(...objects(kind));
      return world.nodes.get("infra/shared-gateway")?.listeners.map(({ served }) => served);
    };
    expect(servedWith("Gateway")).toEqual([true, false]);
    expect(servedWith("ListenerSet")).toEqual([false, true]);
  });
});
