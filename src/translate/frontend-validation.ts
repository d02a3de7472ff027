/** What the clients of a Gateway's TLS listeners are asked for. https://gateway-api.sigs.k8s.io/reference/spec/#frontendtlsvalidation */
import type { Collection, Grouped, Reader } from "../collection/collection.ts";
import type { Rejection } from "../core/conditions.ts";
import type { FrontendTlsConfig, Gateway, ObjectReference, ReferenceGrant } from "../core/gateway-api.ts";
import {
  gatewayResourceKey,
  kinds,
  type NamespacedName,
  nameOf,
  namespacedName,
  parseNamespacedName,
} from "../core/keys.ts";
import type { CaBundleState } from "./ca-bundle.ts";
import { caSecretName } from "./envoy/names.ts";
import type { ClientValidation, Listener } from "./nodes.ts";
import { endsTls } from "./protocol-support.ts";
import { isGranted, type ReferenceSource } from "./reference-grant.ts";

/** What it reads of the world. */
export interface FrontendValidationInputs {
  /** By ConfigMap, namespace/name. */
  readonly caBundleStates: Collection<CaBundleState>;
  readonly grants: Grouped<ReferenceGrant>;
  /** What Envoy said of authorities that proxies have refused, by gatewayResourceKey(gateway, SDS name). */
  readonly refusedAuthorities: Collection<string>;
}

/** Adds to listeners what their Gateway asks of clients. */
export interface FrontendValidation {
  /** Clients are let in without a certificate that anybody trusts, on some port. */
  readonly isInsecure: boolean;
  apply(listener: Listener): Listener;
}

/**
 * The reason of a listener without any authority that it could trust. It is closed, and keeps its port and hostnames: the
 * authorities of a Gateway that are missing for a moment must not hand them to somebody else's listener.
 */
export const noValidAuthority = "NoValidCACertificate";

/** Reads `spec.tls.frontend` of a Gateway. Each validation is resolved once, for all listeners of its ports. */
export function readFrontendValidation(
  read: Reader,
  inputs: FrontendValidationInputs,
  { metadata, spec }: Gateway,
): FrontendValidation {
  const { frontend } = spec.tls ?? {};
  const perPort = new Map(frontend?.perPort?.map(({ port, tls }) => [port, tls]));
  const { group } = kinds.Gateway;
  const from = { group, kind: "Gateway", namespace: metadata.namespace ?? "", gateway: nameOf(metadata) };
  const resolved = new Map<FrontendTlsConfig, ResolvedValidation | undefined>();
  const resolveOnce = (config: FrontendTlsConfig) => {
    if (!resolved.has(config)) resolved.set(config, resolveValidation(read, inputs, { from, config }));
    return resolved.get(config);
  };
  return {
    isInsecure: [frontend?.default, ...perPort.values()].some(
      (config) => config?.validation?.mode === "AllowInsecureFallback",
    ),
    apply: (listener) => {
      const config = perPort.get(listener.port) ?? frontend?.default;
      const found = config === undefined || !endsTls(listener) ? undefined : resolveOnce(config);
      return found === undefined ? listener : withValidation(listener, found, from.namespace);
    },
  };
}

/** What came of one `validation`. */
interface ResolvedValidation {
  readonly validation: ClientValidation;
  readonly rejections: readonly Rejection[];
}

/** Of several references those that cannot be used do not stop the others. */
function resolveValidation(
  read: Reader,
  inputs: FrontendValidationInputs,
  { from, config: { validation } }: { readonly from: ValidationSource; readonly config: FrontendTlsConfig },
): ResolvedValidation | undefined {
  if (validation === undefined) return undefined;
  const results = validation.caCertificateRefs.map((ref) => resolveAuthority(read, inputs, from, ref));
  const usable = new Set(results.flatMap((result) => (typeof result === "string" ? [result] : [])));
  const configMaps = [...usable].sort();
  const refusal = refusalOf(read, inputs, { from, configMaps });
  return {
    validation: {
      configMaps: refusal === undefined ? configMaps : [],
      isOptional: validation.mode === "AllowInsecureFallback",
    },
    rejections: [
      ...results.flatMap((result) => (typeof result === "string" ? [] : [result])),
      ...(refusal === undefined ? [] : [refusal]),
    ],
  };
}

/** The Gateway that asks its clients. */
interface ValidationSource extends ReferenceSource {
  readonly gateway: NamespacedName;
}

/** What Envoy says is told where all that it is about is of the Gateway's own namespace. */
function refusalOf(
  read: Reader,
  { refusedAuthorities }: FrontendValidationInputs,
  { from, configMaps }: { readonly from: ValidationSource; readonly configMaps: readonly NamespacedName[] },
): Rejection | undefined {
  const words = read.get(refusedAuthorities, gatewayResourceKey(from.gateway, caSecretName(configMaps)));
  if (words === undefined) return undefined;
  const isOwn = configMaps.every((configMap) => parseNamespacedName(configMap).namespace === from.namespace);
  const what = `ConfigMap ${configMaps.join(" and ")} is refused by proxies`;
  return unresolved("InvalidCACertificateRef", isOwn ? `${what}: ${words}` : what);
}

/** Asks for the grant before it looks: a reference that is not granted must not tell whether the ConfigMap exists. */
function resolveAuthority(
  read: Reader,
  { caBundleStates, grants }: FrontendValidationInputs,
  from: ReferenceSource,
  ref: ObjectReference,
): NamespacedName | Rejection {
  const { group, kind, name, namespace = from.namespace } = ref;
  const configMap = namespacedName(namespace, name);
  if (!isGranted(read, grants, from, { group, kind, namespace, name })) {
    const message = `no ReferenceGrant lets a Gateway of ${from.namespace} refer to ${kind} ${configMap}`;
    return unresolved("RefNotPermitted", message);
  }
  if (group !== "" || kind !== "ConfigMap") {
    const given = group === "" ? kind : `${kind}.${group}`;
    return unresolved("InvalidCACertificateKind", `authorities of clients are read from a ConfigMap, not a ${given}`);
  }
  const state = read.get(caBundleStates, configMap);
  if (state === undefined) return unresolved("InvalidCACertificateRef", `ConfigMap ${configMap} does not exist`);
  if (state.kind === "invalid") {
    return unresolved("InvalidCACertificateRef", `ConfigMap ${configMap} ${state.message}`);
  }
  return configMap;
}

function withValidation(
  listener: Listener,
  { validation, rejections }: ResolvedValidation,
  gatewayNamespace: string,
): Listener {
  const told = listener.namespace === gatewayNamespace ? rejections : rejections.map(discreet);
  return {
    ...listener,
    clientValidation: validation,
    rejections: [
      ...listener.rejections,
      ...told,
      ...(validation.configMaps.length === 0 ? [closedToClients(listener.port)] : []),
    ],
  };
}

/** What the Gateway refers to is not for the namespaces of ListenerSets to know. */
function discreet({ condition, reason }: Rejection): Rejection {
  const message = "a reference of the Gateway to authorities of clients cannot be used: the Gateway's status has more";
  return { condition, reason, message };
}

function closedToClients(port: number): Rejection {
  const message = `the certificates of clients on port ${port} cannot be checked: none of the Gateway's references to authorities can be used`;
  return { condition: "Accepted", reason: noValidAuthority, message };
}

function unresolved(reason: string, message: string): Rejection {
  return { condition: "ResolvedRefs", reason, message };
}
