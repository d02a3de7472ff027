/**
 * The port of a proxy's pod to which a Service sends what comes for a listener's port. Pods are not privileged, so ports
 * below 1024 move up by 10000; who stands there, or where the proxy's own ports are, moves to the end of all ports:
 *
 *          1 –  1023 → 10001 – 11023        19000 – 19003 → 64508 – 64511
 *      10000 – 11023 → 64512 – 65535        all others stay
 *
 * So no listener ever moves another one's port, except that a port from 64508 on gives way to who is moved there.
 */
import { proxyPorts } from "../core/fleet.ts";

/** The pod's port for a port of the Gateway, of which `allPorts` are all. */
export function targetPort(port: number, allPorts: readonly number[]): number {
  if (port < firstOfTheMoved) return fixedTarget(port);
  const ports = [...new Set([...allPorts, port])].sort((a, b) => a - b);
  const taken = new Set(ports.filter((other) => other < firstOfTheMoved).map(fixedTarget));
  const last = ports.filter((other) => other >= firstOfTheMoved);
  const displaced = last.filter((other) => taken.has(other));
  if (!displaced.includes(port)) return port;
  for (const other of last) taken.add(other);
  let free = firstOfTheMoved - 1;
  for (const other of displaced) {
    while (taken.has(free) || ownPorts.has(free)) free--;
    if (other === port) return free;
    taken.add(free);
  }
  return port;
}

const firstUnprivileged = 1024;
const moveUp = 10_000;
const firstOfTheMoved = 64_508;
const moveToTheEnd = 54_512;
const ownPorts: ReadonlySet<number> = new Set(Object.values(proxyPorts));

function fixedTarget(port: number): number {
  if (port < firstUnprivileged) return port + moveUp;
  if (port >= moveUp && port < moveUp + firstUnprivileged) return port + moveToTheEnd;
  if (ownPorts.has(port)) return firstOfTheMoved + (port - proxyPorts.admin);
  return port;
}
