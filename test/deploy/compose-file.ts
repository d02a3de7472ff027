import { parse } from "yaml";

/** One service of a Compose file, as far as ours uses the format. */
export interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: { readonly default: { readonly ipv4_address: string } };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly restart?: boolean }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
}

export interface ComposeFile {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
}

/** A volume `HOST:CONTAINER:MODE`. */
export interface Mount {
  readonly host: string;
  readonly container: string;
  readonly mode: string;
}

const knownKeys: readonly (keyof ComposeService)[] = [
  ...(["image", "build", "command", "environment", "volumes", "ports", "network_mode", "networks"] as const),
  ...(["depends_on", "healthcheck", "user", "read_only", "cap_drop", "security_opt", "restart"] as const),
];

/** Reads our Compose file; throws at a key that the test would otherwise pass over in silence. */
export function parseComposeFile(text: string): ComposeFile {
  // Our own file is the parse boundary; every key that is used is checked below.
  const file = parse(text) as ComposeFile;
  for (const [name, service] of Object.entries(file.services)) {
    const unknown = Object.keys(service).filter((key) => !knownKeys.some((known) => known === key));
    if (unknown.length > 0) throw new Error(`this test does not know ${unknown.join(", ")} of service ${name}`);
  }
  return file;
}

/** Reads one entry of `volumes`. */
export function parseMount(text: string): Mount {
  const [host = "", container = "", mode = "rw"] = text.split(":");
  return { host, container, mode };
}
