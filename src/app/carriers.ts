/** Which Envoy resources carry what an object comes to, as the translation stands. */
import type { ConvergingKind } from "../core/convergence.ts";
import { gatewayResourceKey, type NamespacedName, type ObjectKey, parseObjectKey } from "../core/keys.ts";
import type { ResourceType } from "../core/xds-resource.ts";
import { listenerName } from "../translate/envoy/names.ts";
import type { ParentListener, RouteParent } from "../translate/nodes.ts";
import type { RoutingView } from "../translate/pipeline.ts";
import { protocolSupport } from "../translate/protocol-support.ts";
import { virtualHostKey } from "../translate/virtual-host-key.ts";
import type { ResourceTable } from "../xds/resource-table.ts";
import { placeOfHost } from "./host-place.ts";

/** One resource of the proxies of a Gateway. */
export interface Carrier {
  readonly gateway: NamespacedName;
  readonly type: ResourceType;
  readonly name: string;
}

/** The types of resources that carry objects; clusters and the rest are there before what names them. */
export const carrierTypes: ReadonlySet<ResourceType> = new Set(["listener", "scope", "route"]);

export interface CarrierSources {
  readonly view: RoutingView;
  readonly table: Pick<ResourceTable, "entry">;
}

/** The resources that carry an object; none where it is not served. */
export function carriersOf(sources: CarrierSources, object: ObjectKey): readonly Carrier[] {
  const { view } = sources;
  // Only objects of these kinds are asked about.
  if ((parseObjectKey(object).kind as ConvergingKind) === "HTTPRoute") {
    const attachments = (view.routes.get(object)?.parents ?? []).flatMap((parent) => parent.attachments);
    const hosts = attachments
      .filter(({ served }) => served)
      .flatMap((attachment) => attachment.hosts.map(({ hostname }) => virtualHostKey(attachment, hostname)));
    return hostCarriers(sources, hosts);
  }
  const parent = view.parents.get(object);
  return parent === undefined ? [] : listenerCarriers(sources, parent);
}

/** The resources in which hostnames are answered, by virtualHostKey; each once. */
export function hostCarriers({ table }: CarrierSources, hosts: Iterable<string>): readonly Carrier[] {
  const found = new Map<string, Carrier>();
  for (const host of new Set(hosts)) {
    const { gateway, name, scope } = placeOfHost(table, host);
    add(found, { gateway, type: "route", name });
    if (scope !== undefined) add(found, { gateway, type: "scope", name: scope });
  }
  return [...found.values()];
}

/** What the listeners of a Gateway or a ListenerSet come to, apart from routes: the same text, the same resources. */
export function printListeners({ gateway, listeners }: RouteParent): string {
  const told = ({ name, port, protocol, hostname, served, standing }: ParentListener) =>
    [name, port, protocol, hostname, served, standing].join(" ");
  return [gateway, ...listeners.map(told)].join("\n");
}

/** Names a resource among those of all Gateways and types. */
export function carrierKey({ gateway, type, name }: Carrier): string {
  return gatewayResourceKey(gateway, `${type}:${name}`);
}

function listenerCarriers(sources: CarrierSources, { gateway, listeners }: RouteParent): readonly Carrier[] {
  const served = listeners.filter((listener) => listener.served);
  const ports = new Set(served.map(({ protocol, port }) => listenerName(schemeOf(protocol), port)));
  const hosts = served.map(({ table, hostname }) => virtualHostKey({ gateway, table }, hostname));
  return [
    ...Array.from(ports, (name): Carrier => ({ gateway, type: "listener", name })),
    ...hostCarriers(sources, hosts),
  ];
}

function schemeOf(protocol: string): "http" | "https" {
  return protocolSupport(protocol)?.terminatesTls === true ? "https" : "http";
}

function add(found: Map<string, Carrier>, carrier: Carrier): void {
  found.set(carrierKey(carrier), carrier);
}
