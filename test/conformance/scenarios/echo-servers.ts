import type { RawObject } from "../../../src/core/kube-client.ts";

/** A backend that speaks something else than plain HTTP. */
export interface EchoServer {
  readonly name: string;
  readonly speaks: "tcp" | "udp" | "grpc" | "https";
  /** The Secret with its certificate, for those that speak TLS: `https`, and `tcp` besides its plain port. */
  readonly certificate?: string;
}

/** The ports of the suite's backend, whatever it speaks. */
const plainPorts = { tcp: 3000, udp: 8080, grpc: 3000, https: 3000 } as const;
const tlsPort = 8443;

/** What tells the backend to speak something else than HTTP. */
const variables = {
  tcp: "TCP_ECHO_SERVER",
  udp: "UDP_ECHO_SERVER",
  grpc: "GRPC_ECHO_SERVER",
  https: undefined,
} as const;

/** A Deployment and its Service: port 80 is the plain one, port 443 that of TLS. */
export function echoServer(namespace: string, server: EchoServer): readonly RawObject[] {
  const { name, speaks } = server;
  const labels = { app: name };
  const protocol = speaks === "udp" ? "UDP" : "TCP";
  const ports = [
    { name: "plain", port: 80, targetPort: plainPorts[speaks], protocol, ...(speaks === "grpc" && h2c) },
    ...(server.certificate === undefined ? [] : [{ name: "tls", port: 443, targetPort: tlsPort }]),
  ];
  const template = { metadata: { labels }, spec: podOf(server) };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace, name },
      spec: { selector: labels, ports },
    } as RawObject,
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { namespace, name },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    } as RawObject,
  ];
}

const h2c = { appProtocol: "kubernetes.io/h2c" };

function podOf({ speaks, certificate }: EchoServer): object {
  const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const mount = "/etc/certificate";
  const files = [
    { name: "TLS_SERVER_CERT", value: `${mount}/tls.crt` },
    // The suite's backends do not agree on the name.
    ...["TLS_SERVER_PRIVKEY", "TLS_SERVER_PRIV_KEY"].map((name) => ({ name, value: `${mount}/tls.key` })),
  ];
  const container = {
    name: "echo",
    image: "registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0",
    env: [
      ...(variables[speaks] === undefined ? [] : [{ name: variables[speaks], value: "1" }]),
      field("POD_NAME", "metadata.name"),
      field("NAMESPACE", "metadata.namespace"),
      ...(certificate === undefined ? [] : files),
    ],
    ...(speaks !== "udp" && { readinessProbe: { tcpSocket: { port: plainPorts[speaks] }, periodSeconds: 1 } }),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    ...(certificate !== undefined && { volumeMounts: [{ name: "certificate", mountPath: mount }] }),
  };
  return {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container],
    ...(certificate !== undefined && { volumes: [{ name: "certificate", secret: { secretName: certificate } }] }),
  };
}
