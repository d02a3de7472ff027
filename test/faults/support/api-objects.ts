import type { FakeApiServer } from "../../support/fake-api-server.ts";

/** The Gateway that has all the routes. */
export const gatewayName = "shop/web";
export const controllerName = "gatehouse.dev/gateway-controller";

/** Puts a class, the Gateway shop/web, a Service with one endpoint, and so many routes into an API server. */
export function putShop(server: FakeApiServer, routes: number): void {
  server.put("Namespace", { metadata: { name: "shop" } });
  server.put("GatewayClass", { metadata: { name: "gatehouse" }, spec: { controllerName } });
  const listeners = [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } }];
  const spec = { gatewayClassName: "gatehouse", listeners };
  server.put("Gateway", { metadata: { name: "web", namespace: "shop" }, spec });
  server.put("Service", {
    metadata: { name: "echo", namespace: "shop" },
    spec: { ports: [{ name: "http", port: 80 }] },
  });
  putEndpoint(server, "10.0.0.1");
  for (let index = 0; index < routes; index += 1) putRoute(server, `route-${index}`);
}

/** Puts the Service that routes refer to. */
export function putService(server: FakeApiServer): void {
  server.put("Service", {
    metadata: { name: "echo", namespace: "shop" },
    spec: { ports: [{ name: "http", port: 80 }] },
  });
}

/** Creates or replaces a route of one path, which is its name unless told. */
export function putRoute(server: FakeApiServer, name: string, path = `/${name}`, backend = "echo"): void {
  const rules = [
    { matches: [{ path: { type: "PathPrefix", value: path } }], backendRefs: [{ name: backend, port: 80 }] },
  ];
  const before = server.get("HTTPRoute", `shop/${name}`);
  const { generation = 0 } = before?.metadata ?? {};
  server.put("HTTPRoute", {
    ...before,
    metadata: { ...before?.metadata, name, namespace: "shop", generation: generation + 1 },
    spec: { parentRefs: [{ name: "web" }], hostnames: ["shop.example.com"], rules },
  });
}

/** Has the Service's one pod at an address. */
export function putEndpoint(server: FakeApiServer, address: string): void {
  server.put("EndpointSlice", {
    metadata: { name: "echo-1", namespace: "shop", labels: { "kubernetes.io/service-name": "echo" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  });
}
