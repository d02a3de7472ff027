import { isIP } from "node:net";
import type { FleetSpec, FleetState } from "../../core/fleet.ts";
import type { GatewayAddress } from "../../core/gateway-api.ts";
import type { RawObject } from "../../core/kube-client.ts";
import { deploymentProblem, readyReplicas } from "./deployment-state.ts";
import type { ObservedFleet } from "./observed-fleets.ts";
import { listAt, textAt } from "./raw-fields.ts";

/** What a fleet's state is made from. */
export interface FleetFacts {
  readonly observed: ObservedFleet;
  /** Where NodePort Services answer. */
  readonly nodeAddresses: readonly string[];
  /** The Service that tells the addresses of proxies that the user runs. */
  readonly addressService: RawObject | undefined;
  /** What the API server refused, which only the leader knows. */
  readonly refusal: string | undefined;
}

/** How a fleet is, from what is seen of it. Equal facts give an equal value on every replica. */
export function fleetState(fleet: FleetSpec, facts: FleetFacts): FleetState {
  if (!fleet.parameters.managed) return unmanagedState(fleet, facts);
  const deployment = facts.observed.get("Deployment");
  const applyProblem = facts.refusal ?? deploymentProblem(deployment);
  return {
    ...addressesOf(fleet, facts),
    ...(applyProblem !== undefined && { applyProblem }),
    readyReplicas: readyReplicas(deployment),
  };
}

type Addresses = Pick<FleetState, "addresses" | "addressProblem">;

/** Most addresses that the status of a Gateway can hold. */
const mostAddresses = 16;

/** Nobody but the user knows how the proxies are: none is counted. */
function unmanagedState(fleet: FleetSpec, { addressService, nodeAddresses }: FleetFacts): FleetState {
  const named = fleet.parameters.addressService;
  if (named === undefined) {
    const addresses = sortAddresses(fleet.requestedAddresses.map(toAddress));
    const message =
      "The proxies of this class are run by the user: give the Gateway the addresses at which they are reached";
    return { addresses, ...(addresses.length === 0 && notAssigned(message)), readyReplicas: 0 };
  }
  const where = `${named.namespace}/${named.name}`;
  if (addressService === undefined)
    return { addresses: [], ...notAssigned(`There is no Service ${where}`), readyReplicas: 0 };
  const addresses = serviceAddresses(addressService, nodeAddresses);
  return { addresses, ...(addresses.length === 0 && notAssigned(`Service ${where} has no address`)), readyReplicas: 0 };
}

function addressesOf(fleet: FleetSpec, { observed, nodeAddresses }: FleetFacts): Addresses {
  const service = observed.get("Service");
  if (service === undefined) {
    const reason =
      fleet.ports.length === 0
        ? "no listener can be served, so there is no Service"
        : "the Service of the proxies is not there yet";
    return { addresses: [], ...notAssigned(`The Gateway has no address: ${reason}`) };
  }
  const addresses = serviceAddresses(service, nodeAddresses);
  const given = new Set(addresses.map(({ value }) => value));
  const missing = fleet.requestedAddresses.filter((address) => !given.has(address));
  if (missing.length > 0) return { addresses, ...notUsable(missing, service) };
  return addresses.length === 0 ? { addresses, ...notAssigned(whyNone(service)) } : { addresses };
}

function serviceAddresses(service: RawObject, nodes: readonly string[]): readonly GatewayAddress[] {
  switch (textAt(service, "spec", "type")) {
    case "LoadBalancer":
      return sortAddresses(
        listAt(service, "status", "loadBalancer", "ingress").flatMap((ingress) => {
          const value = textAt(ingress, "ip") ?? textAt(ingress, "hostname");
          return value === undefined ? [] : [toAddress(value)];
        }),
      );
    case "NodePort":
      return sortAddresses(nodes.map(toAddress));
    default: {
      const addresses = listAt(service, "spec", "clusterIPs").filter((value) => typeof value === "string");
      return sortAddresses(addresses.filter((value) => isIP(value) !== 0).map(toAddress));
    }
  }
}

function toAddress(value: string): GatewayAddress {
  return { type: isIP(value) === 0 ? "Hostname" : "IPAddress", value };
}

function sortAddresses(addresses: readonly GatewayAddress[]): readonly GatewayAddress[] {
  const byKey = new Map(addresses.map((address) => [`${address.type} ${address.value}`, address]));
  const sorted = [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.slice(0, mostAddresses).map(([, address]) => address);
}

function whyNone(service: RawObject): string {
  switch (textAt(service, "spec", "type")) {
    case "LoadBalancer":
      return `No load balancer has given the Service ${nameOf(service)} an address. ${withoutLoadBalancer}`;
    case "NodePort":
      return "No node of the cluster tells an address";
    default:
      return `The Service ${nameOf(service)} has no cluster IP`;
  }
}

const withoutLoadBalancer =
  "If the cluster has no load balancer, install one, or set service.type to NodePort or ClusterIP in GatewayParameters";

function notUsable(missing: readonly string[], service: RawObject): Pick<Addresses, "addressProblem"> {
  const names = `${missing.length === 1 ? "Address" : "Addresses"} ${missing.join(", ")}`;
  const type = textAt(service, "spec", "type") ?? "ClusterIP";
  const why =
    type === "LoadBalancer"
      ? "not given by the cluster's load balancer: in use by another Service, or none that it has. " +
        withoutLoadBalancer
      : `none of a Service of type ${type}: only load balancers can be asked for addresses, set service.type to LoadBalancer in GatewayParameters`;
  return { addressProblem: { reason: "AddressNotUsable", message: `${names}: ${why}` } };
}

function notAssigned(message: string): Pick<Addresses, "addressProblem"> {
  return { addressProblem: { reason: "AddressNotAssigned", message } };
}

function nameOf({ metadata: { namespace = "", name } }: RawObject): string {
  return `${namespace}/${name}`;
}
