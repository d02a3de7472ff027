import type { GatewayAddress } from "../../core/gateway-api.ts";
import { covers, normalizeHostname } from "../../core/hostname.ts";

/** What is looked at of a Gateway and of the ListenerSets attached to it. */
export interface TryCandidate {
  /** namespace/name */
  readonly gateway: string;
  readonly addresses: readonly GatewayAddress[];
  readonly programmed: boolean;
  readonly listeners: readonly { readonly port: number; readonly protocol: string; readonly hostname?: string }[];
}

/** Where a request is to be sent. */
export interface TryTarget {
  readonly gateway: string;
  /** IP address or DNS name. */
  readonly address: string;
  readonly port: number;
}

export type TryChoice =
  | { readonly kind: "chosen"; readonly target: TryTarget }
  /** It may come right by itself: a Gateway that was just made has no address yet, or proxies that know nothing yet. */
  | { readonly kind: "waiting"; readonly message: string; readonly target?: TryTarget }
  | { readonly kind: "none"; readonly message: string };

/** Chooses the Gateway that a URL is meant for: the one that has its host as an address, or a listener for its hostname. */
export function chooseGateway(candidates: readonly TryCandidate[], url: URL, wanted?: string): TryChoice {
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const open = candidates.filter(({ gateway }) => wanted === undefined || gateway === wanted);
  if (open.length === 0) {
    const message = wanted === undefined ? "there is no Gateway of ours" : `there is no Gateway ${wanted} of ours`;
    return { kind: "none", message };
  }
  const fitting = wanted === undefined ? open.filter((candidate) => fits(candidate, url, port)) : open;
  const [first, ...more] = fitting;
  if (first === undefined)
    return { kind: "none", message: `no Gateway has a listener for ${url.host} on port ${port}` };
  if (more.length > 0) {
    const names = fitting.map(({ gateway }) => gateway).join(", ");
    return { kind: "none", message: `${url.host} may mean any of ${names}: say which with --gateway` };
  }
  const address = first.addresses.find(({ value }) => value !== undefined)?.value;
  if (address === undefined) return { kind: "waiting", message: `the Gateway ${first.gateway} has no address yet` };
  const target = { gateway: first.gateway, address, port };
  if (!first.programmed) return { kind: "waiting", message: `the Gateway ${first.gateway} is not programmed`, target };
  return { kind: "chosen", target };
}

function fits({ addresses, listeners }: TryCandidate, url: URL, port: number): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (addresses.some(({ value }) => value === host)) return true;
  const protocol = url.protocol === "https:" ? "HTTPS" : "HTTP";
  return listeners.some(
    (listener) =>
      listener.port === port &&
      listener.protocol === protocol &&
      covers(normalizeHostname(listener.hostname), normalizeHostname(host)),
  );
}
