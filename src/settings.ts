import { isIP } from "node:net";

/** Where to listen. Port 0 lets the system choose one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** One setting as users give it: a flag, or the environment variable named after it. */
export interface Setting {
  readonly flag: string;
  /** The name of the flag's value; absent for a switch. */
  readonly value?: string;
  readonly default?: string;
  readonly description: string;
}

/** The level names that the log understands, the most talkative first. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Settings that every control plane has, wherever its objects come from. */
export const commonSettings = {
  controllerName: {
    flag: "controller-name",
    value: "NAME",
    default: "gatehouse.dev/gateway-controller",
    description: "GatewayClasses with this controllerName are ours",
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
  ledgerEntries: {
    flag: "ledger-entries",
    value: "COUNT",
    default: "10000",
    description: "changes of who answers which path that are kept in memory, for gatehouse history",
  },
  ledgerFile: {
    flag: "ledger-file",
    value: "FILE",
    description: "append these changes to this file too, one JSON object a line",
  },
  portsFile: {
    flag: "ports-file",
    value: "FILE",
    description: "write the addresses that are listened on to this file, as JSON",
  },
  logLevel: { flag: "log-level", value: "LEVEL", default: "info", description: logLevels.join(", ") },
} as const satisfies Record<string, Setting>;

/** How long a claim lasts without anything that wants it: for every control plane that keeps claims. */
export const claimHours = {
  flag: "claim-hours",
  value: "N",
  default: "1",
  description: "how long a namespace keeps a hostname after its last route is gone",
} as const satisfies Setting;

/** What the command line gave, by name of the setting; absent where it gave nothing. */
export type Flags<Name extends string> = Readonly<Partial<Record<Name, string | boolean>>>;

/** The environment variable that stands for a flag: `--xds-address` is GATEHOUSE_XDS_ADDRESS. */
export function environmentName(flag: string): string {
  return `GATEHOUSE_${flag.toUpperCase().replaceAll("-", "_")}`;
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

/** Looks settings up and collects what is wrong with them. */
export class SettingsReader<Name extends string> {
  readonly problems: string[] = [];
  readonly #settings: Readonly<Record<Name, Setting>>;
  readonly #flags: Flags<Name>;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  constructor(
    settings: Readonly<Record<Name, Setting>>,
    flags: Flags<Name>,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.#settings = settings;
    this.#flags = flags;
    this.#environment = environment;
  }

  text(name: Name): string | undefined {
    const setting: Setting = this.#settings[name];
    const given = this.#flags[name] ?? this.#environment[environmentName(setting.flag)];
    // Compose files and charts pass an empty variable for what was not set.
    return given === undefined || given === "" ? setting.default : String(given);
  }

  required(name: Name): string {
    return this.text(name) ?? this.refuse(name, "is required");
  }

  isOn(name: Name): boolean {
    const text = this.text(name) ?? "false";
    if (text !== "true" && text !== "false") this.refuse(name, `must be true or false, not ${quote(text)}`);
    return text === "true";
  }

  oneOf(name: Name, values: readonly string[]): string {
    const text = this.required(name);
    return values.includes(text) ? text : this.refuse(name, `must be one of ${values.join(", ")}, not ${quote(text)}`);
  }

  listenAddress(name: Name): ListenAddress {
    const text = this.required(name);
    const address = parseListenAddress(text);
    if (address !== undefined) return address;
    this.refuse(name, `must be an IP address or localhost, a colon and a port, not ${quote(text)}`);
    return { host: "127.0.0.1", port: 0 };
  }

  /** A whole number, 0 or more, at most a million. */
  count(name: Name): number {
    const text = this.required(name);
    const count = Number(text);
    if (/^\d{1,7}$/.test(text) && count <= 1_000_000) return count;
    this.refuse(name, `must be a whole number up to 1000000, not ${quote(text)}`);
    return 0;
  }

  /** More than none, and a year at most. */
  hours(name: Name): number {
    const text = this.required(name);
    const hours = Number(text);
    if (hours > 0 && hours <= 24 * 365) return hours;
    this.refuse(name, `must be a number of hours up to a year, not ${quote(text)}`);
    return 1;
  }

  addresses(name: Name): readonly string[] {
    const addresses = this.required(name)
      .split(",")
      .map((address) => address.trim());
    const wrong = addresses.find((address) => isIP(address) === 0);
    if (wrong !== undefined) this.refuse(name, `must be IP addresses with commas between them, not ${quote(wrong)}`);
    return [...new Set(addresses)];
  }

  /** The shape that the API asks of a controllerName: a domain and a path. */
  controllerName(name: Name): string {
    const text = this.required(name);
    if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(text) && text.length <= 253)
      return text;
    return this.refuse(name, `must be a domain and a path such as example.com/controller, not ${quote(text)}`);
  }

  /** Notes what is wrong with a setting. The empty text that comes back stands in until everything was looked at. */
  refuse(name: Name, problem: string): string {
    const { flag } = this.#settings[name];
    this.problems.push(`--${flag} (or ${environmentName(flag)}) ${problem}`);
    return "";
  }
}

/** What is wrong with where the debug pages are served; undefined when nothing is. */
export function unsafeDebugAddress({
  debugAddress,
  debugAllowRemote,
}: {
  readonly debugAddress: ListenAddress;
  readonly debugAllowRemote: boolean;
}): string | undefined {
  if (debugAllowRemote || isLoopback(debugAddress.host)) return undefined;
  return (
    `--debug-address ${formatListenAddress(debugAddress)} is not loopback: add --debug-allow-remote to show every ` +
    "object's configuration to anyone who connects, or listen on 127.0.0.1"
  );
}

/** A field only where it has a value. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  // A computed key types as an index signature.
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

function quote(text: string): string {
  return JSON.stringify(text);
}
