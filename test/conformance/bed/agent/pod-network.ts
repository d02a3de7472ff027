import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { hardwareAddress } from "./addresses.ts";
import { toolPath } from "./container-process.ts";
import { quote } from "./launch-script.ts";

const run = promisify(execFile);

export interface PodNetworkInput {
  /** Unique on the node, and short enough for the name of a link. */
  readonly name: string;
  readonly address: string;
  readonly bridge: string;
  readonly gateway: string;
  /** Named pipes to make along with it: one shell does all of a pod's preparation. */
  readonly pipes: readonly string[];
}

/** File that stands for a pod's network namespace. */
export function networkFile(name: string): string {
  return `/run/netns/${name}`;
}

/** Makes the network of a pod: a namespace with one link to the bridge, and strict rules for low ports. */
export async function createPodNetwork(input: PodNetworkInput): Promise<void> {
  const { name, address, bridge, gateway, pipes } = input;
  const inside = [
    "ip -batch - <<END",
    "link set lo up",
    "link set eth0 up",
    `addr add ${address}/32 dev eth0`,
    `route add ${gateway} dev eth0 scope link`,
    `route add default via ${gateway} dev eth0 src ${address}`,
    "END",
    "echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start",
  ].join("\n");
  const script = [
    "set -e",
    "ip -batch - <<END",
    `netns add ${name}`,
    `link add ${name} type veth peer name eth0 address ${hardwareAddress(address)} netns ${name}`,
    `link set ${name} master ${bridge} up`,
    "END",
    `nsenter --net=${networkFile(name)} sh -ec ${quote(inside)}`,
    makePipes(pipes),
  ].join("\n");
  await shell(script);
}

/** Makes the pipes of a pod that shares the node's network. */
export async function createPipes(pipes: readonly string[]): Promise<void> {
  await shell(makePipes(pipes));
}

/** Takes the network of a pod away; its link goes with it. */
export async function removePodNetwork(name: string): Promise<void> {
  // The link is deleted by itself, but later: its address may be needed at once.
  await shell(`ip link delete ${name} 2>/dev/null; ip netns delete ${name} 2>/dev/null; true`);
}

function makePipes(pipes: readonly string[]): string {
  // Programs open /dev/stdout again, whoever they run as.
  return `mkfifo -m 666 ${pipes.map(quote).join(" ")}`;
}

async function shell(script: string): Promise<void> {
  await run("sh", ["-c", script], { env: { PATH: toolPath } });
}
