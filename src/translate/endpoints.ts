import { type NamespacedName, namespacedName } from "../core/keys.ts";
import type { Endpoint, EndpointSlice } from "../core/kubernetes.ts";
import { isOfAnotherHost } from "./ip-address.ts";
import type { EndpointAddress } from "./nodes.ts";
import type { Placement } from "./placement.ts";

/** The Service that an EndpointSlice belongs to; none for a slice without the label. */
export function serviceOfSlice({ metadata }: EndpointSlice): readonly NamespacedName[] {
  const service = metadata.labels?.["kubernetes.io/service-name"];
  return service === undefined ? [] : [namespacedName(metadata.namespace, service)];
}

/**
 * The addresses behind a Service port: the ready ones; when none is ready, those that go on serving while they end.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
 *
 * In a cluster whoever may write EndpointSlices must not lead requests to a proxy's own admin interface or to a metadata
 * service: addresses of the proxy itself or of its link count as not there.
 */
export function endpointAddresses(
  slices: Iterable<EndpointSlice>,
  portName: string,
  { kind }: Pick<Placement, "kind">,
  isAllowed: (slice: EndpointSlice, address: string) => boolean = () => true,
): readonly EndpointAddress[] {
  const ready = new Map<string, EndpointAddress>();
  const draining = new Map<string, EndpointAddress>();
  for (const slice of slices) {
    const port = slice.addressType === "FQDN" ? undefined : portOf(slice, portName);
    if (port === undefined) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const into = isReady(endpoint) ? ready : isDraining(endpoint) ? draining : undefined;
      for (const address of endpoint.addresses) {
        if (kind === "cluster" && !isOfAnotherHost(address)) continue;
        if (isAllowed(slice, address)) into?.set(`${address} ${port}`, { address, port });
      }
    }
  }
  return [...(ready.size > 0 ? ready : draining).values()];
}

function portOf({ ports }: EndpointSlice, name: string): number | undefined {
  return ports?.find((port) => (port.name ?? "") === name)?.port;
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready !== false;
}

function isDraining({ conditions }: Endpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true;
}
