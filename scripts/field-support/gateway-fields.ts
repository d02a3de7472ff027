/** The fields of GatewayClasses, Gateways and ListenerSets. */
import { below, type FieldTable, ignored, partly, served } from "./field-support.ts";

const selector: FieldTable = {
  "selector.{matchLabels,matchExpressions[].key,matchExpressions[].operator,matchExpressions[].values[]}": served(
    "namespaces by their labels, for `from: Selector`",
  ),
};

const listeners: FieldTable = below("spec.listeners[].", {
  name: served("what `sectionName` refers to, and the entry of `status.listeners`"),
  hostname: served(
    "the hosts, or the server names, that are the listener's; two of a port alike are `HostnameConflict`",
  ),
  port: served("an Envoy listener; protocols that cannot share a port are `ProtocolConflict`"),
  protocol: partly("HTTP, HTTPS, TLS, TCP and UDP; anything else is `UnsupportedProtocol`"),
  "tls.mode": served(
    "`Terminate`: proxies end TLS. `Passthrough`: of protocol TLS alone, connections are told apart by server name",
  ),
  "tls.certificateRefs[].{group,kind}": partly("Secrets of the core group; anything else is `InvalidCertificateRef`"),
  "tls.certificateRefs[].{name,namespace}": served(
    "SDS secrets, several too. Missing or unusable `InvalidCertificateRef`, ungranted `RefNotPermitted`",
  ),
  "tls.options": partly(
    "`gatehouse.dev/minimum-version` and `gatehouse.dev/cipher-suites`, within what the class locks; another key of `gatehouse.dev` refuses the listener, those of other domains are not ours",
  ),
  "allowedRoutes.kinds[].{group,kind}": served(
    "kinds of routes that may attach; what the protocol cannot carry is `InvalidRouteKinds`",
  ),
  "allowedRoutes.namespaces.from": served("namespaces whose routes may attach, else `NotAllowedByListeners`"),
  ...below("allowedRoutes.namespaces.", selector),
});

const authorities: FieldTable = {
  "validation.caCertificateRefs[].{group,kind}": partly(
    "ConfigMaps of the core group; anything else is `InvalidCACertificateKind`",
  ),
  "validation.caCertificateRefs[].{name,namespace}": served(
    "`trusted_ca` from `ca.crt`. Missing or unusable `InvalidCACertificateRef`, ungranted `RefNotPermitted`; without any that can be used the listener is closed, `NoValidCACertificate`",
  ),
  "validation.mode": served(
    "`AllowValidOnly`: a certificate is required. `AllowInsecureFallback`: none is, and the Gateway has the condition `InsecureFrontendValidationMode`",
  ),
};

export const gatewayClassFields: FieldTable = {
  "spec.controllerName": served("whether the class is ours"),
  "spec.description": ignored("for people"),
  "spec.parametersRef.{group,kind,name,namespace}": partly(
    "a GatewayParameters ([page](parameters.md)); anything else is `InvalidParameters`",
  ),
};

export const gatewayFields: FieldTable = {
  "spec.gatewayClassName": served("whether the Gateway is ours"),
  ...listeners,
  "spec.addresses[].type": partly("`IPAddress`; anything else is `UnsupportedAddress`"),
  "spec.addresses[].value": served(
    "in a cluster the address asked of the Service, within what the class allows; elsewhere what proxies bind. `AddressNotUsable`, `AddressNotAssigned`",
  ),
  "spec.allowedListeners.namespaces.from": served("namespaces whose ListenerSets may attach, else `NotAllowed`"),
  ...below("spec.allowedListeners.namespaces.", selector),
  "spec.infrastructure.{annotations,labels}": served("on every object of the fleet, in a cluster"),
  "spec.infrastructure.parametersRef.{group,kind,name}": partly(
    "a GatewayParameters ([page](parameters.md)); anything else is `InvalidParameters`",
  ),
  "spec.tls.backend.clientCertificateRef.{group,kind,name,namespace}": partly(
    "a Secret: the certificate that proxies show to backends. Else `ResolvedRefs=False` of the Gateway, `InvalidClientCertificateRef` or `RefNotPermitted`",
  ),
  ...below("spec.tls.frontend.default.", authorities),
  "spec.tls.frontend.perPort[].port": served("the port for which it holds in place of the default"),
  ...below("spec.tls.frontend.perPort[].tls.", authorities),
};

export const listenerSetFields: FieldTable = {
  "spec.parentRef.{group,kind,name,namespace}": partly("a Gateway of ours, whose listeners these join"),
  ...listeners,
};
