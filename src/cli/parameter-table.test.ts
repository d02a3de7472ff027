import { expect, it } from "vitest";
import { parameterTable } from "./parameter-table.ts";

it("tells each parameter with its value and where it comes from", () => {
  const parameters = {
    replicas: 3,
    service: { type: "NodePort", annotations: {} },
    tolerations: [],
    origins: [
      { field: "replicas", from: "gateway" },
      { field: "service.type", from: "class" },
      { field: "tolerations", from: "default" },
      { field: "image", from: "default" },
    ],
  };
  expect(
    parameterTable({ gateway: "infra/shared", spec: { frozen: false, parameters }, state: { readyReplicas: 2 } }),
  ).toBe(
    `Proxies: 2 ready
  PARAMETER     VALUE     FROM
  replicas      3         gateway
  service.type  NodePort  class
  tolerations   []        default
  image         -         default
`,
  );
});

it("finds entries of maps, whatever is in their names, and what a fleet calls otherwise", () => {
  const parameters = {
    managed: false,
    resources: { requests: { cpu: "100m" } },
    service: { annotations: { "example.com/pool.a": "x" } },
    podLabels: { "example.com/team": "shop" },
    origins: [
      { field: "labels[example.com/team]", from: "gateway" },
      { field: "proxies", from: "class" },
      { field: "resources.requests[cpu]", from: "default" },
      { field: "resources.requests[toString]", from: "default" },
      { field: "service.annotations[example.com/pool.a]", from: "class" },
    ],
  };
  const rows = parameterTable({ gateway: "infra/shared", spec: { frozen: false, parameters } }).split("\n");
  expect(rows.slice(2, -1).map((row) => row.trim().split(/ +/))).toEqual([
    ["labels[example.com/team]", "shop", "gateway"],
    ["proxies", "Unmanaged", "class"],
    ["resources.requests[cpu]", "100m", "default"],
    ["resources.requests[toString]", "-", "default"],
    ["service.annotations[example.com/pool.a]", "x", "class"],
  ]);
});

it("says when proxies are left as they were", () => {
  const spec = { frozen: true, parameters: { origins: [] } };
  expect(parameterTable({ gateway: "infra/shared", spec })).toContain("unknown ready; left as they were");
});
