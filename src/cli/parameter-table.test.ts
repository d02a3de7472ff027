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

it("says when proxies are left as they were", () => {
  const spec = { frozen: true, parameters: { origins: [] } };
  expect(parameterTable({ gateway: "infra/shared", spec })).toContain("unknown ready; left as they were");
});
