import { describe, expect, it } from "vitest";
import { fleetSpec } from "../../../test/provision/fleet-specs.ts";
import type { RawObject } from "../../core/kube-client.ts";
import type { FleetObjectKind } from "../render/fleet-object.ts";
import { type FleetFacts, fleetState } from "./fleet-state.ts";

const metadata = { namespace: "shop", name: "gatehouse-web" };

function facts({
  service,
  deployment,
  ...rest
}: Partial<FleetFacts> & { readonly service?: object; readonly deployment?: object }): FleetFacts {
  const observed = new Map<FleetObjectKind, RawObject>();
  if (service !== undefined) observed.set("Service", { metadata, ...service });
  if (deployment !== undefined) observed.set("Deployment", { metadata, ...deployment });
  return { observed, nodeAddresses: ["10.0.0.1", "10.0.0.2"], addressService: undefined, refusal: undefined, ...rest };
}

const ingress = (...list: readonly object[]) => ({
  spec: { type: "LoadBalancer" },
  status: { loadBalancer: { ingress: list } },
});

describe("the addresses of a fleet", () => {
  it.each([
    {
      name: "are those that the load balancer gave, sorted",
      service: ingress(
        { ip: "10.2.0.2" },
        { hostname: "a.example.com", ip: "" },
        { ip: "10.2.0.1" },
        { ip: "10.2.0.1" },
      ),
      want: ["a.example.com", "10.2.0.1", "10.2.0.2"],
    },
    {
      name: "are those of the nodes for a NodePort",
      service: { spec: { type: "NodePort" } },
      want: ["10.0.0.1", "10.0.0.2"],
    },
    {
      name: "are the cluster's own for a ClusterIP",
      service: { spec: { type: "ClusterIP", clusterIPs: ["10.96.0.9", "fd00::9"] } },
      want: ["10.96.0.9", "fd00::9"],
    },
    {
      name: "are none for a headless Service",
      service: { spec: { type: "ClusterIP", clusterIPs: ["None"] } },
      want: [],
    },
    {
      name: "are none where the object makes no sense",
      service: { spec: [], status: { loadBalancer: { ingress: {} } } },
      want: [],
    },
  ])("$name", ({ service, want }) => {
    expect(fleetState(fleetSpec(), facts({ service })).addresses.map(({ value }) => value)).toEqual(want);
  });

  it("are as many as a status can hold", () => {
    const nodeAddresses = Array.from({ length: 40 }, (_, index) => `10.0.1.${index}`);
    expect(
      fleetState(fleetSpec(), facts({ service: { spec: { type: "NodePort" } }, nodeAddresses })).addresses,
    ).toHaveLength(16);
  });

  it.each([
    {
      name: "what to set without a load balancer",
      service: ingress(),
      want: /set service.type to NodePort or ClusterIP in GatewayParameters/,
    },
    { name: "that there is no Service yet", service: undefined, want: /not there yet/ },
  ])("that are missing tell $name", ({ service, want }) => {
    const { addressProblem } = fleetState(fleetSpec(), facts(service === undefined ? {} : { service }));
    expect(addressProblem).toMatchObject({ reason: "AddressNotAssigned", message: expect.stringMatching(want) });
  });

  it("that are missing for want of a listener say so", () => {
    expect(fleetState(fleetSpec({ ports: [] }), facts({})).addressProblem?.message).toContain(
      "no listener can be served",
    );
  });

  it.each([
    { name: "given to another", service: ingress({ ip: "10.2.0.1" }), want: /^Address 10.2.0.7: not given/ },
    { name: "not given at all", service: ingress(), want: /^Address 10.2.0.7: not given/ },
    {
      name: "asked of a Service that cannot have one",
      service: { spec: { type: "ClusterIP", clusterIPs: ["10.96.0.9"] } },
      want: /only load balancers/,
    },
  ])("are not usable when one that is asked for is $name", ({ service, want }) => {
    const { addressProblem } = fleetState(fleetSpec({ requestedAddresses: ["10.2.0.7"] }), facts({ service }));
    expect(addressProblem).toMatchObject({ reason: "AddressNotUsable", message: expect.stringMatching(want) });
  });
});

describe("the proxies of a fleet", () => {
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status,
    reason,
    message: "their words",
  });

  it("are counted when they are ready", () => {
    expect(fleetState(fleetSpec(), facts({ deployment: { status: { readyReplicas: 2 } } })).readyReplicas).toBe(2);
    expect(fleetState(fleetSpec(), facts({})).readyReplicas).toBe(0);
  });

  it.each([
    { name: "refused", conditions: [condition("ReplicaFailure", "True", "FailedCreate")], want: /their words/ },
    { name: "late", conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded")], want: /0 of 2/ },
  ])("are a problem when they are $name", ({ conditions, want }) => {
    const deployment = { spec: { replicas: 2 }, status: { conditions } };
    expect(fleetState(fleetSpec(), facts({ deployment })).applyProblem).toMatch(want);
  });

  it.each([
    { name: "on their way", conditions: [condition("Progressing", "True", "ReplicaSetUpdated")] },
    { name: "no longer refused", conditions: [condition("ReplicaFailure", "False", "")] },
  ])("are no problem when they are $name", ({ conditions }) => {
    const deployment = { spec: { replicas: 2 }, status: { conditions } };
    expect(fleetState(fleetSpec(), facts({ deployment }))).not.toHaveProperty("applyProblem");
  });
});
