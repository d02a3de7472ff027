import { isIP } from "node:net";
import {
  claimHours,
  commonSettings,
  type Flags,
  type ListenAddress,
  logLevels,
  optional,
  type Setting,
  SettingsReader,
  unsafeDebugAddress,
} from "./settings.ts";

/** What a replica of the control plane of a cluster was told, checked as a whole. Frozen. */
export interface ControllerConfig {
  /** Absent inside a cluster, where the pod's own account is used. */
  readonly kubeconfig?: string;
  readonly controllerName: string;
  /** The namespace of the control plane: its Lease and its certificates are there. */
  readonly namespace: string;
  /** Tells this replica from the others. */
  readonly podName: string;
  /** Where the other replicas reach this one. */
  readonly podAddress: string;
  /** Empty: all. */
  readonly watchNamespaces: readonly string[];
  /** A label selector that Secrets must match to be seen at all. */
  readonly secretSelector?: string;
  readonly leaseName: string;
  readonly xdsAddress: ListenAddress;
  /** The DNS name of the Service by which proxies find the replicas, without the cluster's domain. */
  readonly xdsService: string;
  readonly clusterDomain: string;
  readonly trustDomain: string;
  readonly peersAddress: ListenAddress;
  /** Absent where no admission webhook is served. */
  readonly webhook?: WebhookConfig;
  /** Absent where tenants are not answered. */
  readonly api?: ApiConfig;
  readonly healthAddress: ListenAddress;
  readonly debugAddress: ListenAddress;
  readonly debugAllowRemote: boolean;
  /** Changes of who answers what that are kept in memory. */
  readonly ledgerEntries: number;
  /** Where they are written too. */
  readonly ledgerFile?: string;
  /** Addresses that proxies in pods bind. */
  readonly bindAddresses: readonly string[];
  readonly proxyImage: string;
  readonly agentImage: string;
  readonly imagePullPolicy: string;
  /** How long the certificate of a fleet is good for. */
  readonly fleetCertificateHours: number;
  /** How long a namespace keeps a hostname after its last route is gone. */
  readonly claimHours: number;
  readonly portsFile?: string;
  readonly logLevel: string;
}

/** The admission webhook. */
export interface WebhookConfig {
  readonly address: ListenAddress;
  /** The DNS name of its Service, as the API server calls it. */
  readonly service: string;
  /** The ValidatingWebhookConfiguration that the leader keeps; absent where somebody else does. */
  readonly configuration?: string;
  /** Whether those who may read the object that has a hostname are told its name. */
  readonly namesHolders: boolean;
}

/** The endpoint that answers who has a Kubernetes identity. */
export interface ApiConfig {
  readonly address: ListenAddress;
  /** The DNS name of its Service. */
  readonly service: string;
}

/** A configuration, or one sentence for each thing that is wrong with it. */
export type ControllerConfigResult =
  | { readonly kind: "valid"; readonly config: ControllerConfig }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Every setting of `gatehouse controller`. */
export const controllerSettings = {
  ...commonSettings,
  kubeconfig: {
    flag: "kubeconfig",
    value: "FILE",
    description: "how to reach the API server; in a pod, its own account",
  },
  namespace: { flag: "namespace", value: "NAME", description: "namespace of the control plane (required)" },
  podName: { flag: "pod-name", value: "NAME", description: "name of this replica's pod (required)" },
  podAddress: { flag: "pod-address", value: "IP", description: "where other replicas reach this one (required)" },
  watchNamespaces: {
    flag: "watch-namespaces",
    value: "A,B",
    description: "namespaces to watch, the control plane's among them; all by default",
  },
  secretSelector: {
    flag: "secret-selector",
    value: "SELECTOR",
    description: "label selector that certificates of listeners must match; none by default",
  },
  leaseName: { flag: "lease-name", value: "NAME", default: "gatehouse", description: "Lease that elects the leader" },
  xdsAddress: {
    flag: "xds-address",
    value: "HOST:PORT",
    default: "0.0.0.0:18000",
    description: "where proxies get their configuration, by mutual TLS",
  },
  xdsService: {
    flag: "xds-service",
    value: "NAME",
    description: "DNS name of the Service of the xDS port, such as gatehouse-xds.gatehouse-system.svc (required)",
  },
  clusterDomain: {
    flag: "cluster-domain",
    value: "NAME",
    default: "cluster.local",
    description: "DNS domain of the cluster",
  },
  trustDomain: {
    flag: "trust-domain",
    value: "NAME",
    default: "cluster.local",
    description: "proxies show a certificate for spiffe://NAME/fleet/NAMESPACE/GATEWAY/UID",
  },
  peersAddress: {
    flag: "peers-address",
    value: "HOST:PORT",
    default: "0.0.0.0:18001",
    description: "where other replicas tell what their proxies said, by mutual TLS",
  },
  webhookAddress: {
    flag: "webhook-address",
    value: "HOST:PORT",
    default: "0.0.0.0:18443",
    description: "where the API server asks about routes before it stores them, by TLS",
  },
  webhookService: {
    flag: "webhook-service",
    value: "NAME",
    description:
      "DNS name of the Service of that port, such as gatehouse-webhook.gatehouse-system.svc; else it is closed",
  },
  webhookConfiguration: {
    flag: "webhook-configuration",
    value: "NAME",
    description: "ValidatingWebhookConfiguration whose authorities and path are kept; none by default",
  },
  webhookNamesHolders: {
    flag: "webhook-names-holders",
    value: "BOOL",
    default: "true",
    description: "tell who has a hostname to those who may read that object",
  },
  apiAddress: {
    flag: "api-address",
    value: "HOST:PORT",
    default: "0.0.0.0:18444",
    description: "where tenants ask how their routes are served, by TLS and with a Kubernetes token",
  },
  apiService: {
    flag: "api-service",
    value: "NAME",
    description: "DNS name of the Service of that port, such as gatehouse-api.gatehouse-system.svc; else it is closed",
  },
  bindAddress: {
    flag: "bind-address",
    value: "A,B",
    default: "0.0.0.0",
    description: "addresses that proxies bind in their pods",
  },
  proxyImage: {
    flag: "proxy-image",
    value: "IMAGE",
    default: "docker.io/envoyproxy/envoy:distroless-v1.40.0",
    description: "image of Envoy, unless a GatewayParameters names another",
  },
  agentImage: {
    flag: "agent-image",
    value: "IMAGE",
    description: "image of Gatehouse itself, for the pods of proxies (required)",
  },
  imagePullPolicy: {
    flag: "image-pull-policy",
    value: "POLICY",
    default: "IfNotPresent",
    description: "of the pods of proxies: Always, IfNotPresent or Never",
  },
  fleetCertificateHours: {
    flag: "fleet-certificate-hours",
    value: "N",
    default: "24",
    description: "how long a proxy's certificate is good for; it is renewed after two thirds",
  },
  claimHours,
} as const satisfies Record<string, Setting>;

/** Reads the settings: a flag counts before the environment, and that before the default. */
export function readControllerConfig(
  flags: Flags<keyof typeof controllerSettings>,
  environment: Readonly<Record<string, string | undefined>>,
): ControllerConfigResult {
  const reader = new SettingsReader(controllerSettings, flags, environment);
  const config: ControllerConfig = {
    ...optional("kubeconfig", reader.text("kubeconfig")),
    controllerName: reader.controllerName("controllerName"),
    namespace: reader.required("namespace"),
    podName: reader.required("podName"),
    podAddress: readAddress(reader),
    watchNamespaces: listOf(reader.text("watchNamespaces")),
    ...optional("secretSelector", reader.text("secretSelector")),
    leaseName: reader.required("leaseName"),
    xdsAddress: reader.listenAddress("xdsAddress"),
    xdsService: reader.required("xdsService"),
    clusterDomain: reader.required("clusterDomain"),
    trustDomain: reader.required("trustDomain"),
    peersAddress: reader.listenAddress("peersAddress"),
    ...optional("webhook", readWebhook(reader)),
    ...optional("api", readApi(reader)),
    healthAddress: reader.listenAddress("healthAddress"),
    debugAddress: reader.listenAddress("debugAddress"),
    debugAllowRemote: reader.isOn("debugAllowRemote"),
    ledgerEntries: reader.count("ledgerEntries"),
    ...optional("ledgerFile", reader.text("ledgerFile")),
    bindAddresses: reader.addresses("bindAddress"),
    proxyImage: reader.required("proxyImage"),
    agentImage: reader.required("agentImage"),
    imagePullPolicy: reader.oneOf("imagePullPolicy", ["Always", "IfNotPresent", "Never"]),
    fleetCertificateHours: reader.hours("fleetCertificateHours"),
    claimHours: reader.hours("claimHours"),
    ...optional("portsFile", reader.text("portsFile")),
    logLevel: reader.oneOf("logLevel", logLevels),
  };
  const debugProblem = unsafeDebugAddress(config);
  const problems = debugProblem === undefined ? reader.problems : [...reader.problems, debugProblem];
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "valid", config: Object.freeze(config) };
}

type Reader = SettingsReader<keyof typeof controllerSettings>;

function readAddress(reader: Reader): string {
  const text = reader.required("podAddress");
  return text === "" || isIP(text) !== 0
    ? text
    : reader.refuse("podAddress", `must be an IP address, not ${JSON.stringify(text)}`);
}

function readApi(reader: Reader): ApiConfig | undefined {
  const service = reader.text("apiService");
  return service === undefined ? undefined : { address: reader.listenAddress("apiAddress"), service };
}

function readWebhook(reader: Reader): WebhookConfig | undefined {
  const service = reader.text("webhookService");
  if (service === undefined) return undefined;
  return {
    address: reader.listenAddress("webhookAddress"),
    service,
    ...optional("configuration", reader.text("webhookConfiguration")),
    namesHolders: reader.isOn("webhookNamesHolders"),
  };
}

function listOf(text: string | undefined): readonly string[] {
  const names = (text ?? "").split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
}
