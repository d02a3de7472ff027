import type { Gateway, GatewayClass, ListenerSet, ListenerSpec, ReferenceGrant } from "../../src/core/gateway-api.ts";
import type { GatewayParameters, GatewayParametersSpec } from "../../src/core/gateway-parameters.ts";
import type { Namespace, ObjectMeta, Secret } from "../../src/core/kubernetes.ts";
import type { IssuedCertificate } from "./certificates.ts";

const apiVersion = "gateway.networking.k8s.io/v1";

/** Metadata as the API server would complete it. */
export function metadata(name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return { name, generation: 1, creationTimestamp: "1970-01-01T00:00:00Z", ...more };
}

/** A class of `example.com/gatehouse`. */
export function gatewayClass(name = "shared", spec: Partial<GatewayClass["spec"]> = {}): GatewayClass {
  return {
    apiVersion,
    kind: "GatewayClass",
    metadata: metadata(name),
    spec: { controllerName: "example.com/gatehouse", ...spec },
  };
}

/** GatewayParameters. */
export function gatewayParameters(namespace: string, name: string, spec: GatewayParametersSpec): GatewayParameters {
  return {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "GatewayParameters",
    metadata: metadata(name, { namespace }),
    spec,
  };
}

/** A defaulted HTTP listener on port 80. */
export function listener(name: string, spec: Partial<ListenerSpec> = {}): ListenerSpec {
  return { name, port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } }, ...spec };
}

/** A defaulted HTTPS listener on port 443 with one certificate of its own namespace. */
export function httpsListener(name: string, secret: string, spec: Partial<ListenerSpec> = {}): ListenerSpec {
  const tls = { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: secret }] } as const;
  return listener(name, { port: 443, protocol: "HTTPS", tls, ...spec });
}

/** A Gateway of the class `shared` in the namespace `infra`. */
export function gateway(
  listeners: readonly ListenerSpec[],
  spec: Partial<Gateway["spec"]> = {},
  meta: Partial<ObjectMeta> = {},
): Gateway {
  return {
    apiVersion,
    kind: "Gateway",
    metadata: metadata("shared-gateway", { namespace: "infra", ...meta }),
    spec: { gatewayClassName: "shared", listeners, ...spec },
  };
}

/** A ListenerSet of `infra/shared-gateway`. */
export function listenerSet(
  namespace: string,
  name: string,
  listeners: readonly ListenerSpec[],
  meta: Partial<ObjectMeta> = {},
): ListenerSet {
  const parentRef = { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "infra", name: "shared-gateway" };
  return {
    apiVersion,
    kind: "ListenerSet",
    metadata: metadata(name, { namespace, ...meta }),
    spec: { parentRef, listeners },
  };
}

/** A grant in the namespace of the objects that it opens. */
export function referenceGrant(namespace: string, name: string, spec: ReferenceGrant["spec"]): ReferenceGrant {
  return { apiVersion, kind: "ReferenceGrant", metadata: metadata(name, { namespace }), spec };
}

/** A namespace with labels. */
export function namespaceObject(name: string, labels: Readonly<Record<string, string>> = {}): Namespace {
  return { apiVersion: "v1", kind: "Namespace", metadata: metadata(name, { labels }) };
}

/** A Secret of type kubernetes.io/tls. */
export function tlsSecret(namespace: string, name: string, certificate: IssuedCertificate): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadata(name, { namespace }),
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certificate.certificatePem), "tls.key": base64(certificate.keyPem) },
  };
}

/** Text as the API carries it in a Secret. */
export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
