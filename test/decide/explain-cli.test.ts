import { describe, expect, it } from "vitest";
import type { RequestExplanation, RouteExplanation } from "../../src/core/explanation.ts";
import { runExplain, shopManifests } from "./explain-world.ts";

describe("gatehouse explain request", () => {
  it("tells the rule that answers, every rival with what decided, and what is withheld", async () => {
    const header = ["-H", "x-version: 2"];
    expect(await runExplain(shopManifests, "request", "http://shop.example.com/cart/api", ...header)).toEqual({
      code: 0,
      errors: "",
      out: `GET http://shop.example.com/cart/api on port 80

Gateway infra/shared
  listener      http, HTTP port 80, every hostname
  virtual host  shop.example.com
  rule          HTTPRoute shop/cart rule 0 (api) match 0, prefix /cart/api, header x-version=2 on shop.example.com
  answer        301 to https://shop.example.com/cart/api
  rivals, and what decided against them
    HTTPRoute shop/cart rule 2 match 0, GET prefix /cart on shop.example.com: a longer path
    HTTPRoute shop/cart rule 1 match 0, prefix /cart on shop.example.com: a longer path
    HTTPRoute shop/cart rule 3 match 0, prefix /cart on shop.example.com: a longer path
    HTTPRoute shop/every rule 0 match 0, prefix / on *.example.com: a more specific hostname
  withheld, because somebody else owns the hostname or the path
    HTTPRoute rogue/thief rule 0 match 0, exact /cart/api on shop.example.com: Hostname 'shop.example.com' is already claimed by a route of another namespace, which had it accepted first
`,
    });
  });

  it("tells backends with their weights, and the share that answers 500", async () => {
    const { out } = await runExplain(shopManifests, "request", "http://shop.example.com/cart", "--method", "POST");
    expect(out).toContain("  answer        9 × Service shop/cart:80, 1 × 500 (Service shop/missing does not exist)\n");
  });

  it.each([
    ["a host that nobody has", "http://nobody.example.net/", "  answer        404: No route answers the host\n"],
    ["a path that nobody has", "http://shop.example.com/x", "404: No match of the host's routes fits the request\n"],
    ["a host of another spelling", "http://rogue.EXAMPLE.net.:80/x", "  virtual host  rogue.example.net\n"],
    [
      "a port that nothing serves",
      "https://shop.example.com",
      "on port 443: no Gateway has a listener on that port. The port of the listener counts, not one that a proxy binds or publishes\n",
    ],
    [
      "a scheme that the port does not speak",
      "https://own.example.com:8080/",
      "no connection: The port speaks no TLS\n",
    ],
  ])("exits with 1 for %s", async (_what, url, line) => {
    const { out, code } = await runExplain(shopManifests, "request", url);
    expect(out).toContain(line);
    expect(code).toBe(1);
  });

  it("tells of a port whose listener waits for its certificate that it is there, and is not served", async () => {
    const waits = "{ name: own, port: 8443, protocol: HTTPS, tls: { certificateRefs: [{ name: absent }] } }";
    const manifests = shopManifests.replace(/\{ name: own, port: 8080.*\}/, waits);
    const { out, code } = await runExplain(manifests, "request", "https://own.example.com:8443/");
    expect(out).toContain("listener      own, HTTPS port 8443, every hostname\n");
    expect(out).toContain("answer        no connection: Nothing that listens on the port can be served; ");
    expect(code).toBe(1);
  });

  it("asks with the path as it is written, and tells what the proxy makes of it", async () => {
    const run = await runExplain(shopManifests, "request", "http://shop.example.com/x/..//cart/%61pi");
    expect(run.out).toContain("  path          /cart/api, once it is normalised\n");
    const redirected = await runExplain(shopManifests, "request", "http://shop.example.com/cart%2Fapi");
    expect(redirected).toMatchObject({ code: 0, out: expect.stringContaining("answer        307 to /cart/api: ") });
  });

  it("prints the explanation as JSON", async () => {
    const args = ["request", "http://shop.example.com/cart", "-o", "json", "--gateway", "infra/shared"];
    const { out } = await runExplain(shopManifests, ...args);
    const { question, gateways } = JSON.parse(out) as RequestExplanation; // what the verb prints
    const gateway = { namespace: "infra", name: "shared" };
    expect(question).toEqual({
      ...{ gateway, port: 80, scheme: "http", host: "shop.example.com", path: "/cart", method: "GET", headers: [] },
    });
    expect(gateways).toMatchObject([
      {
        gateway: { kind: "Gateway", ...gateway },
        envoyListener: "http-80",
        winner: { rule: 2 },
        answer: { status: 500 },
      },
    ]);
  });

  it.each([
    [["request", "ftp://shop.example.com"]],
    [["request", "http://shop.example.com", "-H", "no colon"]],
    [["request", "http://shop.example.com:99999/"]],
    [["request", "http://shop.example.com", "--gateway", "shared"]],
    [["route", "cart"]],
  ])("exits with 2 for %j", async (args) => {
    expect((await runExplain(shopManifests, ...args)).code).toBe(2);
  });
});

describe("gatehouse explain route", () => {
  it("tells the hostnames, which matches are reached, and where each rule sends requests", async () => {
    expect(await runExplain(shopManifests, "route", "shop/cart")).toEqual({
      code: 0,
      errors: "",
      out: `HTTPRoute shop/cart

Gateway infra/shared: attached
  ✓ http, HTTP port 80, every hostname
      shop.example.com
        ✓ rule 0 (api) match 0, prefix /cart/api, header x-version=2
        ✓ rule 2 match 0, GET prefix /cart
        ✓ rule 1 match 0, prefix /cart
        ✗ rule 3 match 0, prefix /cart: never reached, HTTPRoute shop/cart rule 1 comes first (an earlier rule of the same route)
  ✗ own, HTTP port 8080, hostname own.example.com: The listener admits routes of its own namespace only

Rules
  0 (api)  redirects
  1  9 × Service shop/cart:80, 1 × 500 (Service shop/missing does not exist)
  2  answers 500: it has no backend
  3  Service shop/cart:80
`,
    });
  });

  it("tells of each parentRef why the route is not attached, and what it was refused", async () => {
    expect(await runExplain(shopManifests, "route", "rogue/thief")).toEqual({
      code: 0,
      errors: "",
      out: `HTTPRoute rogue/thief

Gateway infra/shared, listener http: attached
  refused: Hostname 'shop.example.com' is already claimed by a route of another namespace, which had it accepted first
  ✓ http, HTTP port 80, every hostname
      rogue.example.net
        ✓ rule 0 match 0, exact /cart/api

Gateway infra/shared, listener own: not attached (NotAllowedByListeners)
  No listener that the parentRef names admits HTTPRoutes of namespace rogue
  ✗ own, HTTP port 8080, hostname own.example.com: The listener admits routes of its own namespace only

Gateway infra/shared, listener absent: not attached (NoMatchingParent)
  No listener of the parent matches the parentRef
  ✗ http, HTTP port 80, every hostname: The parentRef names another listener name or port
  ✗ own, HTTP port 8080, hostname own.example.com: The parentRef names another listener name or port

Gateway rogue/other: not attached
  There is no such Gateway of a class that this controller serves

Rules
  0  answers 500: it has no backend
`,
    });
  });

  it("exits with 1 for a route that is attached nowhere", async () => {
    const { out, code } = await runExplain(shopManifests, "route", "infra/inner");
    expect(out).toContain("hostname own.example.com: No hostname of the route intersects with the listener's\n");
    expect(code).toBe(1);
  });

  it("exits with 1 for a route that is not there", async () => {
    expect(await runExplain(shopManifests, "route", "a/b")).toMatchObject({
      code: 1,
      out: "There is no HTTPRoute a/b\n",
    });
  });

  it("tells who holds what was refused, for those who may see it, as JSON", async () => {
    const { out } = await runExplain(shopManifests, "route", "rogue/thief", "-o", "json");
    const { parents } = JSON.parse(out) as RouteExplanation; // what the verb prints
    expect(parents[0]?.refusals).toMatchObject([
      {
        criterion: "ClaimedFirst",
        enforced: true,
        holder: { kind: "HTTPRoute", namespace: "shop", name: "cart" },
        hostname: "shop.example.com",
      },
    ]);
  });
});
