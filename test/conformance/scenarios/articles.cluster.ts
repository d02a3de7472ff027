import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { articles } from "../../../demo/articles.ts";
import type { Bed } from "../bed/start-bed.ts";
import { type ArticleRun, startArticle } from "./article-run.ts";
import { kubectlAs, type Person } from "./people.ts";
import { type ScenarioBed, startScenarioBed } from "./scenario-bed.ts";

let scenario: ScenarioBed;
let bed: Bed;

beforeAll(async () => {
  // The articles' steps store what a webhook would refuse: binding must hold by itself.
  scenario = await startScenarioBed({ webhook: { enabled: false } });
  bed = scenario.bed;
});

afterAll(() => scenario?.stop());

describe.each(articles)("$title", (article) => {
  let run: ArticleRun;

  beforeAll(async () => {
    run = await startArticle(bed, article);
  });

  afterAll(() => run?.remove());

  it.each(article.steps)("$say", async (step) => {
    const { seen, expected } = await run.take(step);
    expect(seen).toEqual(expected);
  });

  it("tells namespace, route and rule of every answer in the access log", async () => {
    const { seen, expected } = await run.accessLog();
    expect(expected.length).toBeGreaterThan(0);
    expect(seen).toEqual(expected);
  });
});

// The objects of the articles are there by now.
describe("what lies outside of a role is refused by the API server", () => {
  it.each<{ readonly person: Person; readonly command: string; readonly object: object }>([
    ...outside("infra-provider", {
      "create a Gateway": gateway("infra", "surplus"),
      "change a Gateway": gateway("infra", "infra-gateway"),
      "create a route": route("httpbin", "surplus"),
      "create a namespace": { apiVersion: "v1", kind: "Namespace", metadata: { name: "surplus" } },
      "create a Secret": secret("infra"),
      "grant references": grant("backend"),
    }),
    ...outside("cluster-operator", {
      "change a GatewayClass": gatewayClass("kgateway"),
      "create a GatewayClass": gatewayClass("surplus"),
      "change the parameters of a class": parameters("gatehouse-system", "gatehouse"),
      "create a route": route("httpbin", "surplus"),
      "change a route": route("httpbin", "httpbin"),
      "create a Secret where no Gateways are": secret("httpbin"),
      "create a Deployment": deployment("infra"),
    }),
    ...outside("app-developer-of-httpbin", {
      "create a Gateway": gateway("httpbin", "surplus"),
      "open a Gateway": gateway("infra", "infra-gateway"),
      "create a GatewayClass": gatewayClass("surplus"),
      "change another team's route": route("payments", "payments"),
      "create a route in another team's namespace": route("payments", "surplus"),
      "grant references to another team's Services": grant("payments"),
      "let its own namespace in": {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "httpbin", labels: { "gateway-access": "true" } },
      },
      "create parameters": parameters("httpbin", "surplus"),
      "point a Service elsewhere": {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { namespace: "httpbin", name: "elsewhere", labels: { "kubernetes.io/service-name": "httpbin" } },
        addressType: "IPv4",
        endpoints: [],
        ports: [],
      },
    }),
  ])("$person cannot $command", async ({ person, object }) => {
    const write = kubectlAs(bed, person, ["apply", "--server-side", "--field-manager=stranger", "-f", "-"], object);
    await expect(write).rejects.toThrow(/Error from server \(Forbidden\)/);
  });
});

function outside(person: Person, writes: Readonly<Record<string, object>>) {
  return Object.entries(writes).map(([command, object]) => ({ person, command, object }));
}

function gateway(namespace: string, name: string): object {
  const listeners = [{ name: "http", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } }];
  return ofGatewayApi("Gateway", { namespace, name }, { gatewayClassName: "kgateway", listeners });
}

function gatewayClass(name: string): object {
  return ofGatewayApi("GatewayClass", { name }, { controllerName: "example.com/another" });
}

function route(namespace: string, name: string): object {
  return ofGatewayApi(
    "HTTPRoute",
    { namespace, name },
    { parentRefs: [{ name: "infra-gateway", namespace: "infra" }] },
  );
}

function grant(namespace: string): object {
  const from = [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "httpbin" }];
  return ofGatewayApi("ReferenceGrant", { namespace, name: "surplus" }, { from, to: [{ group: "", kind: "Service" }] });
}

function parameters(namespace: string, name: string): object {
  return {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "GatewayParameters",
    metadata: { namespace, name },
    spec: { replicas: 9 },
  };
}

function secret(namespace: string): object {
  return { apiVersion: "v1", kind: "Secret", metadata: { namespace, name: "surplus" } };
}

function deployment(namespace: string): object {
  const labels = { app: "surplus" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "echo", image: "echo-basic" }] } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace, name: "surplus" },
    spec: { selector: { matchLabels: labels }, template },
  };
}

function ofGatewayApi(kind: string, metadata: object, spec: object): object {
  return { apiVersion: "gateway.networking.k8s.io/v1", kind, metadata, spec };
}
