import type { RawObject } from "../../../src/core/kube-client.ts";
import type { Bed } from "../bed/start-bed.ts";

/** A condition in a status. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** What of an object of Gateway API's is looked at. */
export interface ReportedObject extends RawObject {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly value: string }[];
    readonly parents?: readonly {
      readonly parentRef: { readonly namespace?: string; readonly name: string };
      readonly conditions?: readonly Condition[];
    }[];
    readonly ancestors?: readonly {
      readonly ancestorRef: { readonly namespace?: string; readonly name: string };
      readonly conditions?: readonly Condition[];
    }[];
  };
}

const plurals = {
  GatewayClass: "gatewayclasses",
  Gateway: "gateways",
  HTTPRoute: "httproutes",
  GRPCRoute: "grpcroutes",
  TLSRoute: "tlsroutes",
  TCPRoute: "tcproutes",
  UDPRoute: "udproutes",
  BackendTLSPolicy: "backendtlspolicies",
  ListenerSet: "listenersets",
} as const;

/** Reads an object by `Kind namespace/name`, or `Kind name`. */
export function readObject(bed: Bed, words: string): Promise<ReportedObject> {
  const [kind = "", path = ""] = words.split(" ");
  const [name, namespace] = path.split("/").reverse();
  const plural = Object.entries(plurals).find(([known]) => known === kind)?.[1];
  if (plural === undefined) throw new Error(`bug: ${words} is no object with a status`);
  const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return bed.api.get(`/apis/gateway.networking.k8s.io/v1${place}/${plural}/${name}`);
}

/** A condition of an object, of a route for one of its parents, or of a policy for an ancestor, `namespace/name`. */
export function conditionOf(object: ReportedObject, type: string, parent?: string): Condition | undefined {
  const { metadata, status } = object;
  const isMeant = ({ namespace = metadata.namespace, name }: { readonly namespace?: string; readonly name: string }) =>
    `${namespace}/${name}` === parent;
  const ofParent =
    status?.parents?.find(({ parentRef }) => isMeant(parentRef)) ??
    status?.ancestors?.find(({ ancestorRef }) => isMeant(ancestorRef));
  const conditions = parent === undefined ? status?.conditions : ofParent?.conditions;
  return conditions?.find((condition) => condition.type === type);
}

/** The first address of a Gateway's status. */
export async function addressOf(bed: Bed, gateway: string): Promise<string | undefined> {
  const { status } = await readObject(bed, `Gateway ${gateway}`);
  return status?.addresses?.[0]?.value;
}
