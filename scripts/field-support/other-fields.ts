/** The fields of policies and grants, and of what routes and listeners refer to. */
import { type FieldTable, ignored, partly, served } from "./field-support.ts";

export const backendTlsPolicyFields: FieldTable = {
  "spec.targetRefs[].{group,kind}": partly(
    "Services of the core group; others are told in the ancestor's message, and a policy without any Service has no status",
  ),
  "spec.targetRefs[].name": served(
    "the Service whose clusters speak TLS; of two policies the older holds, the other is `Conflicted`",
  ),
  "spec.targetRefs[].sectionName": served("that port alone, before a policy for the whole Service"),
  "spec.validation.caCertificateRefs[].{group,kind}": partly(
    "ConfigMaps of the core group; anything else is `InvalidKind`",
  ),
  "spec.validation.caCertificateRefs[].name": served(
    "`trusted_ca` from `ca.crt`; missing or unusable `InvalidCACertificateRef`, and without any `NoValidCACertificate`",
  ),
  "spec.validation.wellKnownCACertificates": partly(
    "`System`: the authorities of the proxy's image; anything else is `Invalid`",
  ),
  "spec.validation.hostname": served("the server name that is asked for, and the name that the certificate must have"),
  "spec.validation.subjectAltNames[].{type,hostname,uri}": served(
    "names of which the certificate must have one, in place of `hostname`",
  ),
  "spec.options": partly(
    "`gatehouse.dev/minimum-version`; another key of `gatehouse.dev` is `Invalid`, those of other domains are not ours",
  ),
};

export const referenceGrantFields: FieldTable = {
  "spec.from[].{group,kind,namespace}": served("who may refer across namespaces; without it `RefNotPermitted`"),
  "spec.to[].{group,kind,name}": served("to what"),
};

export const serviceFields: FieldTable = {
  "spec.type": partly("`ExternalName` is no backend: `UnsupportedValue`"),
  "spec.ports[].{name,port,protocol}": served("the port of the cluster, and that of its EndpointSlices"),
  "spec.ports[].appProtocol": partly(
    "`http`, `https`, `http2`, `grpc`, `kubernetes.io/h2c`, `kubernetes.io/ws` and `kubernetes.io/wss`; `https` and `wss` take a BackendTLSPolicy; anything else is `UnsupportedProtocol` for HTTPRoutes and GRPCRoutes",
  ),
  "spec.{selector,clusterIP}": served("whose pods a Service has, for EndpointSlices that somebody else wrote"),
  "spec.{ports[].targetPort,ports[].nodePort,clusterIPs[],externalIPs[],externalName,externalTrafficPolicy,internalTrafficPolicy,healthCheckNodePort}":
    ignored("requests go to the endpoints themselves"),
  "spec.{ipFamilies[],ipFamilyPolicy,loadBalancerIP,loadBalancerClass,loadBalancerSourceRanges[],allocateLoadBalancerNodePorts}":
    ignored("requests go to the endpoints themselves"),
  "spec.{publishNotReadyAddresses,sessionAffinity,sessionAffinityConfig.clientIP.timeoutSeconds,trafficDistribution}":
    ignored("EndpointSlices say what is ready; sessions are `sessionPersistence` of a rule"),
};

export const endpointSliceFields: FieldTable = {
  addressType: partly("IPv4 and IPv6; slices of type FQDN are passed over"),
  "endpoints[].addresses[]": served("endpoints of clusters"),
  "endpoints[].conditions.{ready,serving,terminating}": served(
    "those that are ready, else those that serve while they end",
  ),
  "ports[].{name,port}": served("the port of the endpoints"),
  "ports[].{protocol,appProtocol}": ignored("the Service says it"),
  "endpoints[].{hostname,nodeName,zone,deprecatedTopology,hints.forZones[].name,hints.forNodes[].name}": ignored(
    "endpoints are chosen wherever they are",
  ),
  "endpoints[].targetRef.{apiVersion,kind,namespace,name,uid,resourceVersion,fieldPath}": ignored("for people"),
};

export const secretFields: FieldTable = {
  type: partly("`kubernetes.io/tls`"),
  "{data,stringData}": served("`tls.crt` and `tls.key`, the certificate of a listener or of a Gateway"),
  immutable: ignored("for the API server"),
};

export const configMapFields: FieldTable = {
  data: served("`ca.crt`: authorities of a BackendTLSPolicy, or of a Gateway's clients"),
  "{binaryData,immutable}": ignored("authorities are text"),
};
