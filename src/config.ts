import {
  claimHours,
  commonSettings,
  type Flags,
  formatListenAddress,
  isLoopback,
  type ListenAddress,
  logLevels,
  optional,
  type Setting,
  SettingsReader,
  unsafeDebugAddress,
} from "./settings.ts";

/** Files of the certificate that the xDS server shows, its key, and the authority that signs its clients. */
export interface XdsTlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthority: string;
  /** A proxy's certificate names it `spiffe://<trust domain>/fleet/<namespace>/<name>`. */
  readonly trustDomain: string;
}

/** What one process was told, checked as a whole. Frozen. */
export interface Config {
  readonly manifests: string;
  readonly controllerName: string;
  readonly bindAddresses: readonly string[];
  readonly xdsAddress: ListenAddress;
  /** Absent means plaintext, which is served on loopback only. */
  readonly xdsTls?: XdsTlsFiles;
  /** Where AdmissionReviews are answered, on loopback; absent: nowhere. */
  readonly webhookAddress?: ListenAddress;
  readonly healthAddress: ListenAddress;
  readonly debugAddress: ListenAddress;
  readonly debugAllowRemote: boolean;
  /** Changes of who answers what that are kept in memory. */
  readonly ledgerEntries: number;
  /** Where they are written too. */
  readonly ledgerFile?: string;
  /** Where it is kept who holds which hostname; absent: nowhere, and so forgotten when the process ends. */
  readonly stateFile?: string;
  /** How long a namespace keeps a hostname after its last route is gone. */
  readonly claimHours: number;
  readonly portsFile?: string;
  readonly logLevel: string;
}

/** A configuration, or one sentence for each thing that is wrong with it. */
export type ConfigResult =
  | { readonly kind: "valid"; readonly config: Config }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Every setting of `gatehouse serve`. */
export const settings = {
  ...commonSettings,
  manifests: {
    flag: "manifests",
    value: "DIR",
    description: "folder of YAML manifests to serve and to watch (required)",
  },
  bindAddress: {
    flag: "bind-address",
    value: "A,B",
    default: "0.0.0.0",
    description: "addresses that proxies bind for a Gateway that asks for none",
  },
  xdsAddress: {
    flag: "xds-address",
    value: "HOST:PORT",
    default: "127.0.0.1:18000",
    description: "where Envoy gets its configuration; plaintext on loopback only",
  },
  xdsCert: { flag: "xds-cert", value: "FILE", description: "certificate of the xDS server, PEM" },
  xdsKey: { flag: "xds-key", value: "FILE", description: "its private key, PEM" },
  xdsCa: { flag: "xds-ca", value: "FILE", description: "authority that signs the certificates of proxies, PEM" },
  xdsTrustDomain: {
    flag: "xds-trust-domain",
    value: "NAME",
    default: "cluster.local",
    description: "proxies show a certificate for spiffe://NAME/fleet/NAMESPACE/GATEWAY",
  },
  webhookAddress: {
    flag: "webhook-address",
    value: "HOST:PORT",
    description:
      "answer AdmissionReviews under /validate, as in a cluster, in plain HTTP on loopback; closed by default",
  },
  state: {
    flag: "state",
    value: "FILE",
    description: "keep who holds which hostname in this file; else it is forgotten with the process",
  },
  claimHours,
} as const satisfies Record<string, Setting>;

/** Reads the settings: a flag counts before the environment, and that before the default. */
export function readConfig(
  flags: Flags<keyof typeof settings>,
  environment: Readonly<Record<string, string | undefined>>,
): ConfigResult {
  const reader = new SettingsReader(settings, flags, environment);
  const config: Config = {
    manifests: reader.required("manifests"),
    controllerName: reader.controllerName("controllerName"),
    bindAddresses: reader.addresses("bindAddress"),
    xdsAddress: reader.listenAddress("xdsAddress"),
    ...optional("xdsTls", readXdsTls(reader)),
    ...optional("webhookAddress", readWebhookAddress(reader)),
    healthAddress: reader.listenAddress("healthAddress"),
    debugAddress: reader.listenAddress("debugAddress"),
    debugAllowRemote: reader.isOn("debugAllowRemote"),
    ledgerEntries: reader.count("ledgerEntries"),
    ...optional("ledgerFile", reader.text("ledgerFile")),
    ...optional("stateFile", reader.text("state")),
    claimHours: reader.hours("claimHours"),
    ...optional("portsFile", reader.text("portsFile")),
    logLevel: reader.oneOf("logLevel", logLevels),
  };
  const problems = reader.problems.length > 0 ? reader.problems : unsafeAddresses(config);
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "valid", config: Object.freeze(config) };
}

function readXdsTls(reader: SettingsReader<keyof typeof settings>): XdsTlsFiles | undefined {
  const [certificate, key, clientAuthority] = [reader.text("xdsCert"), reader.text("xdsKey"), reader.text("xdsCa")];
  if (certificate !== undefined && key !== undefined && clientAuthority !== undefined) {
    return { certificate, key, clientAuthority, trustDomain: reader.required("xdsTrustDomain") };
  }
  if ((certificate ?? key ?? clientAuthority) !== undefined) {
    reader.problems.push("--xds-cert, --xds-key and --xds-ca go together: give all three or none");
  }
  return undefined;
}

function readWebhookAddress(reader: SettingsReader<keyof typeof settings>): ListenAddress | undefined {
  return reader.text("webhookAddress") === undefined ? undefined : reader.listenAddress("webhookAddress");
}

function unsafeAddresses(config: Config): readonly string[] {
  const { xdsAddress, xdsTls, webhookAddress } = config;
  const problems: string[] = [];
  if (xdsTls === undefined && !isLoopback(xdsAddress.host)) {
    problems.push(
      `--xds-address ${formatListenAddress(xdsAddress)} is not loopback: plaintext xDS would hand private keys to ` +
        "anyone who connects; give --xds-cert, --xds-key and --xds-ca, or listen on 127.0.0.1",
    );
  }
  if (webhookAddress !== undefined && !isLoopback(webhookAddress.host)) {
    problems.push(
      `--webhook-address ${formatListenAddress(webhookAddress)} is not loopback: a plaintext webhook believes whatever ` +
        "it is told about who asks; listen on 127.0.0.1",
    );
  }
  const debugProblem = unsafeDebugAddress(config);
  if (debugProblem !== undefined) problems.push(debugProblem);
  return problems;
}
