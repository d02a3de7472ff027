import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decodeResource } from "../../src/app/decode-resource.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import type { XdsResource } from "../../src/core/xds-resource.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../support/certificates.ts";
import { foundation, QuarantineWorld, route, service, shared } from "./quarantine-world.ts";

let world: QuarantineWorld;
let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await createCertificateAuthority();
});

beforeEach(() => {
  world = new QuarantineWorld();
  world.apply(foundation);
});

function names(type: XdsResource["type"]): readonly string[] {
  return [...world.table.entries(shared, type).keys()].sort();
}

describe("a certificate that proxies refuse", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const secret = (name: string, { certificatePem, keyPem }: IssuedCertificate) => `---
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: infra }
type: kubernetes.io/tls
data: { tls.crt: ${base64(certificatePem)}, tls.key: ${base64(keyPem)} }
`;
  const gateway = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners:
    - name: both
      port: 443
      protocol: HTTPS
      tls: { certificateRefs: [{ name: bad }, { name: good }] }
    - name: only
      port: 443
      hostname: only.example.com
      protocol: HTTPS
      tls: { certificateRefs: [{ name: bad }] }
`;

  beforeEach(async () => {
    const [one, two] = await Promise.all([issue(), issue()]);
    world.apply(secret("bad", one) + secret("good", two) + gateway);
  });

  function issue(): Promise<IssuedCertificate> {
    return issueCertificate(authority, { names: ["only.example.com"] });
  }

  function refuse(): void {
    world.refuse({ gateway: shared, resource: world.resource("secret", "infra/bad"), words: "Failed to load key" });
  }

  function listeners() {
    const status = world.statuses.get(objectKey("Gateway", shared));
    if (status?.kind !== "Gateway") throw new Error("bug: a Gateway has the status of one");
    return Object.fromEntries(
      status.listeners.map(({ name, conditions }) => {
        const found = conditions.find(({ type }) => type === "ResolvedRefs");
        return [name, `${found?.status} ${found?.reason} ${found?.message}`.trim()];
      }),
    );
  }

  it("is left out, and the others of its listener serve", () => {
    expect(names("secret")).toEqual(["infra/bad", "infra/good"]);
    refuse();
    expect(names("secret")).toEqual(["infra/good"]);
    expect(JSON.stringify(decodeResource(world.resource("listener", "https-443")))).not.toContain("infra/bad");
    const words = "False InvalidCertificateRef Secret infra/bad is refused by proxies: Failed to load key";
    expect(listeners()).toEqual({ both: words, only: words });
  });

  it("gets another try with other content, and leaves nothing behind", async () => {
    refuse();
    world.apply(secret("bad", await issue()));
    expect(names("secret")).toEqual(["infra/bad", "infra/good"]);
    expect(listeners()).toEqual({ both: "True ResolvedRefs", only: "True ResolvedRefs" });
    world.keeper.lead(true);
    await new Promise(setImmediate);
    expect(world.keeper.all).toEqual([]);
  });

  it("stays refused as long as it is what it was", () => {
    refuse();
    world.keeper.lead(true);
    world.apply(gateway);
    expect([world.keeper.all.length, names("secret")]).toEqual([1, ["infra/good"]]);
  });

  it("takes its chain with it when the listener is refused without it too, so that no other chain waits", () => {
    world.refuse({ gateway: shared, resource: world.resource("secret", "infra/good"), words: "Failed to load key" });
    expect(names("secret")).toEqual(["infra/bad"]);
    world.refuse({ gateway: shared, resource: world.resource("listener", "https-443"), words: "Failed to load key" });
    expect(names("secret")).toEqual([]);
    expect(listeners()["both"]).toContain("infra/bad is refused by proxies: Failed to load key");
    expect(listeners()["both"]).toContain("infra/good is refused by proxies: Failed to load key");
  });

  it("is not looked for in a listener that is refused for something else", () => {
    world.refuse({ gateway: shared, resource: world.resource("listener", "https-443"), words: "no" });
    expect(names("secret")).toEqual(["infra/bad", "infra/good"]);
    expect(world.warnings).toEqual(["a proxy has refused what is no object's, or is another by now"]);
  });

  it("that was replaced meanwhile is not counted", async () => {
    const late = world.resource("secret", "infra/bad");
    world.apply(secret("bad", await issue()));
    world.refuse({ gateway: shared, resource: late, words: "Failed to load key" });
    expect(world.keeper.all).toEqual([]);
  });
});

describe("a cluster that proxies refuse", () => {
  const [cart, pay] = ["{ name: cart, port: 80 }", "{ name: pay, port: 80 }"];
  const web = objectKey("HTTPRoute", namespacedName("shop", "web"));
  const foreign = objectKey("HTTPRoute", namespacedName("far", "web"));
  const grant = `---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: all, namespace: shop }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: far }]
  to: [{ group: "", kind: Service }]
`;

  beforeEach(() => {
    const far = route("web", { "/far": "{ name: pay, namespace: shop, port: 80 }" }, "far").replace(
      "shop.ex",
      "far.ex",
    );
    world.apply(grant + service("far", "own") + route("web", { "/": cart, "/both": `${cart}, ${pay}` }) + far);
    world.refuse({ gateway: shared, resource: world.resource("cluster", "shop/pay/80"), words: "bad cluster" });
  });

  it("is not printed, and its share of the requests answers 500", () => {
    expect(names("cluster")).toEqual(["shop/cart/80"]);
    const table = world.resource("route", "http-80");
    expect([...(table.clusters?.() ?? [])]).toEqual(["shop/cart/80"]);
    const text = JSON.stringify(decodeResource(table));
    expect(text).toContain("invalid-backend");
    expect(text).not.toContain("shop/pay/80");
  });

  it("is told to routes that send requests to it, with Envoy's words in its own namespace only", () => {
    expect(world.told(web).slice(2)).toEqual([
      "PartiallyInvalid True UnsupportedValue Dropped Rule 1 for a backend, whose requests answer 500: proxies refuse port 80 of Service shop/pay: bad cluster",
      "gatehouse.dev/Programmed False RefusedByProxy Rule 1: proxies refuse port 80 of Service shop/pay: bad cluster",
    ]);
    expect(world.told(foreign).slice(2)).toEqual([
      "PartiallyInvalid True UnsupportedValue Dropped Rule 0 for a backend, whose requests answer 500: proxies refuse port 80 of Service shop/pay",
      "gatehouse.dev/Programmed False RefusedByProxy Rule 0: proxies refuse port 80 of Service shop/pay",
    ]);
  });

  it("has its share of connections closed, where they are forwarded", () => {
    const key = objectKey("TCPRoute", namespacedName("shop", "both"));
    world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: shared, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners: [{ name: tcp, port: 9300, protocol: TCP, allowedRoutes: { namespaces: { from: All } } }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: both, namespace: shop }
spec: { parentRefs: [{ name: shared, namespace: infra }], rules: [{ backendRefs: [${cart}, ${pay}] }] }
`);
    world.refuse({ gateway: shared, resource: world.resource("cluster", "shop/pay/80/tcp"), words: "bad cluster" });
    const listener = world.resource("listener", "tcp-9300");
    expect([...(listener.clusters?.() ?? [])]).toEqual(["shop/cart/80/tcp"]);
    expect(names("cluster")).toEqual(["shop/cart/80/tcp"]);
    expect(JSON.stringify(decodeResource(listener))).toContain(
      '"clusters":[{"name":"shop/cart/80/tcp","weight":1},{"name":"invalid-backend","weight":1}]',
    );
    expect(world.told(key).slice(2)).toEqual([
      "PartiallyInvalid True UnsupportedValue Dropped Rule 0 for a backend, whose connections are closed: proxies refuse port 80 of Service shop/pay: bad cluster",
      "gatehouse.dev/Programmed False RefusedByProxy Rule 0: proxies refuse port 80 of Service shop/pay: bad cluster",
    ]);
  });

  it("stays refused as long as it would be printed as it was", () => {
    world.keeper.lead(true);
    world.apply(route("web", { "/": cart, "/both": `${cart}, ${pay}` }));
    expect([world.keeper.all.length, names("cluster")]).toEqual([1, ["shop/cart/80"]]);
  });
});
