import { type Kind, kinds } from "../../src/core/keys.ts";
import { schemas } from "../../src/watch/schemas/schema-table.ts";
import type { Random } from "../decide/random.ts";
import type { Material } from "./material.ts";
import { oddStrings } from "./odd-strings.ts";
import { isRecord, type Plain, type PlainRecord } from "./plain.ts";
import { namespaces, serviceNames } from "./pools.ts";
import { randomValue } from "./random-value.ts";

/** An object as it would be applied. */
export interface WrittenObject extends PlainRecord {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: PlainRecord;
}

/** Makes an object of a kind: three of four as their schema wants them, the rest with something wrong in some places. */
export function randomObject(kind: Kind, random: Random, material: Material): WrittenObject {
  const faults = random.chance(25) ? random.pick([1, 3, 10]) : 0;
  const body = randomValue(schemas[kind], { kind, path: [], random, faults });
  const content = isRecord(body) ? body : { spec: body };
  return {
    apiVersion: faults > 0 && random.chance(5) ? "v9" : apiVersion(kind, random),
    kind,
    metadata: metadata(kind, random, faults > 0),
    ...content,
    ...contentOf(kind, random, material),
    ...(faults > 0 && random.chance(5) && { surplus: 1 }),
    ...(random.chance(10) && { status: random.pick<Plain>([{}, null, "x", { conditions: [{}] }]) }),
  };
}

/** The kinds that are made, the more often the more there is to them. */
export const randomKinds: readonly Kind[] = [
  ...repeat(1, ["GatewayClass", "HostnameRecord", "Quarantine", "NamespaceBudget", "HostnameClaim", "Namespace"]),
  ...repeat(3, ["GatewayParameters", "EndpointSlice", "ConfigMap", "Secret", "Service"]),
  ...repeat(5, ["Gateway", "ListenerSet", "ReferenceGrant"]),
  ...repeat(12, [
    "HTTPRoute",
    "HTTPRoute",
    "HTTPRoute",
    "GRPCRoute",
    "TLSRoute",
    "TCPRoute",
    "UDPRoute",
    "BackendTLSPolicy",
    "BackendTLSPolicy",
  ]),
];

function repeat(times: number, of: readonly Kind[]): readonly Kind[] {
  return Array.from({ length: times }, () => of).flat();
}

function apiVersion(kind: Kind, random: Random): string {
  const { group, versions } = kinds[kind];
  const version = random.pick<string>(versions);
  return group === "" ? version : `${group}/${version}`;
}

const names: Partial<Readonly<Record<Kind, readonly string[]>>> = {
  GatewayClass: ["gatehouse", "other", "o1", "o2", "o3"],
  Gateway: ["edge", "second", "third", "third", "third", "third"],
  ListenerSet: ["set", "o1", "o2"],
  Service: ["headless", "external", "s1", "s2", "app"],
  EndpointSlice: ["app-1", "s1-1", "o1"],
  Secret: ["cert", "wild-cert", "bad-cert", "opaque"],
  ConfigMap: ["ca", "two-ca", "bad-ca", "empty-ca"],
  GatewayParameters: ["class", "own", "o1"],
  Namespace: namespaces,
};

function metadata(kind: Kind, random: Random, mayBeWrong: boolean): PlainRecord {
  const name = random.pick(names[kind] ?? ["o1", "o2", "o3", "o4"]);
  const isCluster = kinds[kind].scope === "Cluster";
  return {
    name: mayBeWrong && random.chance(3) ? random.pick(oddStrings) : name,
    ...(!isCluster && { namespace: random.pick(kind === "Gateway" && random.chance(80) ? ["infra"] : namespaces) }),
    generation: 1 + random.below(4),
    creationTimestamp: random.pick(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]),
    ...(kind === "EndpointSlice" && { labels: { "kubernetes.io/service-name": random.pick(serviceNames) } }),
    ...(kind === "Namespace" && random.chance(60) && { labels: { tenant: "yes" } }),
    ...(mayBeWrong && random.chance(3) && { labels: { [random.pick(oddStrings)]: "x" } }),
  };
}

/** What makes sense of Secrets and ConfigMaps can only be looked up. */
function contentOf(kind: Kind, random: Random, material: Material): PlainRecord {
  if (random.chance(15)) return {};
  if (kind === "Secret") {
    const data = random.pick(material.secretData);
    return {
      type: random.pick(["kubernetes.io/tls", "kubernetes.io/tls", "kubernetes.io/tls", "Opaque"]),
      data,
      stringData: {},
    };
  }
  return kind === "ConfigMap" ? { data: random.pick(material.configMapData), binaryData: {} } : {};
}
