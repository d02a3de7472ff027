import { isIP } from "node:net";
import type { HostCheck } from "./read-only-server.ts";

/**
 * Accepts only names that an attacker cannot point at us by DNS: a page whose own hostname is rebound to 127.0.0.1 sends
 * that hostname in the Host header, and is refused. The port has to be the one that is listened on.
 */
export function loopbackHostCheck(port: () => number | undefined): HostCheck {
  return (header) => {
    const host = parseHost(header);
    return host !== undefined && isLoopbackName(host.name) && (host.port ?? 80) === port();
  };
}

/**
 * Accepts localhost and IP addresses on any port, because a published or forwarded port is not the one that is listened
 * on. Names stay refused: they are what rebinding needs.
 */
export const addressHostCheck: HostCheck = (header) => {
  const host = parseHost(header);
  return host !== undefined && (host.name === "localhost" || isIP(host.name) !== 0);
};

/** Accepts every request: for pages that tell nothing worth stealing. */
export const anyHostCheck: HostCheck = () => true;

function isLoopbackName(name: string): boolean {
  return name === "localhost" || name === "::1" || (isIP(name) === 4 && name.startsWith("127."));
}

function parseHost(header: string | undefined): { readonly name: string; readonly port?: number } | undefined {
  const match = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[^:[\]@/\s]+))(?::(?<port>\d{1,5}))?$/i.exec(header ?? "");
  const v6 = match?.groups?.["v6"];
  const name = v6 !== undefined && isIP(v6) === 6 ? v6 : match?.groups?.["name"];
  if (name === undefined) return undefined;
  const port = match?.groups?.["port"];
  return { name: name.toLowerCase(), ...(port === undefined ? {} : { port: Number(port) }) };
}
