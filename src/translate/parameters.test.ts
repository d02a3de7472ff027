import { describe, expect, it } from "vitest";
import type { GatewayParametersSpec, ProxyParameters } from "../core/gateway-parameters.ts";
import { limitFields } from "../core/proxy-limits.ts";
import { defaultLimits } from "./limits.ts";
import { resolveParameters } from "./parameters.ts";

const originOf = (field: string, ofClass: GatewayParametersSpec, ofGateway: ProxyParameters) =>
  resolveParameters(ofClass, ofGateway).effective.origins.find((origin) => origin.field === field)?.from;

describe("parameters that nobody sets", () => {
  it("have defaults", () => {
    const { effective, problems } = resolveParameters();
    expect(problems).toEqual([]);
    expect(effective).toEqual({
      managed: true,
      replicas: 2,
      resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: {} },
      service: { type: "LoadBalancer", annotations: {} },
      nodeSelector: {},
      tolerations: [],
      podLabels: {},
      hostNetwork: false,
      logLevel: "warning",
      accessLog: { format: "JSON" },
      tls: { minimumVersion: "1.2", cipherSuites: [] },
      ownership: {
        uniqueness: "Namespace",
        unclaimedHostnames: "Allowed",
        acmeChallenges: "Allowed",
        foreignEndpoints: "Refused",
      },
      budget: {},
      limits: defaultLimits,
      origins: [
        "accessLog",
        "hostNetwork",
        ...[...limitFields].sort(),
        "logLevel",
        "ownership.acmeChallenges",
        "ownership.foreignEndpoints",
        "ownership.unclaimedHostnames",
        "ownership.uniqueness",
        "proxies",
        "replicas",
        "resources.requests[cpu]",
        "resources.requests[memory]",
        "service.type",
        "tls.minimumVersion",
      ].map((field) => ({ field, from: "default" })),
    });
  });

  it("have defaults within the class's bounds", () => {
    const bounds = { replicas: { minimum: 4 }, tls: { minimumVersion: "1.3", cipherSuites: ["AES128-SHA"] } } as const;
    const { effective } = resolveParameters({ bounds });
    expect(effective.replicas).toBe(4);
    expect(effective.tls).toEqual({ minimumVersion: "1.3", cipherSuites: ["AES128-SHA"] });
    expect(resolveParameters({ bounds: { replicas: { maximum: 1 } } }).effective.replicas).toBe(1);
  });
});

describe("parameters of a class and a Gateway", () => {
  const ofClass: GatewayParametersSpec = {
    image: "registry.example.com/envoy:1",
    replicas: 3,
    resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { memory: "2Gi" } },
    service: { annotations: { a: "class", b: "class" }, externalTrafficPolicy: "Local" },
    tolerations: [{ operator: "Exists" }],
    nodeSelector: { pool: "edge" },
    labels: { cost: "platform" },
    accessLog: { format: "JSON", fields: { tenant: "%REQ(x-tenant)%", zone: "a" } },
    tls: { minimumVersion: "1.3" },
  };
  const ofGateway: ProxyParameters = {
    replicas: 1,
    resources: { requests: { cpu: "2" } },
    service: { annotations: { b: "gateway", c: "gateway" } },
    tolerations: [{ key: "edge", effect: "NoSchedule" }],
    labels: { team: "shop" },
    logLevel: "debug",
    accessLog: { format: "JSON", fields: { zone: "b" } },
    tls: { cipherSuites: ["AES128-SHA"] },
  };

  it("are merged: maps key by key, lists as a whole, the Gateway's over the class's", () => {
    const { effective, problems } = resolveParameters(ofClass, ofGateway);
    expect(problems).toEqual([]);
    expect(effective).toMatchObject({
      image: "registry.example.com/envoy:1",
      replicas: 1,
      resources: { requests: { cpu: "2", memory: "1Gi" }, limits: { memory: "2Gi" } },
      service: {
        type: "LoadBalancer",
        annotations: { a: "class", b: "gateway", c: "gateway" },
        externalTrafficPolicy: "Local",
      },
      tolerations: [{ key: "edge", effect: "NoSchedule" }],
      nodeSelector: { pool: "edge" },
      podLabels: { cost: "platform", team: "shop" },
      logLevel: "debug",
      accessLog: { format: "JSON", fields: { tenant: "%REQ(x-tenant)%", zone: "b" } },
      tls: { minimumVersion: "1.3", cipherSuites: ["AES128-SHA"] },
    });
  });

  it("know where each comes from", () => {
    const { origins } = resolveParameters(ofClass, ofGateway).effective;
    expect(origins.map(({ field }) => field)).toEqual(origins.map(({ field }) => field).sort());
    const of = (field: string) => origins.find((origin) => origin.field === field)?.from;
    expect(["image", "service.annotations[a]", "tls.minimumVersion"].map(of)).toEqual(["class", "class", "class"]);
    expect(["replicas", "service.annotations[b]", "resources.requests[cpu]"].map(of)).toEqual([
      "gateway",
      "gateway",
      "gateway",
    ]);
    expect(["service.type", "proxies"].map(of)).toEqual(["default", "default"]);
    expect(originOf("proxies", { proxies: "Unmanaged" }, {})).toBe("class");
  });

  it("give the same whichever way their keys are written", () => {
    const forward = resolveParameters({ labels: { a: "1", b: "2" } }, { labels: { c: "3", d: "4" } });
    const backward = resolveParameters({ labels: { b: "2", a: "1" } }, { labels: { d: "4", c: "3" } });
    expect(JSON.stringify(forward)).toBe(JSON.stringify(backward));
  });

  it("take a key that objects have by themselves for a key", () => {
    const labels = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
    const { podLabels } = resolveParameters({}, { labels }).effective;
    expect(Object.entries(podLabels)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });

  it("count proxies one way: the Gateway's, else the class's", () => {
    const autoscaling = { minReplicas: 1, maxReplicas: 3, targetCPUUtilization: 60 };
    const scaled = resolveParameters({ replicas: 3 }, { autoscaling }).effective;
    expect(scaled.autoscaling).toEqual(autoscaling);
    expect(scaled.origins.filter(({ field }) => field === "replicas")).toEqual([]);
    const counted = resolveParameters({ autoscaling }, { replicas: 2 }).effective;
    expect(counted.autoscaling).toBeUndefined();
    expect(counted.replicas).toBe(2);
    expect(originOf("autoscaling", { autoscaling }, { replicas: 2 })).toBeUndefined();
  });

  it("say what is done on ports, port by port and field by field", () => {
    const listeners = [
      { port: 443, http3: true, proxyProtocol: "Require" },
      { port: 80, proxyProtocol: "Require" },
    ] as const;
    const own = [
      { port: 8443, http3: true },
      { port: 443, proxyProtocol: "Off" },
    ] as const;
    const { effective, problems } = resolveParameters({ listeners }, { listeners: own });
    expect(problems).toEqual([]);
    expect(effective.listeners).toEqual([
      { port: 80, proxyProtocol: "Require" },
      { port: 443, http3: true, proxyProtocol: "Off" },
      { port: 8443, http3: true },
    ]);
    expect(effective.origins).toContainEqual({ field: "listeners[443].http3", from: "class" });
    expect(effective.origins).toContainEqual({ field: "listeners[443].proxyProtocol", from: "gateway" });
    expect(resolveParameters({}, {}).effective).not.toHaveProperty("listeners");
  });

  it("take the Gateway's access log as a whole when its format is another", () => {
    const accessLog = { format: "Text", text: "%REQ(:PATH)%" } as const;
    expect(resolveParameters(ofClass, { accessLog }).effective.accessLog).toEqual(accessLog);
  });

  it("take what only a class may say from the class alone", () => {
    const own: GatewayParametersSpec = {
      proxies: "Unmanaged",
      addressAnnotation: "x",
      addressService: { namespace: "a", name: "b" },
      bounds: { replicas: { maximum: 100 } },
      locked: ["image"],
    };
    const { effective, problems } = resolveParameters({}, own);
    expect({ effective, problems }).toEqual(resolveParameters());
    expect(resolveParameters({}, { ...own, replicas: 9 }).problems).toHaveLength(1);
  });
});

interface Case {
  readonly name: string;
  readonly ofClass?: GatewayParametersSpec;
  readonly ofGateway: ProxyParameters;
  readonly want: readonly string[];
}

const autoscaling = { minReplicas: 2, maxReplicas: 5, targetCPUUtilization: 60 };

describe("a Gateway that oversteps", () => {
  it.each<Case>([
    {
      name: "a locked field",
      ofClass: { locked: ["logLevel"] },
      ofGateway: { logLevel: "debug" },
      want: ["spec.logLevel is locked by the class"],
    },
    {
      name: "a lock on everything below a field",
      ofClass: { locked: ["service"] },
      ofGateway: { service: { annotations: { a: "b" }, externalTrafficPolicy: "Local" } },
      want: [
        "spec.service.annotations[a] is locked by the class",
        "spec.service.externalTrafficPolicy is locked by the class",
      ],
    },
    {
      name: "a lock on what is done on ports",
      ofClass: { locked: ["listeners"], listeners: [{ port: 443, http3: false }] },
      ofGateway: { listeners: [{ port: 443, http3: true, proxyProtocol: "Allow" }] },
      want: [
        "spec.listeners[443].http3 is locked by the class",
        "spec.listeners[443].proxyProtocol is locked by the class",
      ],
    },
    {
      name: "a lock on the number of proxies by having it chosen",
      ofClass: { locked: ["replicas"], replicas: 9 },
      ofGateway: { autoscaling },
      want: ["spec.autoscaling is locked by the class"],
    },
    { name: "nothing with an image of its class", ofClass: { image: "a:1" }, ofGateway: { image: "a:1" }, want: [] },
    { name: "the image", ofGateway: { image: "evil:1" }, want: ["spec.image is locked by the class"] },
    {
      name: "nothing with an image that is allowed",
      ofClass: { bounds: { images: ["registry.example.com/envoy:*"] } },
      ofGateway: { image: "registry.example.com/envoy:2" },
      want: [],
    },
    {
      name: "the allowed images",
      ofClass: { bounds: { images: ["registry.example.com/envoy:*", "b:1"] } },
      ofGateway: { image: "b:12" },
      want: ["spec.image is b:12, the class allows only registry.example.com/envoy:*, b:1"],
    },
    {
      name: "the type of Service",
      ofGateway: { service: { type: "NodePort" } },
      want: ["spec.service.type is locked by the class"],
    },
    {
      name: "the allowed types of Services",
      ofClass: { bounds: { serviceTypes: ["ClusterIP"] } },
      ofGateway: { service: { type: "NodePort" } },
      want: ["spec.service.type is NodePort, the class allows only LoadBalancer, ClusterIP"],
    },
    {
      name: "nothing with an allowed type of Service",
      ofClass: { bounds: { serviceTypes: ["ClusterIP"] } },
      ofGateway: { service: { type: "ClusterIP" } },
      want: [],
    },
    { name: "the node's network", ofGateway: { hostNetwork: true }, want: ["spec.hostNetwork is locked by the class"] },
    {
      name: "nothing with a network that the class opens",
      ofClass: { bounds: { hostNetwork: true } },
      ofGateway: { hostNetwork: true },
      want: [],
    },
    {
      name: "nothing by less than the class has",
      ofClass: { hostNetwork: true },
      ofGateway: { hostNetwork: false },
      want: [],
    },
    {
      name: "the default number of proxies",
      ofGateway: { replicas: 3 },
      want: ["spec.replicas is 3, the class allows at most 2"],
    },
    {
      name: "the class's own number of proxies",
      ofClass: { replicas: 3 },
      ofGateway: { replicas: 9 },
      want: ["spec.replicas is 9, the class allows at most 3"],
    },
    {
      name: "the maximum of proxies, also by having them chosen",
      ofClass: { bounds: { replicas: { minimum: 3, maximum: 4 } } },
      ofGateway: { autoscaling },
      want: ["spec.autoscaling.maxReplicas is 5, the class allows at most 4"],
    },
    {
      name: "the minimum of proxies",
      ofClass: { bounds: { replicas: { minimum: 2, maximum: 4 } } },
      ofGateway: { replicas: 1 },
      want: ["spec.replicas is 1, the class allows no less than 2"],
    },
    { name: "nothing up to what the class scales to", ofClass: { autoscaling }, ofGateway: { replicas: 5 }, want: [] },
    {
      name: "the oldest version of TLS",
      ofClass: { bounds: { tls: { minimumVersion: "1.3" } } },
      ofGateway: { tls: { minimumVersion: "1.2" } },
      want: ["spec.tls.minimumVersion is 1.2, the class allows no less than 1.3"],
    },
    {
      name: "the allowed cipher suites",
      ofClass: { bounds: { tls: { cipherSuites: ["AES128-GCM-SHA256"] } } },
      ofGateway: { tls: { cipherSuites: ["AES128-GCM-SHA256", "AES128-SHA"] } },
      want: ["spec.tls.cipherSuites has AES128-SHA, the class allows only AES128-GCM-SHA256"],
    },
    {
      name: "the bounds of addresses by an annotation",
      ofClass: { addressAnnotation: "lb.example.com/ip" },
      ofGateway: {
        service: { annotations: { "lb.example.com/ip": "10.0.0.1", "metallb.io/loadBalancerIPs": "10.0.0.2" } },
      },
      want: [
        "spec.service.annotations[lb.example.com/ip] asks for an address: spec.addresses of the Gateway is the place for that",
        "spec.service.annotations[metallb.io/loadBalancerIPs] asks for an address: spec.addresses of the Gateway is the place for that",
      ],
    },
    {
      name: "what Envoy takes for an access log",
      ofGateway: { accessLog: { format: "JSON", fields: { a: "%NONSENSE%" } } },
      want: ["spec.accessLog.fields[a]: %NONSENSE% is not a command operator that Gatehouse knows"],
    },
  ])("$name", ({ ofClass, ofGateway, want }) => {
    const { effective, problems } = resolveParameters(ofClass, ofGateway);
    expect(problems).toEqual(want);
    const withoutGateway = resolveParameters(ofClass).effective;
    if (want.length > 0) expect(effective).toEqual(withoutGateway);
    else expect(effective).not.toEqual(withoutGateway);
  });

  it("keeps what it may set", () => {
    const { effective, problems } = resolveParameters({ locked: ["image"] }, { image: "a:1", logLevel: "debug" });
    expect(problems).toHaveLength(1);
    expect(effective.logLevel).toBe("debug");
    expect(effective.image).toBeUndefined();
  });

  it("is told of a field once", () => {
    expect(resolveParameters({ locked: ["replicas"] }, { replicas: 9 }).problems).toEqual([
      "spec.replicas is locked by the class",
    ]);
  });
});
