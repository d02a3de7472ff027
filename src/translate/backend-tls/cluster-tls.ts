/** How the clusters of a Gateway speak TLS to their Service port. */
import type { Collection, Reader, Transform } from "../../collection/collection.ts";
import { gatewayResourceKey, type NamespacedName, parseGatewayResourceKey } from "../../core/keys.ts";
import { caSecretName, parseClusterName, secretName } from "../envoy/names.ts";
import type { ClusterNode, GatewayNode } from "../nodes.ts";
import { portTlsKey } from "./port-tls.ts";
import type { ClusterTls, PortTls, TrustedAuthorities } from "./upstream-tls.ts";

export interface ClusterTlsInputs {
  /** By Service port. */
  readonly portTls: Collection<PortTls>;
  /** The Secret with the certificate that a Gateway shows to backends. */
  readonly backendCertificates: Collection<NamespacedName>;
  /** What Envoy said of authorities that proxies have refused, by gatewayResourceKey(gateway, SDS name). */
  readonly refusedAuthorities: Collection<string>;
}

/** Builds the node of a cluster from its key. What its Service port asks for is no matter of the routes that lead there. */
export function clusterNode(read: Reader, inputs: ClusterTlsInputs, key: string): ClusterNode {
  const { gateway, name } = parseGatewayResourceKey(key);
  const address = parseClusterName(name);
  const tls = clusterTls(read, inputs, { ...address, gateway });
  return { ...address, gateway, ...(tls && { tls }) };
}

function clusterTls(
  read: Reader,
  { portTls, backendCertificates, refusedAuthorities }: ClusterTlsInputs,
  { gateway, service, port, protocol }: ClusterNode,
): ClusterTls | undefined {
  // Connections that are passed on are in their client's TLS already, and TLS is not spoken over UDP.
  if (protocol === "passthrough" || protocol === "udp") return undefined;
  const wanted = read.get(portTls, portTlsKey(service, port));
  if (wanted?.kind !== "tls") return wanted;
  const refusal = refusalOfAuthorities(read, refusedAuthorities, { gateway, authorities: wanted.settings.authorities });
  if (refusal !== undefined) return { kind: "refused", policy: wanted.policy, message: refusal };
  const clientCertificate = read.get(backendCertificates, gateway);
  return { ...wanted, ...(clientCertificate && { clientCertificate }) };
}

/** What whoever owns authorities is told where the proxies of a Gateway have refused them. */
export function refusalOfAuthorities(
  read: Reader,
  refusedAuthorities: Collection<string>,
  { gateway, authorities }: { readonly gateway: NamespacedName; readonly authorities: TrustedAuthorities },
): string | undefined {
  if (authorities.kind !== "configMaps") return undefined;
  const words = read.get(refusedAuthorities, gatewayResourceKey(gateway, caSecretName(authorities.names)));
  if (words === undefined) return undefined;
  return `proxies refuse the authorities in ConfigMap ${authorities.names.join(" and ")}: ${words}`;
}

/** What a Gateway shows to backends, and nothing else of it. */
export const backendCertificate: Transform<GatewayNode, NamespacedName> = (_read, key, node) =>
  node.backendCertificate === undefined ? [] : [[key, node.backendCertificate]];

/** The xDS names of the certificate and authorities that a cluster needs. */
export function clusterSecrets({ tls }: ClusterNode): readonly string[] {
  if (tls?.kind !== "tls") return [];
  const { authorities } = tls.settings;
  return [
    ...(authorities.kind === "configMaps" ? [caSecretName(authorities.names)] : []),
    ...(tls.clientCertificate === undefined ? [] : [secretName(tls.clientCertificate)]),
  ];
}
