import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { askOverTls } from "../envoy/tls-client.ts";
import { type EchoedRequest, startBackend } from "../support/backend.ts";
import {
  accepted,
  type BackendTlsWorld,
  good,
  listener,
  policyOf,
  serviceOf,
  startBackendTlsWorld,
  trusting,
} from "../support/backend-tls-world.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { authoritiesOf, gatewayOf, httpsListenerOf, secretOf } from "../support/gateway-manifests.ts";
import { supportedEnvoys } from "./support/supported-envoys.ts";

describe.each(supportedEnvoys())(
  "fault 17: Envoy $minor keeps or refuses what makes traffic safe, and never lets it pass",
  ({ binary }) => {
    let tls: BackendTlsWorld;

    beforeAll(async () => {
      tls = await startBackendTlsWorld({ binary });
    });

    afterAll(() => tls?.stop());

    beforeEach(() => tls.reset());

    const uris = ["spiffe://shop.internal/cart"];
    const san = `${good}, subjectAltNames: [{ type: URI, uri: "${uris[0]}" }]`;
    const named = { names: ["cart.shop.internal"] };

    it.each([
      { what: "a backend with a good certificate", policy: good, want: 200 },
      { what: "a backend of another name", policy: `hostname: till.shop.internal, ${trusting("backends")}`, want: 503 },
      {
        what: "a backend of another authority",
        policy: `hostname: cart.shop.internal, ${trusting("strangers")}`,
        want: 503,
      },
      { what: "a backend without the URI", policy: san, want: 503 },
      { what: "a backend with the URI", policy: san, issue: { ...named, uris }, want: 200 },
      { what: "a backend with a wildcard", policy: good, issue: { names: ["*.shop.internal"] }, want: 200 },
      {
        what: "a backend whose certificate has expired",
        policy: good,
        issue: { ...named, notAfter: new Date(Date.now() - 3_600_000) },
        want: 503,
      },
      {
        what: "a backend that the system's authorities do not know",
        policy: "hostname: cart.shop.internal, wellKnownCACertificates: System",
        want: 503,
      },
      {
        what: "authorities that are missing",
        policy: `hostname: cart.shop.internal, ${trusting("missing")}`,
        want: 503,
      },
    ])("$what: $want", async ({ policy, issue = named, want }) => {
      tls.backend.setTls(await issueCertificate(tls.authority, issue));
      await tls.served.apply(policyOf(policy));
      expect(await tls.statusOf()).toBe(want);
      expect(tls.backend.count()).toBe(want === 200 ? 1 : 0);
      expect(tls.backend.handshakeErrors).not.toContain("ERR_SSL_HTTP_REQUEST");
    });

    it("a backend that speaks no version which is late enough: 503", async () => {
      const old = await startBackend({
        name: "old",
        tls: { ...(await tls.certificate(...named.names)), maxVersion: "TLSv1.2" },
      });
      const option = ', options: { gatehouse.dev/minimum-version: "1.3" }';
      await tls.served.apply(serviceOf(old) + policyOf(good, { target: "old" }));
      expect(await tls.statusOf("/", "old.example.com")).toBe(200);
      await tls.served.apply(policyOf(good, { target: "old" }, option));
      expect(await tls.statusOf("/", "old.example.com")).toBe(503);
      expect(tls.told()).toEqual(accepted);
      await old.stop();
    });

    it("clients and backends that ask for certificates: they are shown, and nobody without one gets in", async () => {
      const people = await createCertificateAuthority("people");
      const person = await issueCertificate(people, { names: ["person"], usage: "client" });
      const identity = await issueCertificate(people, { names: ["edge"], usage: "client" });
      const server = await issueCertificate(tls.authority, { names: ["edge.example.com"] });
      const picky = await startBackend({
        name: "edge",
        tls: { ...(await tls.certificate(...named.names)), clientAuthority: people.certificatePem },
      });
      const frontend = `{ default: { validation: { mode: AllowValidOnly, caCertificateRefs: [{ group: "", kind: ConfigMap, name: people }] } } }`;
      const backend = "{ clientCertificateRef: { name: identity } }";
      await tls.served.apply(
        authoritiesOf("people", people.certificatePem) +
          secretOf("server", server) +
          secretOf("identity", identity) +
          serviceOf(picky) +
          policyOf(good, { target: "edge" }) +
          gatewayOf(
            `tls: { frontend: ${frontend}, backend: ${backend} }, listeners: [${listener}, ${httpsListenerOf("https", 8443)}]`,
          ),
      );
      const { address } = tls.served;
      const client = { address, port: 8443, serverName: "edge.example.com", authority: tls.authority.certificatePem };
      const answer = await askOverTls({ ...client, identity: person });
      expect(answer.status).toBe(200);
      expect((await askOverTls(client)).status).toBeUndefined();
      expect((await askOverTls({ ...client, identity: server })).status).toBeUndefined();
      expect(picky.requests.map((request: EchoedRequest) => request.tls?.client)).toEqual(["edge"]);
      await picky.stop();
    });
  },
);
