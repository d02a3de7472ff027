import { describe, expect, it } from "vitest";
import { explainRoute } from "../../src/app/explain.ts";
import { Translator } from "../../src/app/translator.ts";
import type { RequestQuestion } from "../../src/core/explanation.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import { decide } from "../../src/translate/decide/decide.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { base64 } from "../support/gateway-objects.ts";

const { certificatePem, keyPem } = await issueCertificate(await createCertificateAuthority(), { names: ["*.test"] });

const manifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/test }
---
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: certificate, namespace: infra }
data: { tls.crt: "${base64(certificatePem)}", tls.key: "${base64(keyPem)}" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: first, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: spare, port: 81, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - &tls { name: exact, port: 443, protocol: HTTPS, hostname: a.example.test, tls: { certificateRefs: [{ name: certificate }] } }
    - { <<: *tls, name: wild, hostname: "*.example.test" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: second, namespace: infra }
spec: { gatewayClassName: gatehouse, listeners: [{ name: http, port: 80, protocol: HTTP, hostname: b.example.test }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: all, namespace: infra }
spec: { parentRefs: [{ name: first }], rules: [{ name: everything }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: guest, namespace: team }
spec: { parentRefs: [{ name: first, namespace: infra, sectionName: http }], hostnames: [guest.test], rules: [{ matches: [{ path: { value: /own } }] }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: wanderer, namespace: other }
spec: { parentRefs: [{ name: first, namespace: infra }], rules: [{ matches: [{ path: { value: /far } }] }] }
`;

const view = (() => {
  const translator = new Translator({
    controllerName: "gatehouse.dev/test",
    placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
  });
  const { objects, problems } = readManifests([{ path: "decide.yaml", text: manifests }]);
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("; "));
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  translator.flush();
  return translator.routing;
})();

function ask(question: Partial<RequestQuestion>) {
  const asked = { port: 80, scheme: "http", host: "a.example.test", path: "/", method: "GET", headers: [] } as const;
  return decide(view, { ...asked, ...question }).gateways;
}

describe("decide", () => {
  it("answers for each Gateway that serves the port, or for the one that is asked", () => {
    expect(ask({ host: "b.example.test" }).map(({ gateway }) => gateway.name)).toEqual(["first", "second"]);
    const gateway = { namespace: "infra", name: "second" };
    expect(ask({ gateway })).toMatchObject([
      { gateway: { kind: "Gateway", ...gateway }, answer: { kind: "notFound" } },
    ]);
    expect(ask({ gateway, port: 81 })).toMatchObject([{ answer: { kind: "noConnection" } }]);
    expect(ask({ gateway: { namespace: "infra", name: "third" } })).toEqual([]);
  });

  it("takes the filter chain of the server name, and answers 421 for the hosts of another one", () => {
    const secure = { port: 443, scheme: "https", sni: "A.example.test" } as const;
    expect(ask(secure)).toMatchObject([{ listener: { name: "exact" }, winner: { route: { name: "all" } } }]);
    expect(ask({ ...secure, host: "x.example.test" })).toMatchObject([{ answer: { kind: "misdirected" } }]);
    expect(ask({ ...secure, sni: "x.test" })).toMatchObject([{ answer: { kind: "noConnection" } }]);
    expect(ask({ port: 443, scheme: "https" })).toMatchObject([{ answer: { kind: "noConnection" } }]);
  });

  it("takes a server name that begins with a dot for one below its wildcard, as proxies do", () => {
    const secure = { port: 443, scheme: "https", sni: ".example.test" } as const;
    expect(ask(secure)).toMatchObject([{ listener: { name: "wild" }, answer: { kind: "misdirected" } }]);
    expect(ask({ ...secure, sni: "example.test" })).toMatchObject([{ answer: { kind: "noConnection" } }]);
  });

  it("tells what would have answered on a wider listener of the port", () => {
    const [explanation] = ask({ port: 443, scheme: "https", sni: "x.example.test", host: "x.example.test" });
    expect(explanation).toMatchObject({ listener: { name: "wild" }, winner: { ruleName: "everything" }, rivals: [] });
    const [misdirected] = ask({ port: 443, scheme: "https", sni: "a.example.test", host: "x.example.test" });
    expect(misdirected?.rivals).toMatchObject([{ route: { name: "all" }, criterion: "a more specific listener" }]);
  });

  it("prefers the more specific hostname also where none of its matches fits", () => {
    const [explanation] = ask({ host: "guest.test", path: "/" });
    expect(explanation).toMatchObject({ virtualHost: "guest.test", answer: { kind: "notFound" } });
  });

  it("tells what is withheld of a hostname that another namespace holds, also where that one serves nothing", () => {
    const [elsewhere] = ask({ port: 81, host: "guest.test", path: "/far/away" });
    expect(elsewhere).toMatchObject({
      virtualHost: "guest.test",
      answer: { kind: "notFound", reason: "No route answers the host" },
      withheld: [
        { route: { namespace: "other", name: "wanderer" }, refusal: { criterion: "ClaimedFirst" } },
        {
          route: { namespace: "infra", name: "all" },
          refusal: { criterion: "ClaimedFirst", hostname: "guest.test", holder: { namespace: "team", name: "guest" } },
        },
      ],
    });
    const [here] = ask({ host: "guest.test", path: "/far/away" });
    expect(here?.rivals.map(({ criterion }) => criterion)).toEqual([
      "a more specific hostname",
      "a more specific hostname",
    ]);
  });

  it.each([
    ["an underscore in a header's name", { headers: [{ name: "x_a", value: "1" }] }, 400],
    ["a header without a name", { headers: [{ name: "", value: "1" }] }, 400],
    ["a tunnel", { method: "CONNECT" }, 400],
    ["a blank in the host", { host: "a b" }, 400],
    ["a user in the host", { host: "user@guest.test" }, 403],
    ["two hosts", { host: "guest.test,other.test" }, 403],
    ["a port that is none", { host: "guest.test:http" }, 403],
    ["an empty label", { host: "guest..test" }, 403],
    ["dots with parameters that were escaped", { path: "/a/%2e%2e;/b" }, 403],
    ["more headers than a proxy takes", { headers: Array(100).fill({ name: "a", value: "1" }) }, 431],
    ["more than 60 KiB of headers", { headers: [{ name: "a", value: "1".repeat(61_441) }] }, 431],
  ])("tells that a proxy rejects %s", (_what, question, status) => {
    expect(ask(question)).toMatchObject([{ answer: { kind: "rejected", status } }, { answer: { status } }]);
  });
});

describe("explainRoute", () => {
  it("tells what the proxies of the Gateway have said, where that is known", () => {
    const asked: string[] = [];
    const told = { connected: 3, acknowledged: 2, refusals: ["route/http-80: no"] };
    const { parents } = explainRoute(
      view,
      objectKey("HTTPRoute", namespacedName("team", "guest")),
      (gateway, hosts) => {
        asked.push(...hosts.map((host) => `${gateway} ${host}`));
        return told;
      },
    );
    expect(parents[0]?.listeners[0]?.acknowledgement).toEqual(told);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((each) => each.includes("|http-"))).toBe(true);
  });

  it("tells of a hostname that a more specific listener takes that the route does not answer it here", () => {
    const { parents } = explainRoute(view, objectKey("HTTPRoute", namespacedName("infra", "all")));
    const hosts = parents[0]?.listeners.map(({ listener, hosts }) => [
      listener.name,
      hosts.map((host) => host.hostname),
    ]);
    expect(hosts).toEqual([
      ["http", ["*"]],
      ["spare", ["*"]],
      ["exact", ["a.example.test"]],
      ["wild", ["*.example.test"]],
    ]);
  });
});
