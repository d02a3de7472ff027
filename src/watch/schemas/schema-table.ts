import type { Kind } from "../../core/keys.ts";
import { backendTlsPolicySchema } from "./backend-tls-policy.ts";
import { configMapSchema } from "./config-map.ts";
import { endpointSliceSchema } from "./endpoint-slice.ts";
import { gatewaySchema } from "./gateway.ts";
import { gatewayClassSchema } from "./gateway-class.ts";
import { gatewayParametersSchema } from "./gateway-parameters.ts";
import { grpcRouteSchema } from "./grpc-route.ts";
import { hostnameClaimSchema } from "./hostname-claim.ts";
import { hostnameRecordSchema } from "./hostname-record.ts";
import { httpRouteSchema } from "./http-route.ts";
import type { JsonSchema } from "./json-schema.ts";
import { tcpRouteSchema, tlsRouteSchema, udpRouteSchema } from "./layer4-routes.ts";
import { listenerSetSchema } from "./listener-set.ts";
import { namespaceSchema } from "./namespace.ts";
import { namespaceBudgetSchema } from "./namespace-budget.ts";
import { patterns } from "./patterns.ts";
import { quarantineSchema } from "./quarantine.ts";
import { referenceGrantSchema } from "./reference-grant.ts";
import { secretSchema } from "./secret.ts";
import { serviceSchema } from "./service.ts";

/** The schema of each kind without `apiVersion`, `kind`, `metadata` and `status`, which are looked at before. */
export const schemas = {
  GatewayClass: gatewayClassSchema,
  Gateway: gatewaySchema,
  ListenerSet: listenerSetSchema,
  HTTPRoute: httpRouteSchema,
  GRPCRoute: grpcRouteSchema,
  TLSRoute: tlsRouteSchema,
  TCPRoute: tcpRouteSchema,
  UDPRoute: udpRouteSchema,
  BackendTLSPolicy: backendTlsPolicySchema,
  ReferenceGrant: referenceGrantSchema,
  Service: serviceSchema,
  EndpointSlice: endpointSliceSchema,
  Secret: secretSchema,
  ConfigMap: configMapSchema,
  Namespace: namespaceSchema,
  GatewayParameters: gatewayParametersSchema,
  HostnameClaim: hostnameClaimSchema,
  HostnameRecord: hostnameRecordSchema,
  NamespaceBudget: namespaceBudgetSchema,
  Quarantine: quarantineSchema,
} as const satisfies Record<Kind, JsonSchema>;

const dnsName = { type: "string", minLength: 1, maxLength: 253, pattern: patterns.dnsSubdomain } as const;
const dnsLabel = { type: "string", minLength: 1, maxLength: 63, pattern: patterns.dnsLabel } as const;

/** What `metadata.name` of each kind must be. */
export const nameSchemas = {
  GatewayClass: dnsName,
  Gateway: dnsName,
  ListenerSet: dnsName,
  HTTPRoute: dnsName,
  GRPCRoute: dnsName,
  TLSRoute: dnsName,
  TCPRoute: dnsName,
  UDPRoute: dnsName,
  BackendTLSPolicy: dnsName,
  ReferenceGrant: dnsName,
  Service: dnsLabel,
  EndpointSlice: dnsName,
  Secret: dnsName,
  ConfigMap: dnsName,
  Namespace: dnsLabel,
  GatewayParameters: dnsName,
  HostnameClaim: dnsName,
  HostnameRecord: dnsName,
  NamespaceBudget: dnsName,
  Quarantine: dnsName,
} as const satisfies Record<Kind, JsonSchema>;
