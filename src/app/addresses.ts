import { rename, writeFile } from "node:fs/promises";
import type { Logger } from "../logger.ts";
import { formatListenAddress, type ListenAddress } from "../settings.ts";
import type { AdsServer } from "../xds/server.ts";
import type { Addresses } from "./running-app.ts";

/** Opens the port of the ADS server. Fails in words when it cannot be had. */
export async function listenForProxies(adsServer: AdsServer, { host, port }: ListenAddress): Promise<ListenAddress> {
  const result = await adsServer.start();
  if (result.kind === "listening") return { host, port: result.port };
  throw new Error(`cannot serve xDS on ${formatListenAddress({ host, port })}: ${result.message}`);
}

/** The ports may have been chosen by the system, so whoever starts us has to be told. */
export async function tellAddresses(
  addresses: Addresses,
  portsFile: string | undefined,
  logger: Logger,
): Promise<void> {
  const text = Object.fromEntries(
    Object.entries(addresses).map(([name, address]: [string, ListenAddress]) => [name, formatListenAddress(address)]),
  );
  logger.info(text, "listening");
  if (portsFile === undefined) return;
  // Moved into place, so that nobody reads half of it.
  await writeFile(`${portsFile}.new`, `${JSON.stringify(text)}\n`);
  await rename(`${portsFile}.new`, portsFile);
}
