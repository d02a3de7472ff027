import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { bedNetwork } from "./layout.ts";

/** Sets up the network of a bed. Runs inside the bed's own network namespace, which holds nothing else. */
export function setUpNetwork(): void {
  const { bridge, nodeAddress, podCidr, routedToBridge } = bedNetwork;
  const [, prefixLength] = podCidr.split("/");
  ip("link", "set", "lo", "up");
  ip("link", "add", bridge, "type", "bridge");
  ip("addr", "add", `${nodeAddress}/${prefixLength}`, "dev", bridge);
  ip("link", "set", bridge, "up");
  // Without a route, connect() fails before kube-proxy's rules are asked.
  for (const cidr of routedToBridge) ip("route", "add", cidr, "dev", bridge);
  for (const [name, value] of Object.entries(kernelSettings)) writeFileSync(`/proc/sys/net/${name}`, value);
  // Traffic between pods is routed, so it passes the node's rules once; where the bridge shows it to them once more, its
  // addresses are changed twice and every second connection to a Service loses its first packets.
  if (existsSync(bridgeFilter)) writeFileSync(bridgeFilter, "0");
}

const kernelSettings = {
  "ipv4/ip_forward": "1",
  "ipv4/conf/all/rp_filter": "0",
  "ipv4/conf/default/rp_filter": "0",
  // Pods must not be told a shorter way to one another: it would go around the node's NAT.
  "ipv4/conf/all/send_redirects": "0",
  "ipv4/conf/default/send_redirects": "0",
  [`ipv4/conf/${bedNetwork.bridge}/send_redirects`]: "0",
  "ipv4/ip_local_port_range": "1024 65000",
};

/** There where the machine has the module br_netfilter. */
const bridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables";

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}
