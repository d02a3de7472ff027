import { parseAllDocuments } from "yaml";
import type { RawObject } from "../../../src/core/kube-client.ts";

/**
 * Reads a manifest of the examples as one for a cluster. There the addresses come from the cluster, the ages from the API
 * server, and the endpoints from pods: a Service gets a Deployment with its name.
 */
export function clusterManifest(text: string): readonly RawObject[] {
  const documents = parseAllDocuments(text);
  // The examples' own objects; an empty stream is the only thing that is not an array.
  const objects = "empty" in documents ? [] : documents.map((document) => document.toJS() as RawObject);
  return objects.flatMap(forCluster);
}

/** A Namespace that lets only pods in that meet the profile `restricted`, as fleets and backends must. */
export function restrictedNamespace(name: string, labels: Readonly<Record<string, string>> = {}): RawObject {
  const all = { ...labels, "pod-security.kubernetes.io/enforce": "restricted" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: all } };
}

/** A Deployment that answers every request with who it is, behind a Service of its name. */
export function backend(namespace: string, name: string, port = 80, targetPort = 3000): readonly RawObject[] {
  const service: RawObject = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { selector: { app: name }, ports: [{ name: "http", port, targetPort }] },
  };
  return [service, echo(namespace, name, targetPort)];
}

/** What the examples' objects hold beyond names. */
interface ExampleObject extends RawObject {
  readonly metadata: RawObject["metadata"] & { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly addresses?: unknown;
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number }[];
  };
}

function forCluster(object: ExampleObject): readonly RawObject[] {
  const { creationTimestamp: _age, ...metadata } = object.metadata;
  const { namespace = "", name, labels } = metadata;
  switch (object.kind) {
    case "EndpointSlice":
      return [];
    case "Namespace":
      return [restrictedNamespace(name, labels)];
    case "Gateway": {
      const { addresses: _addresses, ...spec } = object.spec ?? {};
      return [{ ...object, metadata, spec }];
    }
    case "Service": {
      const [port] = object.spec?.ports ?? [];
      return backend(namespace, name, port?.port, port?.targetPort);
    }
    default:
      return [{ ...object, metadata }];
  }
}

function echo(namespace: string, name: string, port: number): RawObject {
  const labels = { app: name };
  const field = (variable: string, fieldPath: string): object => ({
    name: variable,
    valueFrom: { fieldRef: { fieldPath } },
  });
  const container = {
    name: "echo",
    image: "registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0",
    env: [
      { name: "HTTP_PORT", value: String(port) },
      field("POD_NAME", "metadata.name"),
      field("NAMESPACE", "metadata.namespace"),
    ],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } };
  const spec = { automountServiceAccountToken: false, securityContext, containers: [container] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace, name },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}
