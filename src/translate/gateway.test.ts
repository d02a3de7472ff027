import { beforeAll, describe, expect, it } from "vitest";
import {
  type CertificateAuthority,
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
  namespaceObject,
  referenceGrant,
  tlsSecret,
} from "../../test/support/gateway-objects.ts";
import { createGatewayWorld, type WorldObject } from "../../test/support/gateway-world.ts";
import type { Gateway } from "../core/gateway-api.ts";
import type { GatewayNode } from "./nodes.ts";

let authority: CertificateAuthority;
let certificate: IssuedCertificate;

beforeAll(async () => {
  authority = await createCertificateAuthority();
  certificate = await issueCertificate(authority, { names: ["a.example.com"] });
});

function nodeOf(...objects: readonly WorldObject[]): GatewayNode {
  const world = createGatewayWorld();
  world.apply(...objects);
  const node = world.nodes.get("infra/shared-gateway");
  if (node === undefined) throw new Error("no node");
  return node;
}

const served = (node: GatewayNode) => node.listeners.filter((entry) => entry.served).map(({ name }) => name);

describe("which Gateways are ours", () => {
  it("leaves a Gateway alone whose class does not exist, and takes it once the class is ours", () => {
    const world = createGatewayWorld();
    world.apply(gateway([listener("http")]));
    expect(world.nodes.size).toBe(0);
    world.apply(gatewayClass("shared", { controllerName: "example.com/other" }));
    expect(world.nodes.size).toBe(0);
    world.apply(gatewayClass("shared"));
    expect([...world.nodes.entries()].map(([key]) => key)).toEqual(["infra/shared-gateway"]);
    world.gatewayClasses.delete("shared");
    world.apply();
    expect(world.nodes.size).toBe(0);
    expect(world.parents.size).toBe(0);
  });

  it("refuses a Gateway of a class that is not accepted, and goes on serving it", () => {
    const parametersRef = { group: "example.com", kind: "Settings", name: "settings" };
    const node = nodeOf(gatewayClass("shared", { parametersRef }), gateway([listener("http")]));
    expect(node.rejection?.reason).toBe("InvalidParameters");
    expect(served(node)).toEqual(["http"]);
  });

  it("refuses parameters of its own", () => {
    const parametersRef = { group: "example.com", kind: "Settings", name: "settings" };
    const node = nodeOf(gatewayClass(), gateway([listener("http")], { infrastructure: { parametersRef } }));
    expect(node.rejection?.reason).toBe("InvalidParameters");
  });

  it("takes labels and annotations for its infrastructure", () => {
    const node = nodeOf(gatewayClass(), gateway([listener("http")], { infrastructure: { labels: { a: "b" } } }));
    expect(node.rejection).toBeUndefined();
  });
});

describe("listeners of a Gateway", () => {
  it("one that cannot be accepted leaves the others serving", () => {
    const node = nodeOf(
      gatewayClass(),
      gateway([listener("bad", { port: 1111, protocol: "INVALID" }), listener("http")]),
    );
    expect(node.rejection).toBeUndefined();
    expect(served(node)).toEqual(["http"]);
  });

  it("none that can be accepted refuses the Gateway", () => {
    const node = nodeOf(gatewayClass(), gateway([listener("bad", { port: 1111, protocol: "INVALID" })]));
    expect(node.rejection?.reason).toBe("ListenersNotValid");
  });

  it("a missing certificate refuses neither the Gateway nor the other listeners", () => {
    const node = nodeOf(gatewayClass(), gateway([httpsListener("https", "missing"), listener("http")]));
    expect(node.rejection).toBeUndefined();
    expect(served(node)).toEqual(["http"]);
  });

  it("are not served on an address of a type that is not supported", () => {
    const node = nodeOf(
      gatewayClass(),
      gateway([listener("http")], { addresses: [{ type: "Hostname", value: "a.b" }] }),
    );
    expect(node.rejection?.reason).toBe("UnsupportedAddress");
    expect(node.bindAddresses).toEqual([]);
    expect(served(node)).toEqual([]);
  });

  it("are served on the usable addresses beside an unusable one", () => {
    const addresses = [
      { type: "IPAddress", value: "nowhere" },
      { type: "IPAddress", value: "127.0.0.9" },
    ];
    const node = nodeOf(gatewayClass(), gateway([listener("http")], { addresses }));
    expect(node).toMatchObject({ bindAddresses: ["127.0.0.9"], addressRejection: { reason: "AddressNotUsable" } });
    expect(served(node)).toEqual(["http"]);
  });
});

describe("ListenerSets of a Gateway", () => {
  const allowing = (from: "All" | "Same" | "None" | "Selector", labels?: Readonly<Record<string, string>>): Gateway => {
    const selector = labels === undefined ? {} : { selector: { matchLabels: labels } };
    return gateway([listener("http")], { allowedListeners: { namespaces: { from, ...selector } } });
  };
  const set = (
    namespace: string,
    name = "set",
    hostname = `${namespace}.example.com`,
    createdAt = "1970-01-01T00:00:00Z",
  ) => listenerSet(namespace, name, [listener(`${name}-http`, { hostname })], { creationTimestamp: createdAt });

  it.each<{ name: string; gateway: Gateway; namespace: string; want: string | undefined }>([
    {
      name: "are not allowed by default",
      gateway: gateway([listener("http")]),
      namespace: "infra",
      want: "NotAllowed",
    },
    { name: "are not allowed by None", gateway: allowing("None"), namespace: "infra", want: "NotAllowed" },
    { name: "are allowed from the same namespace", gateway: allowing("Same"), namespace: "infra", want: undefined },
    {
      name: "are not allowed from another one by Same",
      gateway: allowing("Same"),
      namespace: "team",
      want: "NotAllowed",
    },
    { name: "are allowed from everywhere by All", gateway: allowing("All"), namespace: "team", want: undefined },
    {
      name: "are allowed by the labels of their namespace",
      gateway: allowing("Selector", { allowed: "ns" }),
      namespace: "team",
      want: undefined,
    },
    {
      name: "are not allowed without the labels",
      gateway: allowing("Selector", { allowed: "no" }),
      namespace: "team",
      want: "NotAllowed",
    },
    {
      name: "are not allowed by a selector from an unknown namespace",
      gateway: allowing("Selector", {}),
      namespace: "ghost",
      want: "NotAllowed",
    },
  ])("$name", ({ gateway: parent, namespace, want }) => {
    const node = nodeOf(gatewayClass(), parent, namespaceObject("team", { allowed: "ns" }), set(namespace));
    expect(node.listenerSets.map(({ rejection }) => rejection?.reason)).toEqual([want]);
    expect(served(node)).toEqual(want === undefined ? ["http", "set-http"] : ["http"]);
  });

  it("come and go with the labels of their namespace", () => {
    const world = createGatewayWorld();
    world.apply(gatewayClass(), allowing("Selector", { allowed: "ns" }), namespaceObject("team"), set("team"));
    const refused = () => world.nodes.get("infra/shared-gateway")?.listenerSets[0]?.rejection?.reason;
    expect(refused()).toBe("NotAllowed");
    world.apply(namespaceObject("team", { allowed: "ns" }));
    expect(refused()).toBeUndefined();
    world.apply(namespaceObject("team"));
    expect(refused()).toBe("NotAllowed");
  });

  it("go behind the Gateway's own listeners, the oldest first", () => {
    const node = nodeOf(
      gatewayClass(),
      allowing("All"),
      set("b", "b", "b.example.com", "2026-01-02T00:00:00Z"),
      set("z", "z", "z.example.com", "2026-01-01T00:00:00Z"),
      set("a", "a", "a.example.com", "2026-01-02T00:00:00Z"),
    );
    expect(node.listeners.map(({ name }) => name)).toEqual(["http", "z-http", "a-http", "b-http"]);
  });

  it("a newer one does not take a hostname from an older one", () => {
    const node = nodeOf(
      gatewayClass(),
      allowing("All"),
      set("b", "b", "shop.example.com", "2026-01-01T00:00:00Z"),
      set("a", "a", "shop.example.com", "2026-01-02T00:00:00Z"),
    );
    expect(served(node)).toEqual(["http", "b-http"]);
    expect(node.listenerSets.map(({ name, rejection }) => [name, rejection?.reason])).toEqual([
      ["b/b", undefined],
      ["a/a", "ListenersNotValid"],
    ]);
  });

  it("one that is not allowed holds nothing", () => {
    const node = nodeOf(
      gatewayClass(),
      allowing("Same"),
      set("team", "old", "shop.example.com"),
      set("infra", "zzz", "shop.example.com", "2026-01-01T00:00:00Z"),
    );
    expect(served(node)).toEqual(["http", "zzz-http"]);
  });

  it("are not accepted by a Gateway that is not, but keep their listeners for their routes", () => {
    const parent = gateway([listener("http")], {
      allowedListeners: { namespaces: { from: "All" } },
      addresses: [{ type: "Hostname", value: "a.b" }],
    });
    const node = nodeOf(gatewayClass(), parent, set("team"));
    expect(node.listenerSets[0]?.rejection?.reason).toBe("ParentNotAccepted");
    expect(node.listeners.map(({ name }) => name)).toEqual(["http", "set-http"]);
    expect(served(node)).toEqual([]);
  });

  it("one whose only certificate is missing has no listener to offer", () => {
    const entry = httpsListener("https", "missing", { hostname: "set.example.com" });
    const node = nodeOf(gatewayClass(), allowing("All"), listenerSet("team", "set", [entry]));
    expect(node.listenerSets[0]?.rejection?.reason).toBe("ListenersNotValid");
  });

  it("keep a Gateway accepted whose own listeners are all wrong", () => {
    const parent = gateway([listener("bad", { protocol: "INVALID" })], {
      allowedListeners: { namespaces: { from: "All" } },
    });
    const node = nodeOf(gatewayClass(), parent, set("team"));
    expect(node.rejection).toBeUndefined();
    expect(served(node)).toEqual(["set-http"]);
  });
});

describe("what a change touches", () => {
  const trusted = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra" };
  const secrets = { group: "", kind: "Secret" };

  it("a rotated certificate runs no Gateway", async () => {
    const world = createGatewayWorld();
    world.apply(gatewayClass(), gateway([httpsListener("https", "cert")]), tlsSecret("infra", "cert", certificate));
    const node = world.nodes.get("infra/shared-gateway");
    const runs = world.graph.runs.get("gateways");
    world.apply(tlsSecret("infra", "cert", await issueCertificate(authority, { names: ["b.example.com"] })));
    expect(world.graph.runs.get("gateways")).toBe(runs);
    expect(world.nodes.get("infra/shared-gateway")).toBe(node);
  });

  it("the ListenerSet of another Gateway and foreign Secrets, grants and namespaces run no Gateway", () => {
    const world = createGatewayWorld();
    const ref = { group: "", kind: "Secret", namespace: "certs", name: "cert" };
    const foreign = httpsListener("https", "cert", { tls: { mode: "Terminate", certificateRefs: [ref] } });
    world.apply(gatewayClass(), gateway([foreign]));
    const runs = world.graph.runs.get("gateways");
    const other = listenerSet("team", "other", [listener("http")]);
    const parentRef = { ...other.spec.parentRef, name: "other" };
    world.apply(
      { ...other, spec: { ...other.spec, parentRef } },
      tlsSecret("team", "cert", certificate),
      namespaceObject("team"),
      referenceGrant("certs", "for-routes", { from: [{ ...trusted, kind: "HTTPRoute" }], to: [secrets] }),
      referenceGrant("certs", "for-others", { from: [{ ...trusted, namespace: "team" }], to: [secrets] }),
      referenceGrant("certs", "of-others", { from: [trusted], to: [{ group: "", kind: "Service" }] }),
      referenceGrant("elsewhere", "for-all", { from: [trusted], to: [secrets] }),
    );
    expect(world.graph.runs.get("gateways")).toBe(runs);
    world.apply(referenceGrant("certs", "right", { from: [trusted], to: [secrets] }));
    expect(world.graph.runs.get("gateways")).toBe((runs ?? 0) + 1);
  });

  it("the labels of a namespace run no Gateway that takes its ListenerSets whatever they are", () => {
    const world = createGatewayWorld();
    const allowedListeners = { namespaces: { from: "All" } } as const;
    world.apply(gatewayClass(), gateway([listener("http")], { allowedListeners }));
    world.apply(listenerSet("team", "more", [listener("more", { port: 8080 })]));
    const runs = world.graph.runs.get("gateways");
    world.apply(namespaceObject("team", { stage: "test" }));
    expect(world.graph.runs.get("gateways")).toBe(runs);
  });

  it("a Secret that is created later opens its listener", () => {
    const world = createGatewayWorld();
    world.apply(gatewayClass(), gateway([httpsListener("https", "cert")]));
    expect(world.envoyListeners.size).toBe(0);
    world.apply(tlsSecret("infra", "cert", certificate));
    expect(world.envoyListeners.size).toBe(1);
    world.secrets.delete("infra/cert");
    world.apply();
    expect(world.envoyListeners.size).toBe(0);
  });
});
