/** References to what is others', grants for what is others', and EndpointSlices that lead there. */
import {
  type Address,
  backendRef,
  endpointSlice,
  httpRoute,
  type Manifest,
  object,
  type PlainObject,
  prefix,
  referenceGrant,
  rule,
  service,
} from "../objects.ts";
import { type AddressOf, attacker, forged, serviceAddress, tenants } from "../tenants.ts";
import { attack, type Family, mine } from "./attack.ts";

const theirs = (namespace: string, more: PlainObject = {}) => backendRef("app", { namespace, ...more });
const group = "gateway.networking.k8s.io";

function toMine(...rules: readonly PlainObject[]) {
  return httpRoute(mine(), { hostnames: ["x.mallory.example"], rules });
}

export const references: Family = {
  name: "references",
  attacks: [
    ...tenants.map((namespace) =>
      attack(`backend of ${namespace}`, toMine({ matches: [prefix("/")], backendRefs: [theirs(namespace)] })),
    ),
    ...tenants.slice(0, 3).map((namespace) =>
      attack(
        `copies to ${namespace}`,
        toMine(
          rule([prefix("/")], {
            filters: [
              {
                type: "RequestMirror",
                requestMirror: { backendRef: { group: "", kind: "Service", namespace, name: "app", port: 80 } },
              },
            ],
          }),
        ),
      ),
    ),
    attack("backend that is granted to others", toMine({ matches: [prefix("/")], backendRefs: [theirs("ns-parts")] })),
    attack(
      "backends by the hundred",
      toMine({
        matches: [prefix("/")],
        backendRefs: tenants.map((namespace, index) => theirs(namespace, { weight: index * 1000 })),
      }),
    ),
    attack(
      "weights beyond what can be counted",
      toMine({
        matches: [prefix("/")],
        backendRefs: Array.from({ length: 16 }, () => backendRef("app", { weight: 1_000_000 })),
      }),
    ),
    attack("negative weight", toMine({ matches: [prefix("/")], backendRefs: [backendRef("app", { weight: -1 })] })),
    attack("a port that is none", toMine({ matches: [prefix("/")], backendRefs: [backendRef("app", { port: 0 })] })),
    attack(
      "a backend of another kind",
      toMine({
        matches: [prefix("/")],
        backendRefs: [{ group: "", kind: "Secret", namespace: "ns-store", name: "tls", weight: 1 }],
      }),
    ),
    attack("a namespace in the name", toMine({ matches: [prefix("/")], backendRefs: [backendRef("../ns-api/app")] })),
    attack("a cluster's name", toMine({ matches: [prefix("/")], backendRefs: [backendRef("ns-api/app/80")] })),
    ...["Service", "Secret", "HTTPRoute"].map((kind) =>
      attack(
        `grant for every ${kind}, in its own namespace`,
        referenceGrant(mine("grant"), [{ group, kind: "HTTPRoute", namespace: attacker }], [{ group: "", kind }]),
        toMine({ matches: [prefix("/")], backendRefs: [theirs("ns-api"), theirs("ns-parts")] }),
      ),
    ),
    attack(
      "grant from everybody to everything",
      referenceGrant(mine("grant"), [{ group, kind: "HTTPRoute", namespace: "*" }], [{ group: "", kind: "*" }]),
    ),
    attack(
      "parent without a namespace",
      httpRoute(mine(), { parentRefs: [{ group, kind: "Gateway", name: "edge" }], rules: [rule([prefix("/")])] }),
    ),
    attack(
      "route as a parent",
      httpRoute(mine(), {
        parentRefs: [{ group, kind: "HTTPRoute", namespace: "ns-api", name: "api-v7q" }],
        rules: [rule([prefix("/")])],
      }),
    ),
    attack(
      "service as a parent",
      httpRoute(mine(), {
        parentRefs: [{ group: "", kind: "Service", namespace: "ns-api", name: "app" }],
        rules: [rule([prefix("/")])],
      }),
    ),
  ],
};

/** EndpointSlices of the attacker's own that lead elsewhere. */
export function endpointSlices(addressOf: AddressOf): Family {
  const elsewhere: Readonly<Record<string, Address>> = {
    ...Object.fromEntries(tenants.slice(0, 6).map((namespace) => [`a pod of ${namespace}`, addressOf(namespace)])),
    ...Object.fromEntries(
      tenants.slice(0, 3).flatMap((namespace) => {
        const { address, port } = addressOf(namespace);
        return [
          [`the Service of ${namespace}`, { address: serviceAddress(namespace), port: 80 }],
          [
            `the Service of ${namespace} in the notation of IPv6`,
            { address: `::ffff:${serviceAddress(namespace)}`, port: 80 },
          ],
          [`a pod of ${namespace} in the notation of IPv6`, { address: `::FFFF:${address}`, port }],
        ];
      }),
    ),
    "the proxy itself": { address: "127.0.0.1", port: 19000 },
    "every address": { address: "0.0.0.0", port: 80 },
    "a metadata service": { address: "169.254.169.254", port: 80 },
    "no address": { address: "ns-api", port: 80 },
    "an address and more": { address: "127.0.0.1\n", port: 80 },
    "a port that is none": { address: "192.0.2.1", port: 70_000 },
  };
  const kept = { "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" };
  return {
    name: "EndpointSlices",
    attacks: [
      ...Object.entries(elsewhere).flatMap(([what, address]) => [
        attack(`by hand to ${what}`, service(mine("own")), endpointSlice(mine("own-1"), "own", address), ownRoute),
        attack(
          `as if a controller had made it, to ${what}`,
          service(mine(forged), { selector: { app: "own" } }),
          endpointSlice(mine("own-1", { more: { labels: kept } }), forged, address),
          routeTo(forged),
        ),
        attack(
          `by hand to ${what}, which it makes its own by a Service that nobody keeps slices of`,
          service(mine("alias"), { type: "ExternalName", externalName: "x.example", selector: { app: "own" } }),
          endpointSlice(mine("alias-1", { more: { labels: kept } }), "alias", address),
          service(mine("own")),
          endpointSlice(mine("own-1"), "own", address),
          ownRoute,
        ),
      ]),
      attack("for a Service of another namespace", endpointSlice(mine("own-1"), "ns-api/app", addressOf(attacker))),
      attack("named like that of another namespace", endpointSlice(mine("app-x1y2z"), "app", addressOf("ns-api"))),
      attack(
        "of a thousand endpoints",
        service(mine("own")),
        object(
          "discovery.k8s.io/v1",
          "EndpointSlice",
          mine("own-1", { more: { labels: { "kubernetes.io/service-name": "own" } } }),
          {
            addressType: "IPv4",
            ports: [{ name: "http", port: 80, protocol: "TCP" }],
            endpoints: Array.from({ length: 1000 }, (_, index) => ({
              addresses: [`198.18.${index >> 8}.${index & 255}`],
              conditions: { ready: true },
            })),
          },
        ),
        ownRoute,
      ),
      attack(
        "a Service with an external name",
        object("v1", "Service", mine("own"), {
          spec: { type: "ExternalName", externalName: "app.ns-api.svc.cluster.local" },
        }),
        ownRoute,
      ),
      attack("a Service with the selector of another", service(mine("own"), { selector: { app: "app" } }), ownRoute),
    ],
  };
}

function routeTo(name: string): Manifest {
  return httpRoute(mine("own"), {
    hostnames: ["y.mallory.example"],
    rules: [{ matches: [prefix("/")], backendRefs: [backendRef(name)] }],
  });
}

const ownRoute = routeTo("own");
