import { describe, expect, it } from "vitest";
import { Translator } from "../../src/app/translator.ts";
import type { StatusUpdate } from "../../src/core/conditions.ts";
import { namespacedName, type ObjectKey, objectKey } from "../../src/core/keys.ts";
import {
  type ClaimKeeper,
  type ClaimWant,
  type Holding,
  hostnameRecordKey,
  type RecordKey,
  recordName,
} from "../../src/core/ownership.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { gatewayClass } from "../support/gateway-class.ts";

const options = {
  controllerName: "gatehouse.dev/gateway-controller",
  placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] },
} as const;

const platform = `
${gatewayClass}---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners: [{ name: web, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }]
`;

/** Grants shop its hostname. */
const claim = `
apiVersion: gatehouse.dev/v1alpha1
kind: HostnameClaim
metadata: { name: shop }
spec: { hostname: shop.example.com, namespaces: { names: [shop] } }
`;

/** A redirect, so that a route needs no Service; `created` is the day of January 2026. */
function route(owner: string, hostnames: readonly string[], { created = 1, path = "/" } = {}): string {
  const [namespace = "", name = ""] = owner.split("/");
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "2026-01-${String(created).padStart(2, "0")}T00:00:00Z" }
spec:
  parentRefs: [{ name: edge, namespace: infra }]
  hostnames: ${JSON.stringify(hostnames)}
  rules: [{ matches: [{ path: { value: ${path} } }], filters: [{ type: RequestRedirect, requestRedirect: { hostname: ${namespace}.example } }] }]
`;
}

/** A translator that is told things one after the other, each with a flush of its own. */
class Story {
  readonly translator: Translator;

  constructor(keeper?: ClaimKeeper) {
    this.translator = new Translator(options, keeper);
    this.apply(platform);
  }

  /** The last status of each object. */
  readonly statuses = new Map<ObjectKey, StatusUpdate | undefined>();

  apply(...texts: readonly string[]): this {
    const { objects, problems } = readManifests(texts.map((text, index) => ({ path: `${index}.yaml`, text })));
    expect(problems).toEqual([]);
    for (const { kind, name, object } of objects) this.translator.set(kind, name, object);
    this.flush();
    return this;
  }

  flush(): void {
    for (const [key, status] of this.translator.flush().statuses) this.statuses.set(key, status);
  }

  remove(owner: string): this {
    const [namespace, name = ""] = owner.split("/");
    this.translator.delete("HTTPRoute", namespacedName(namespace, name));
    this.flush();
    return this;
  }

  /** The routes that answer a hostname, by namespace/name. */
  servers(hostname: string): readonly string[] {
    const hosts = [...this.translator.routing.virtualHosts.entries()].map(([, host]) => host);
    const entries = hosts.filter((host) => host.hostname === hostname).flatMap((host) => host.entries);
    return [...new Set(entries.map(({ route: key }) => key.replace("HTTPRoute/", "")))].sort();
  }

  refusals(owner: string): readonly string[] {
    const [namespace, name = ""] = owner.split("/");
    const bound = this.translator.routing.routes.get(objectKey("HTTPRoute", namespacedName(namespace, name)));
    const list = (bound?.parents ?? []).flatMap(({ refusals }) => refusals?.list ?? []);
    return list.map(({ hostname, criterion }) => `${hostname} ${criterion}`);
  }
}

describe("a hostname", () => {
  it("is not taken over by an older route that names it later", () => {
    const story = new Story()
      .apply(route("mallory/old", ["mallory.example.com"], { created: 1 }))
      .apply(route("shop/new", ["shop.example.com"], { created: 20 }))
      .apply(route("mallory/old", ["mallory.example.com", "shop.example.com"], { created: 1, path: "/deep/path" }));
    expect(story.servers("shop.example.com")).toEqual(["shop/new"]);
    expect(story.servers("mallory.example.com")).toEqual(["mallory/old"]);
    expect(story.refusals("mallory/old")).toEqual(["shop.example.com ClaimedFirst"]);
  });

  it("is not taken over by a route whose creation time lies before everybody's", () => {
    const story = new Story()
      .apply(route("shop/new", ["shop.example.com"], { created: 20 }))
      .apply(route("mallory/forged", ["shop.example.com"], { created: 1 }));
    expect(story.servers("shop.example.com")).toEqual(["shop/new"]);
  });

  it("stays its namespace's while another route of it still has it", () => {
    const story = new Story()
      .apply(route("shop/first", ["shop.example.com"]), route("shop/second", ["shop.example.com"], { path: "/2" }))
      .apply(route("mallory/waiting", ["shop.example.com"], { created: 2 }))
      .remove("shop/first");
    expect(story.servers("shop.example.com")).toEqual(["shop/second"]);
    expect(story.refusals("mallory/waiting")).toEqual(["shop.example.com ClaimedFirst"]);
  });

  it("goes to who waited once its record is gone", () => {
    const story = new Story()
      .apply(route("shop/first", ["shop.example.com"]))
      .apply(route("other/waiting", ["shop.example.com"], { created: 2 }))
      .remove("shop/first");
    expect(story.servers("shop.example.com")).toEqual([]);
    story.translator.delete(
      "HostnameRecord",
      namespacedName(undefined, recordName(hostnameRecordKey("shop.example.com"))),
    );
    story.flush();
    expect(story.servers("shop.example.com")).toEqual(["other/waiting"]);
    expect(story.refusals("other/waiting")).toEqual([]);
  });

  it("below a wildcard stays who had it first, and what is new there is the wildcard's", () => {
    const story = new Story()
      .apply(route("shop/one", ["one.example.com"]))
      .apply(route("wide/all", ["*.example.com"], { created: 2 }))
      .apply(route("shop/two", ["two.example.com"], { created: 1 }));
    expect(story.servers("one.example.com")).toEqual(["shop/one"]);
    expect(story.servers("two.example.com")).toEqual([]);
    expect(story.refusals("shop/two")).toEqual(["two.example.com CoveredByWildcard"]);
    // Not even while the one who has it has no route for it.
    story.remove("shop/one");
    expect(story.servers("one.example.com")).toEqual([]);
    expect(story.servers("*.example.com")).toEqual(["wide/all"]);
  });

  it("goes to whom the platform grants it, from one moment to the next", () => {
    const story = new Story()
      .apply(route("squatter/first", ["shop.example.com"]))
      .apply(route("shop/late", ["shop.example.com"], { created: 2 }));
    expect(story.servers("shop.example.com")).toEqual(["squatter/first"]);
    story.apply(claim);
    expect(story.servers("shop.example.com")).toEqual(["shop/late"]);
    expect(story.refusals("squatter/first")).toEqual(["shop.example.com GrantedToOthers"]);
  });

  it("below a squatter's wildcard goes to whom the platform grants it", () => {
    const story = new Story()
      .apply(route("squatter/wide", ["*.example.com"]))
      .apply(route("shop/late", ["shop.example.com"], { created: 2 }));
    expect(story.servers("shop.example.com")).toEqual([]);
    story.apply(claim);
    expect(story.servers("shop.example.com")).toEqual(["shop/late"]);
  });

  it("that is shared by path goes to whom the platform grants it, with the paths that others have", () => {
    const claim = `
apiVersion: gatehouse.dev/v1alpha1
kind: HostnameClaim
metadata: { name: shop }
spec: { hostname: acme.example.com, namespaces: { names: [shop] } }
`;
    const shared = platform.replace("protocol: HTTP,", "protocol: HTTP, hostname: acme.example.com,");
    const story = new Story()
      .apply(shared)
      .apply(route("squatter/first", [], { path: "/careers" }))
      .apply(route("shop/late", [], { created: 2, path: "/careers/jobs" }));
    expect(story.servers("acme.example.com")).toEqual(["squatter/first"]);
    story.apply(claim);
    expect(story.servers("acme.example.com")).toEqual(["shop/late"]);
    expect(story.refusals("squatter/first")).toEqual(["acme.example.com GrantedToOthers"]);
  });

  it("is not taken from those who share it by path by naming it", () => {
    const shared = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: infra }
spec:
  gatewayClassName: gatehouse
  listeners: [{ name: web, port: 80, protocol: HTTP, hostname: acme.example.com, allowedRoutes: { namespaces: { from: All } } }]
`;
    const story = new Story()
      .apply(shared)
      .apply(route("careers/site", [], { path: "/careers" }))
      .apply(route("mallory/named", ["acme.example.com"], { path: "/careers/apply" }))
      .apply(route("product/named", ["acme.example.com"], { path: "/product" }));
    expect(story.servers("acme.example.com")).toEqual(["careers/site", "product/named"]);
    expect(story.refusals("mallory/named")).toEqual(["acme.example.com PathClaimedFirst"]);
  });
});

describe("a first claim", () => {
  /** Keeps nothing by itself: the test says what is recorded. */
  class NoKeeper implements ClaimKeeper {
    readonly wants = new Map<RecordKey, ClaimWant | undefined>();

    wantsChanged(changes: ReadonlyMap<RecordKey, ClaimWant | undefined>): readonly Holding[] {
      for (const [key, want] of changes) this.wants.set(key, want);
      return [];
    }
  }

  it("is served once its record exists, and keeps no other hostname of the route waiting", () => {
    const keeper = new NoKeeper();
    const story = new Story(keeper).apply(route("shop/cart", ["a.example.com"]));
    const [, want] = [...keeper.wants][0] ?? [];
    expect(want).toMatchObject({ hostname: "a.example.com", candidates: [{ namespace: "shop" }] });
    expect(story.servers("a.example.com")).toEqual([]);
    expect(statusOf(story, "shop/cart")).toMatchObject({ pending: true });

    const object = objectKey("HTTPRoute", namespacedName("shop", "cart"));
    const key = hostnameRecordKey("a.example.com");
    story.translator.hold({ key, hostname: "a.example.com", namespace: "shop", since: "2026-02-01T00:00:00Z", object });
    story.flush();
    expect(story.servers("a.example.com")).toEqual(["shop/cart"]);

    story.apply(route("shop/cart", ["a.example.com", "b.example.com"]));
    expect(story.servers("a.example.com")).toEqual(["shop/cart"]);
    expect(story.servers("b.example.com")).toEqual([]);
  });

  it("that cannot be recorded tells its owner", () => {
    const story = new Story(new NoKeeper()).apply(route("shop/cart", ["a.example.com"]));
    story.translator.setClaimProblem(hostnameRecordKey("a.example.com"), "exceeded quota");
    story.flush();
    const [parent] = routeParents(story, "shop/cart");
    expect(parent?.rejection).toMatchObject({ reason: "Pending", message: expect.stringContaining("exceeded quota") });
    expect(statusOf(story, "shop/cart")).not.toHaveProperty("pending");
  });

  it("that lost the race is told so", () => {
    const story = new Story(new NoKeeper()).apply(route("shop/cart", ["a.example.com"]));
    const object = objectKey("HTTPRoute", namespacedName("other", "faster"));
    const key = hostnameRecordKey("a.example.com");
    story.translator.hold({
      key,
      hostname: "a.example.com",
      namespace: "other",
      since: "2026-02-01T00:00:00Z",
      object,
    });
    story.flush();
    expect(story.refusals("shop/cart")).toEqual(["a.example.com ClaimedFirst"]);
    expect(JSON.stringify(routeParents(story, "shop/cart").map(({ rejection }) => rejection))).not.toContain("faster");
  });
});

function routeParents(story: Story, owner: string) {
  const [namespace, name = ""] = owner.split("/");
  return story.translator.routing.routes.get(objectKey("HTTPRoute", namespacedName(namespace, name)))?.parents ?? [];
}

function statusOf(story: Story, owner: string) {
  const [namespace, name = ""] = owner.split("/");
  const key = objectKey("HTTPRoute", namespacedName(namespace, name));
  return story.statuses.get(key);
}
