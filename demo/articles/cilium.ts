import type { Article, DemoRequest, ExpectedCondition, Step } from "../step.ts";

const gateway = "infra-ns/shared-gateway";

/** Three business units behind one Gateway; the label lets two of them in. */
export const cilium: Article = {
  folder: "cilium",
  title: "Cilium: cross-namespace routing at ACME",
  later: [],
  certificates: [],
  backends: [
    { name: "careers/careers", address: "127.0.0.111", port: 9080 },
    { name: "product/product", address: "127.0.0.112", port: 9080 },
    { name: "hr/hr", address: "127.0.0.113", port: 9080 },
  ],
  gateways: [gateway],
  steps: [
    servedStep("product", "The namespace product has the label shared-gateway-access: its path prefix is served"),
    servedStep("careers", "So has careers, on the same Gateway and without a hostname"),
    {
      say: "hr has no label: its route exists and is ignored, and its status says why",
      request: ask("hr"),
      expect: {
        answer: { status: 404 },
        conditions: [{ ...accepted("hr"), status: "False", reason: "NotAllowedByListeners" }],
      },
    },
  ],
};

function servedStep(team: string, say: string): Step {
  return {
    say,
    request: ask(team),
    expect: {
      answer: { status: 200, backend: `${team}/${team}`, served: { route: `${team}/${team}`, rule: 0 } },
      conditions: [accepted(team)],
    },
  };
}

function ask(team: string): DemoRequest {
  return { gateway, scheme: "http", host: "acme.example.com", port: 80, path: `/${team}` };
}

function accepted(team: string): ExpectedCondition {
  return {
    object: `HTTPRoute ${team}/${team}`,
    parent: gateway,
    type: "Accepted",
    status: "True",
    reason: "Accepted",
  };
}
