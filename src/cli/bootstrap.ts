import { join, resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { controllerSettings } from "../controller-config.ts";
import { namespacedName } from "../core/keys.ts";
import { environmentName, isLoopback, type ListenAddress, parseListenAddress } from "../settings.ts";
import { type CommandIo, dataFormats, exitCodes } from "./command-io.ts";
import { printData } from "./print-data.ts";

interface BootstrapOptions {
  readonly gateway: { readonly namespace: string; readonly name: string };
  readonly xdsAddress: ListenAddress;
  readonly xdsCert?: string;
  readonly xdsKey?: string;
  readonly xdsCa?: string;
  readonly xdsServerName?: string;
  readonly credentials?: string;
  readonly kubeconfig?: string;
  readonly nodeId?: string;
  readonly adminAddress: ListenAddress;
  readonly maxHeapMib?: number;
  readonly maxConnections?: number;
  readonly output: (typeof dataFormats)[number];
}

/** Adds `gatehouse bootstrap`, which prints the file that an Envoy of a Gateway is started with. */
export function addBootstrap(program: Command, io: CommandIo): void {
  program
    .command("bootstrap")
    .description("print the bootstrap configuration of an Envoy for a Gateway")
    .requiredOption("--gateway <namespace/name>", "the Gateway whose listeners it opens", parseGateway)
    .addOption(addressOption("--xds-address <host:port>", "where the control plane serves xDS", "127.0.0.1:18000"))
    .option("--xds-cert <file>", "certificate that Envoy shows to the control plane, PEM")
    .option("--xds-key <file>", "its private key, PEM")
    .option("--xds-ca <file>", "authority that signs the control plane's certificate, PEM")
    .option("--xds-server-name <name>", "DNS name in the control plane's certificate; by default its host")
    .option(
      "--credentials <dir>",
      "fetch the certificate of the Gateway's proxies from the cluster into this folder, for proxies that you run yourself",
    )
    .addOption(
      new Option("--kubeconfig <file>", controllerSettings.kubeconfig.description).env(
        environmentName(controllerSettings.kubeconfig.flag),
      ),
    )
    .option("--node-id <id>", "tells this proxy from others of the Gateway; by default the Gateway's name")
    .addOption(addressOption("--admin-address <host:port>", "where Envoy serves its admin page", "127.0.0.1:9901"))
    .option("--max-heap-mib <n>", "the heap at which it takes no more; 4096 unless told", parseCount)
    .option(
      "--max-connections <n>",
      "clients' connections that it takes; 50000, or fewer with a small heap",
      parseCount,
    )
    .addOption(new Option("-o, --output <format>", "format").choices([...dataFormats]).default("yaml"))
    .action(async (options: BootstrapOptions) => {
      const { proxyBootstrap, saveFleetCredentials, settingsWithin } = await import("../app.ts");
      const { credentials: directory, kubeconfig } = options;
      const problem =
        directory === undefined
          ? undefined
          : await saveFleetCredentials({ gateway: options.gateway, directory, ...(kubeconfig && { kubeconfig }) });
      if (problem !== undefined) {
        io.stderr.write(`error: ${problem}\n`);
        io.exitWith(exitCodes.failure);
        return;
      }
      const tls = readTls(options);
      if (tls === undefined && !isLoopback(options.xdsAddress.host)) {
        io.stderr.write("error: plaintext xDS is served on loopback only: give --xds-cert, --xds-key and --xds-ca\n");
        io.exitWith(exitCodes.usage);
        return;
      }
      const settings = settingsWithin(limitsOf(options));
      const bootstrap = proxyBootstrap({ ...bootstrapOf(options), settings, ...(tls && { tls }) });
      io.stdout.write(printData(bootstrap, options.output));
    });
}

function bootstrapOf({ gateway, xdsAddress, nodeId, adminAddress }: BootstrapOptions) {
  const key = namespacedName(gateway.namespace, gateway.name);
  return {
    gateway: key,
    nodeId: nodeId ?? key,
    xds: { address: xdsAddress.host, port: xdsAddress.port },
    adminAddress: adminAddress.host,
    adminPort: adminAddress.port,
  };
}

function readTls({ xdsAddress, xdsCert, xdsKey, xdsCa, xdsServerName, credentials }: BootstrapOptions) {
  if (credentials !== undefined) {
    const file = (name: string) => join(resolve(credentials), name);
    const files = { certificateFile: file("tls.crt"), keyFile: file("tls.key"), authorityFile: file("ca.crt") };
    return { ...files, secretsFolder: resolve(credentials), serverName: xdsServerName ?? xdsAddress.host };
  }
  if (xdsCert === undefined || xdsKey === undefined || xdsCa === undefined) return undefined;
  return {
    certificateFile: xdsCert,
    keyFile: xdsKey,
    authorityFile: xdsCa,
    serverName: xdsServerName ?? xdsAddress.host,
  };
}

/** What GatewayParameters say of `limits.proxy` to the proxies that Gatehouse runs. */
function limitsOf({ maxHeapMib: maxHeapMiB, maxConnections }: BootstrapOptions) {
  const proxy = {
    ...(maxHeapMiB !== undefined && { maxHeapMiB }),
    ...(maxConnections !== undefined && { maxConnections }),
  };
  return { proxy };
}

function parseCount(text: string): number {
  if (!/^[1-9][0-9]{0,7}$/.test(text)) throw new InvalidArgumentError("Write a number above 0.");
  return Number(text);
}

function parseGateway(text: string): BootstrapOptions["gateway"] {
  const match = /^(?<namespace>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)\/(?<name>[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?)$/.exec(text);
  const { namespace, name } = match?.groups ?? {};
  if (namespace === undefined || name === undefined) throw new InvalidArgumentError("Write NAMESPACE/NAME.");
  return { namespace, name };
}

function addressOption(flags: string, description: string, fallback: string): Option {
  return new Option(flags, description).argParser(parseAddress).default(parseAddress(fallback), fallback);
}

/** Envoy finds a control plane by name too. */
function parseAddress(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  const match = /^(?<host>[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?):(?<port>\d{1,5})$/i.exec(text);
  const { host, port } = match?.groups ?? {};
  if (host === undefined || /^[0-9.]+$/.test(host) || Number(port) > 65_535) {
    throw new InvalidArgumentError("Write a host, a colon and a port.");
  }
  return { host, port: Number(port) };
}
