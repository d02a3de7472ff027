import { isIP } from "node:net";

/** Where to listen. Port 0 lets the system choose one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

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
  readonly healthAddress: ListenAddress;
  readonly debugAddress: ListenAddress;
  readonly debugAllowRemote: boolean;
  readonly portsFile?: string;
  readonly logLevel: string;
}

/** One setting as users give it: a flag, or the environment variable named after it. */
export interface Setting {
  readonly flag: string;
  /** The name of the flag's value; absent for a switch. */
  readonly value?: string;
  readonly default?: string;
  readonly description: string;
}

/** A configuration, or one sentence for each thing that is wrong with it. */
export type ConfigResult =
  | { readonly kind: "valid"; readonly config: Config }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** The level names that the log understands, the most talkative first. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Every setting of `gatehouse serve`. */
export const settings = {
  manifests: {
    flag: "manifests",
    value: "DIR",
    description: "folder of YAML manifests to serve and to watch (required)",
  },
  controllerName: {
    flag: "controller-name",
    value: "NAME",
    default: "gatehouse.dev/gateway-controller",
    description: "GatewayClasses with this controllerName are ours",
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
  healthAddress: {
    flag: "health-address",
    value: "HOST:PORT",
    default: "0.0.0.0:8081",
    description: "serves /healthz, /readyz and /metrics",
  },
  debugAddress: {
    flag: "debug-address",
    value: "HOST:PORT",
    default: "127.0.0.1:8082",
    description: "serves the read-only debug pages",
  },
  debugAllowRemote: { flag: "debug-allow-remote", description: "allow a debug address that is not loopback" },
  portsFile: {
    flag: "ports-file",
    value: "FILE",
    description: "write the addresses that are listened on to this file, as JSON",
  },
  logLevel: { flag: "log-level", value: "LEVEL", default: "info", description: logLevels.join(", ") },
} as const satisfies Record<string, Setting>;

/** What the command line gave, by name of the setting; absent where it gave nothing. */
export type Flags = Readonly<Partial<Record<keyof typeof settings, string | boolean>>>;

/** The environment variable that stands for a flag: `--xds-address` is GATEHOUSE_XDS_ADDRESS. */
export function environmentName(flag: string): string {
  return `GATEHOUSE_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** Reads the settings: a flag counts before the environment, and that before the default. */
export function readConfig(flags: Flags, environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const reader = new SettingsReader(flags, environment);
  const config: Config = {
    manifests: reader.required("manifests"),
    controllerName: reader.controllerName("controllerName"),
    bindAddresses: reader.addresses("bindAddress"),
    xdsAddress: reader.listenAddress("xdsAddress"),
    ...optional("xdsTls", reader.xdsTls()),
    healthAddress: reader.listenAddress("healthAddress"),
    debugAddress: reader.listenAddress("debugAddress"),
    debugAllowRemote: reader.isOn("debugAllowRemote"),
    ...optional("portsFile", reader.text("portsFile")),
    logLevel: reader.oneOf("logLevel", logLevels),
  };
  const problems = reader.problems.length > 0 ? reader.problems : unsafeAddresses(config);
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "valid", config: Object.freeze(config) };
}

/** Whether only programs on this machine reach the host. */
export function isLoopback(host: string): boolean {
  return host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Splits `host:port`; an IPv6 address stands in brackets, and localhost is 127.0.0.1. Undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.["v6"] ?? match?.groups?.["v4"];
  const port = Number(match?.groups?.["port"]);
  if (host === undefined || port > 65_535) return undefined;
  if (host === "localhost") return { host: "127.0.0.1", port };
  return isIP(host) === (match?.groups?.["v6"] === undefined ? 4 : 6) ? { host, port } : undefined;
}

/** Joins what {@link parseListenAddress} splits. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

type Name = keyof typeof settings;

/** Looks settings up and collects what is wrong with them. */
class SettingsReader {
  readonly problems: string[] = [];
  readonly #flags: Flags;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(flags: Flags, environment: Readonly<Record<string, string | undefined>>) {
    this.#flags = flags;
    this.#environment = environment;
  }

  text(name: Name): string | undefined {
    const setting: Setting = settings[name];
    const given = this.#flags[name] ?? this.#environment[environmentName(setting.flag)];
    // Compose files and charts pass an empty variable for what was not set.
    return given === undefined || given === "" ? setting.default : String(given);
  }

  required(name: Name): string {
    return this.text(name) ?? this.#refuse(name, "is required");
  }

  isOn(name: Name): boolean {
    const text = this.text(name) ?? "false";
    if (text !== "true" && text !== "false") this.#refuse(name, `must be true or false, not ${quote(text)}`);
    return text === "true";
  }

  oneOf(name: Name, values: readonly string[]): string {
    const text = this.required(name);
    return values.includes(text) ? text : this.#refuse(name, `must be one of ${values.join(", ")}, not ${quote(text)}`);
  }

  listenAddress(name: Name): ListenAddress {
    const text = this.required(name);
    const address = parseListenAddress(text);
    if (address !== undefined) return address;
    this.#refuse(name, `must be an IP address or localhost, a colon and a port, not ${quote(text)}`);
    return { host: "127.0.0.1", port: 0 };
  }

  addresses(name: Name): readonly string[] {
    const addresses = this.required(name)
      .split(",")
      .map((address) => address.trim());
    const wrong = addresses.find((address) => isIP(address) === 0);
    if (wrong !== undefined) this.#refuse(name, `must be IP addresses with commas between them, not ${quote(wrong)}`);
    return [...new Set(addresses)];
  }

  /** The shape that the API asks of a controllerName: a domain and a path. */
  controllerName(name: Name): string {
    const text = this.required(name);
    if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(text) && text.length <= 253)
      return text;
    return this.#refuse(name, `must be a domain and a path such as example.com/controller, not ${quote(text)}`);
  }

  xdsTls(): XdsTlsFiles | undefined {
    const [certificate, key, clientAuthority] = [this.text("xdsCert"), this.text("xdsKey"), this.text("xdsCa")];
    if (certificate !== undefined && key !== undefined && clientAuthority !== undefined) {
      return { certificate, key, clientAuthority, trustDomain: this.required("xdsTrustDomain") };
    }
    if ((certificate ?? key ?? clientAuthority) !== undefined) {
      this.problems.push("--xds-cert, --xds-key and --xds-ca go together: give all three or none");
    }
    return undefined;
  }

  #refuse(name: Name, problem: string): string {
    const { flag } = settings[name];
    this.problems.push(`--${flag} (or ${environmentName(flag)}) ${problem}`);
    return "";
  }
}

function unsafeAddresses(config: Config): readonly string[] {
  const { xdsAddress, xdsTls, debugAddress, debugAllowRemote } = config;
  const problems: string[] = [];
  if (xdsTls === undefined && !isLoopback(xdsAddress.host)) {
    problems.push(
      `--xds-address ${formatListenAddress(xdsAddress)} is not loopback: plaintext xDS would hand private keys to ` +
        "anyone who connects; give --xds-cert, --xds-key and --xds-ca, or listen on 127.0.0.1",
    );
  }
  if (!debugAllowRemote && !isLoopback(debugAddress.host)) {
    problems.push(
      `--debug-address ${formatListenAddress(debugAddress)} is not loopback: add --debug-allow-remote to show every ` +
        "object's configuration to anyone who connects, or listen on 127.0.0.1",
    );
  }
  return problems;
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  // A computed key types as an index signature.
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
