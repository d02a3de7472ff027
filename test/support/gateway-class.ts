/** The GatewayClass of a world without a cluster: one YAML document, to which others are added after `---`. */
export const gatewayClass = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: gatehouse.dev/gateway-controller }
`;
