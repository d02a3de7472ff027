import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TableMode } from "../../src/core/data-plane.ts";
import { type Backend, type EchoedRequest, startBackend } from "../support/backend.ts";
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { type ClientRequest, type ClientResponse, header, openHttp1, type Protocol, send } from "../support/client.ts";
import { httpResources, httpsListeners, httpsPort, httpsResources } from "./hostname-world.ts";
import { httpPort } from "./one-listener.ts";
import { type ProxyOptions, printClusters, startProxy, type TestProxy } from "./proxy.ts";

/** What a request is answered with: the hostname whose table served it, or a status. */
type Served = string | number;

/** Checks what holds for route tables however they are cut. */
export function testRouteTables(mode: TableMode, options: ProxyOptions = {}): void {
  let proxy: TestProxy;
  let a: Backend;
  let authority: CertificateAuthority;

  beforeAll(async () => {
    proxy = await startProxy(options);
    a = await startBackend({ name: "a" });
    authority = await createCertificateAuthority();
    const certificate = await issueCertificate(authority, {
      names: [...Object.keys(httpsListeners), "*.b.example.com"],
    });
    const secure = httpsResources(proxy.address, mode, certificate);
    await proxy.apply(...printClusters({ a }), ...httpResources(proxy.address, mode), ...secure);
  });

  afterAll(async () => {
    await proxy.stop();
    await a.stop();
  });

  const plain = (request: ClientRequest, protocol: Protocol): Promise<ClientResponse> =>
    send({ address: proxy.address, port: httpPort }, request, protocol);
  const secure = (serverName: string, request: ClientRequest, protocol: Protocol): Promise<ClientResponse> => {
    const tls = { serverName, authority: authority.certificatePem };
    return send({ address: proxy.address, port: httpsPort, tls }, request, protocol);
  };
  // What the proxy answers itself has the headers of a route, too.
  const served = (response: ClientResponse): Served =>
    (response.status < 400 ? header(response, "x-table") : undefined) ?? response.status;

  describe.each(["http1", "http2"] as const)("over %s", (protocol) => {
    it.each(plainProbes)("$name: $host", async ({ host, path, headers, want }) => {
      const request = { host, path: path ?? "/only", ...(headers && { headers }) };
      expect(served(await plain(request, protocol))).toBe(want);
    });

    it("sends the backend the Host as the client wrote it, and never the scope header in a scoped table", async () => {
      for (const host of ["b.test", "B.test:81", "x.wild.test:8080", "UNKNOWN.example"]) {
        const headers = mode === "scoped" ? ([["x-gw-scope", "forged/a.test"]] as const) : [];
        // The backend answers with what it saw.
        const echoed = JSON.parse((await plain({ host, headers }, protocol)).body) as EchoedRequest;
        expect(echoed.host).toBe(host);
        expect(echoed.headers["x-gw-scope"]).toBeUndefined();
      }
    });

    it.each(secureProbes)("TLS, $name: $sni asks for $host", async ({ sni, host, want }) => {
      const response = await secure(sni, { host }, protocol);
      expect(response.alpn).toBe(protocol === "http1" ? "http/1.1" : "h2");
      expect(served(response)).toBe(want);
    });
  });

  it("serves an absolute request target by its own authority", async () => {
    const connection = await openHttp1({ address: proxy.address, port: httpPort });
    const response = await connection.sendRaw("GET http://b.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n");
    connection.close();
    expect(served(response)).toBe("b.test");
  });

  it.each(["http-8080/b.test", "a.test/*", "../b.test", "b.test /", "b.test\tx"])(
    "does not let the Host %j choose another table",
    async (host) => {
      const response = await plain({ host }, "http1").catch(() => undefined);
      expect([undefined, 400, "*"]).toContain(response && served(response));
    },
  );

  it("closes a TLS connection that asks for a server name that no listener has", async () => {
    await expect(secure("unknown.test", { host: "unknown.test" }, "http1")).rejects.toThrow();
    await expect(secure("example.com", { host: "example.com" }, "http1")).rejects.toThrow();
  });

  it("moves a path miss in an upper-case host to no other table", async () => {
    expect(served(await plain({ host: "A.TEST", path: "/other" }, "http1"))).toBe(404);
    expect(served(await plain({ host: "a.test", path: "*", method: "OPTIONS" }, "http1"))).toBe(404);
  });
}

interface PlainProbe {
  readonly name: string;
  readonly host: string;
  readonly path?: string;
  readonly headers?: ClientRequest["headers"];
  readonly want: Served;
}

const forged = (value: string) => ({ headers: [["x-gw-scope", value]] as const });

const plainProbes: readonly PlainProbe[] = [
  { name: "an exact host", host: "a.test", want: "a.test" },
  { name: "another one", host: "b.test", want: "b.test" },
  { name: "upper case", host: "A.Test", want: "a.test" },
  { name: "a port", host: "a.test:8080", want: "a.test" },
  { name: "another port", host: "a.test:9", want: "a.test" },
  { name: "a trailing dot", host: "a.test.", want: "a.test" },
  { name: "all three", host: "A.TEST.:81", want: "a.test" },
  { name: "punycode", host: "XN--BCHER-KVA.test", want: "xn--bcher-kva.test" },
  { name: "an underscore", host: "under_score.test", want: "under_score.test" },
  { name: "a path miss stays a 404", host: "a.test", path: "/other", want: 404 },
  { name: "a listener's hostname without routes", host: "empty.test", want: 404 },
  { name: "the same in upper case", host: "EMPTY.test:80", want: 404 },
  { name: "a wildcard", host: "x.wild.test", want: "*.wild.test" },
  { name: "a wildcard over two labels", host: "y.x.wild.test", want: "*.wild.test" },
  { name: "a wildcard in upper case with a port", host: "X.WILD.test:8080", want: "*.wild.test" },
  { name: "a wildcard with a trailing dot", host: "x.wild.test.", want: "*.wild.test" },
  { name: "an exact host below a wildcard", host: "exact.wild.test", want: "exact.wild.test" },
  { name: "the same in upper case", host: "EXACT.wild.test", want: "exact.wild.test" },
  { name: "the longer wildcard", host: "x.b.wild.test", want: "*.b.wild.test" },
  { name: "the longer wildcard's own name is below the shorter", host: "b.wild.test", want: "*.wild.test" },
  { name: "a wildcard without routes", host: "x.none.wild.test", want: 404 },
  { name: "a wildcard does not match its own suffix", host: "wild.test", want: "*" },
  { name: "nor a name that only ends alike", host: "notwild.test", want: "*" },
  { name: "the catch-all", host: "unknown.example", want: "*" },
  { name: "an address", host: "192.0.2.1", want: "*" },
  { name: "an IPv6 address", host: "[2001:db8::1]", want: "*" },
  { name: "an IPv6 address with a port", host: "[2001:db8::1]:8080", want: "*" },
  { name: "a long name", host: `${"x".repeat(60)}.${"y".repeat(60)}.${"z".repeat(60)}.wild.test`, want: "*.wild.test" },
  { name: "a forged scope", host: "b.test", ...forged("http-8080/a.test"), want: "b.test" },
  { name: "a forged scope on an unknown host", host: "unknown.example", ...forged("http-8080/a.test"), want: "*" },
  { name: "a forged scope on a wildcard", host: "x.wild.test", ...forged("http-8080/b.test"), want: "*.wild.test" },
  { name: "a star as host", host: "*", want: 403 },
];

interface SecureProbe {
  readonly name: string;
  readonly sni: string;
  readonly host: string;
  readonly want: Served;
}

const secureProbes: readonly SecureProbe[] = [
  { name: "an exact listener", sni: "abc.example.com", host: "abc.example.com", want: "abc.example.com" },
  { name: "upper case and port", sni: "abc.example.com", host: "ABC.example.com:8443", want: "abc.example.com" },
  {
    name: "an exact host of a wildcard listener",
    sni: "www.example.com",
    host: "www.example.com",
    want: "www.example.com",
  },
  { name: "a wildcard listener", sni: "x.example.com", host: "x.example.com", want: "*.example.com" },
  { name: "another host of the same listener", sni: "x.example.com", host: "www.example.com", want: "www.example.com" },
  { name: "two labels", sni: "y.b.example.com", host: "y.b.example.com", want: "*.example.com" },
  { name: "the longer wildcard", sni: "x.deep.example.com", host: "X.deep.example.com", want: "*.deep.example.com" },
  { name: "a nested exact listener's host", sni: "x.example.com", host: "abc.example.com", want: 421 },
  { name: "the same in upper case", sni: "x.example.com", host: "ABC.example.com.", want: 421 },
  { name: "a nested wildcard listener's host", sni: "x.example.com", host: "x.deep.example.com", want: 421 },
  { name: "the same in upper case", sni: "x.example.com", host: "X.DEEP.example.com:1", want: 421 },
  { name: "a listener apart", sni: "x.example.com", host: "other.test", want: 421 },
  { name: "a wider listener's host", sni: "abc.example.com", host: "x.example.com", want: 421 },
  { name: "a wider listener's exact host", sni: "abc.example.com", host: "www.example.com", want: 421 },
  { name: "from a listener apart", sni: "other.test", host: "ABC.example.com", want: 421 },
  { name: "a host that no listener has", sni: "x.example.com", host: "unknown.test", want: 404 },
  { name: "an address", sni: "abc.example.com", host: "[2001:db8::1]:443", want: 404 },
];
