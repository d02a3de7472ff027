/**
 * Which port a proxy binds for a port of its Gateway. Proxies run unprivileged, so a port below 1024 is moved up by
 * 10000, or to the next port that the Gateway does not use. `allPorts` are all ports of the Gateway: they decide alone.
 */
export function bindPort(port: number, allPorts: readonly number[]): number {
  if (port >= firstUnprivileged) return port;
  const taken = new Set(allPorts);
  for (const privileged of privilegedUpTo(port, allPorts)) {
    let candidate = privileged + offset;
    while (taken.has(candidate)) candidate++;
    if (privileged === port) return candidate;
    taken.add(candidate);
  }
  return port + offset;
}

const firstUnprivileged = 1024;
const offset = 10_000;

/** Ascending, so that each gets the same port whichever of them is asked for. */
function privilegedUpTo(port: number, allPorts: readonly number[]): readonly number[] {
  return [...new Set([...allPorts, port])].filter((other) => other <= port).sort((a, b) => a - b);
}
